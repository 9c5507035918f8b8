// A ring in shared memory through which one worker hands copies of queries and their replies to the control thread. One writes,
// one reads, neither waits: when the reader is behind, the copy is lost and counted.
//
//   header   WRITTEN, READ: copies so far, which wrap at 2^32; LOST, HELD: copies for which there was no room, and answers beyond the rate
//   copies   head (AT), the first QUERY_ROOM octets of the query, the first octets of the reply
//
// A copy is whole when WRITTEN counts it, and is not written again before READ counts it: both are set with Atomics, so what was
// written before is seen by whoever has seen the count.

import type { Client } from '../model/client.ts';

const HEADER_WORDS = 16;
const HEADER = { WRITTEN: 0, READ: 1, LOST: 2, HELD: 3 } as const;

/** Words of a copy's head; the time takes two, on an even word. */
const AT = { QUERY_SIZE: 0, REPLY_SIZE: 1, CLIENT: 2, PORT: 3, TIME: 4, OCTETS: 6 } as const;
const HEAD_WORDS = 10;
const HEAD_SIZE = 4 * HEAD_WORDS;
/** Bits of the word CLIENT. */
const CLIENT = { IS_IPV6: 1, IS_STREAM: 2, HAS_SUBNET: 4 } as const;

/** Octets of a query that are kept: 255 of a name, and every option that clients send. */
export const QUERY_ROOM = 512;
/** Copies that fit into a ring: what the fastest rate brings until the reader comes again, and more. */
export const RING_COPIES = 256;

/** One copy, as the reader gets it. */
export interface Tapped {
  readonly family: 4 | 6;
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly isStream: boolean;
  /** Whether the client subnet of the query was looked at: there is one, and its sender is believed. */
  readonly hasSubnet: boolean;
  /** Milliseconds of the monotonic clock. */
  readonly atMs: number;
  /** Sizes as they were; the octets below may be fewer. */
  readonly querySize: number;
  readonly replySize: number;
  readonly query: Uint8Array;
  readonly reply: Uint8Array;
}

/** Whole words, and an even number of them, for the time. */
const strideOf = (replyRoom: number): number => Math.ceil((HEAD_SIZE + QUERY_ROOM + replyRoom) / 8) * 8;

/** Octets of shared memory for a ring that keeps `replyRoom` octets of a reply. */
export const tapRingSize = (replyRoom: number): number => 4 * HEADER_WORDS + RING_COPIES * strideOf(replyRoom);

export class TapRing {
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #octets: Uint8Array;
  readonly #stride: number;
  readonly #replyRoom: number;

  /** Over tapRingSize() octets, zero at first. */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#times = new Float64Array(memory);
    this.#octets = new Uint8Array(memory);
    this.#stride = (memory.byteLength - 4 * HEADER_WORDS) / RING_COPIES;
    this.#replyRoom = this.#stride - HEAD_SIZE - QUERY_ROOM;
  }

  /** Copies that found no room, and answers that were due but beyond the rate: since the ring was made. */
  get lost(): number {
    return Atomics.load(this.#words, HEADER.LOST) >>> 0;
  }

  get held(): number {
    return Atomics.load(this.#words, HEADER.HELD) >>> 0;
  }

  /** Counts an answer that is not told because others were. */
  hold(): void {
    this.#words[HEADER.HELD]!++;
  }

  /** For the one writer: copies a query and its reply; allocates nothing. */
  write(
    input: Uint8Array,
    offset: number,
    length: number,
    client: Client,
    output: Uint8Array,
    outputOffset: number,
    size: number,
    hasSubnet: boolean,
  ): void {
    const words = this.#words;
    const octets = this.#octets;
    const written = words[HEADER.WRITTEN]!;
    if (((written - Atomics.load(words, HEADER.READ)) | 0) >= RING_COPIES) {
      words[HEADER.LOST]!++;
      return;
    }
    const at = this.#at(written);
    const word = at / 4;
    words[word + AT.QUERY_SIZE] = length;
    words[word + AT.REPLY_SIZE] = size;
    words[word + AT.CLIENT] =
      (client.family === 6 ? CLIENT.IS_IPV6 : 0) | (client.isStream ? CLIENT.IS_STREAM : 0) | (hasSubnet ? CLIENT.HAS_SUBNET : 0);
    words[word + AT.PORT] = client.port;
    this.#times[(word + AT.TIME) / 2] = client.nowMs;
    for (let i = 0, to = at + 4 * AT.OCTETS; i < 16; i++) octets[to + i] = client.octets[i]!;
    const query = at + HEAD_SIZE;
    for (let i = 0, end = Math.min(length, QUERY_ROOM); i < end; i++) octets[query + i] = input[offset + i]!;
    const reply = query + QUERY_ROOM;
    for (let i = 0, end = Math.min(size, this.#replyRoom); i < end; i++) octets[reply + i] = output[outputOffset + i]!;
    Atomics.store(words, HEADER.WRITTEN, (written + 1) | 0);
  }

  /** For the one reader: the oldest copy; undefined if there is none. */
  read(): Tapped | undefined {
    const words = this.#words;
    const done = words[HEADER.READ]!;
    if (done === Atomics.load(words, HEADER.WRITTEN)) return undefined;
    const at = this.#at(done);
    const word = at / 4;
    const bits = words[word + AT.CLIENT]!;
    const family = (bits & CLIENT.IS_IPV6) === 0 ? 4 : 6;
    const [querySize, replySize] = [words[word + AT.QUERY_SIZE]!, words[word + AT.REPLY_SIZE]!];
    const cut = (from: number, size: number): Uint8Array => this.#octets.slice(at + from, at + from + size);
    const tapped: Tapped = {
      family,
      address: cut(4 * AT.OCTETS, family === 4 ? 4 : 16),
      port: words[word + AT.PORT]!,
      isStream: (bits & CLIENT.IS_STREAM) !== 0,
      hasSubnet: (bits & CLIENT.HAS_SUBNET) !== 0,
      atMs: this.#times[(word + AT.TIME) / 2]!,
      querySize,
      replySize,
      query: cut(HEAD_SIZE, Math.min(querySize, QUERY_ROOM)),
      reply: cut(HEAD_SIZE + QUERY_ROOM, Math.min(replySize, this.#replyRoom)),
    };
    Atomics.store(words, HEADER.READ, (done + 1) | 0);
    return tapped;
  }

  /** Where a copy lies, in octets. The number of copies is a power of two, so that counts may wrap. */
  #at(count: number): number {
    return 4 * HEADER_WORDS + (count & (RING_COPIES - 1)) * this.#stride;
  }
}
