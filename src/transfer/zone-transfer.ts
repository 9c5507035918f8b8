// A zone as the messages of an AXFR reply (RFC 5936 section 2.2): the SOA record, every other record once, the SOA record again.
// Messages are made one by one as the connection takes them, from the image that was live when the transfer began, so that a
// transfer costs the same few kilobytes for any zone and a reload in its middle does not show.

import type { Continuation } from '../model/client.ts';
import { HEADER_SIZE, RCODE } from '../wire/constants.ts';
import { FLAG } from '../wire/query.ts';
import { TYPE } from '../wire/rrtype.ts';
import { APEX, type ZoneImage } from '../zone/image.ts';
import { RecordPacker } from './record-packer.ts';
import { StaticRecords, soaRecord } from './static-records.ts';

/** Octets after which a message is sent. Compression pointers reach no farther, and latency to the first record matters too. */
const MESSAGE_SIZE = 16_384;
/** For one record that does not fit in less. */
export const STREAM_SIZE = 65_535;
const OPT_SIZE = 11;

/** Of these, the SOA record is sent in the first and the third. */
const STAGE = { FIRST: 0, RECORDS: 1, LAST: 2, DONE: 3 } as const;

export interface TransferOptions {
  readonly image: ZoneImage;
  readonly id: number;
  /** The second word of the query's header. */
  readonly queryFlags: number;
  /** Question section of the query. */
  readonly question: Uint8Array;
  /** What we take over UDP, for the OPT record of the first message; 0 if the query had none. */
  readonly udpPayloadSize: number;
  /** Octets to keep free in each message, and what fills them. */
  readonly reserved: number;
  readonly sign: (out: Uint8Array, offset: number, size: number) => number;
  /** Send the SOA record only: the client has the zone already, or shall come over TCP (RFC 1995 section 2). */
  readonly isSoaOnly: boolean;
  /** Octets that a message may have. */
  readonly limit: number;
}

export class ZoneTransfer implements Continuation {
  readonly #options: TransferOptions;
  readonly #packer = new RecordPacker();
  readonly #records: StaticRecords;
  readonly #soa: { readonly at: number; readonly size: number };
  #stage: number = STAGE.FIRST;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.#records = new StaticRecords(options.image);
    this.#soa = soaRecord(options.image);
  }

  /** Writes the next message at `out[offset..]` and returns its size in octets; 0 if there are no more. */
  next(out: Uint8Array, offset: number): number {
    if (this.#stage === STAGE.DONE) return 0;
    const { question, udpPayloadSize, reserved, limit, sign } = this.#options;
    const isFirst = this.#stage === STAGE.FIRST;
    const hasOpt = isFirst && udpPayloadSize > 0;
    const questionSize = isFirst ? question.length : 0;
    out.set(question.subarray(0, questionSize), offset + HEADER_SIZE);
    this.#packer.begin(out, offset, HEADER_SIZE + questionSize);

    const overhead = reserved + (hasOpt ? OPT_SIZE : 0);
    let records = 0;
    while (this.#stage !== STAGE.DONE && this.#add((records === 0 ? limit : Math.min(limit, MESSAGE_SIZE)) - overhead)) {
      records++;
      this.#advance();
    }
    let { size } = this.#packer;
    if (hasOpt) {
      writeOpt(out, offset + size, udpPayloadSize);
      size += OPT_SIZE;
    }
    this.#header(out, offset, records, questionSize > 0, hasOpt);
    return sign(out, offset, size);
  }

  #add(limit: number): boolean {
    const { image } = this.#options;
    if (this.#stage !== STAGE.RECORDS) {
      return this.#packer.add(image.octets, image.nameOffset(APEX), this.#soa.at, this.#soa.size, limit);
    }
    const { ownerAt, recordAt, recordSize } = this.#records;
    return this.#packer.add(image.octets, ownerAt, recordAt, recordSize, limit);
  }

  #advance(): void {
    if (this.#stage === STAGE.LAST || this.#options.isSoaOnly) this.#stage = STAGE.DONE;
    else this.#stage = this.#records.next() ? STAGE.RECORDS : STAGE.LAST;
  }

  /**
   * A message without a record is one whose first record is too large: over UDP the client is sent to TCP, over TCP the
   * transfer ends with an error (RFC 5936 section 2.2), for such a record cannot be sent at all.
   */
  #header(out: Uint8Array, offset: number, records: number, hasQuestion: boolean, hasOpt: boolean): void {
    const { id, queryFlags, limit } = this.#options;
    let flags = FLAG.QR | FLAG.AA | (queryFlags & FLAG.RD);
    if (records === 0) {
      flags |= limit < STREAM_SIZE ? FLAG.TC : RCODE.SERVFAIL;
      this.#stage = STAGE.DONE;
    }
    const words = [id, flags, hasQuestion ? 1 : 0, records, 0, hasOpt ? 1 : 0];
    for (const [i, word] of words.entries()) {
      out[offset + 2 * i] = word >>> 8;
      out[offset + 2 * i + 1] = word;
    }
  }
}

function writeOpt(out: Uint8Array, at: number, udpPayloadSize: number): void {
  out.fill(0, at, at + OPT_SIZE);
  out[at + 2] = TYPE.OPT;
  out[at + 3] = udpPayloadSize >>> 8;
  out[at + 4] = udpPayloadSize;
}
