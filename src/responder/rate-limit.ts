// Rate limiting by source network, so that a forged source address earns its owner nothing. What is limited is what an attacker
// is after: the excess, the octets of replies beyond those of their queries. An address record is an excess of 16 octets, a large
// text record one of a thousand, so honest resolvers may ask often while those who forge queries for large replies may not.
//
// The networks around an address at several lengths have a budget each, wider ones larger ones: one address that is flooded
// does not use up its neighbours' budgets, and a flood spread over a network does not slip through. The lengths are those of
// Knot DNS (its module rrl). Its multipliers, up to 768, are not: the octets that a network may get in all are what decides
// whether a flood gains anything (docs/benchmarks.md), and resolvers that share a network are rarely all busy at once.
//
// The load of a network rises by the excess of each reply and decays exponentially; it may not exceed burst x multiplier. The
// time constant is burst / perSecond, so a network gets burst at once and perSecond over a long time, whatever it asks for.

import { finish32 } from '../base/hash.ts';
import type { Client } from '../model/client.ts';
import { LoadTable, loadTableSize } from './load-table.ts';

/** Prefix lengths, longest first, each with the multiplier of its budget. */
const LEVELS_V4: readonly (readonly [number, number])[] = [
  [32, 1],
  [24, 2],
  [20, 4],
  [18, 5],
];
const LEVELS_V6: readonly (readonly [number, number])[] = [
  [128, 1],
  [64, 2],
  [56, 3],
  [48, 4],
  [32, 5],
];
const MOST_LEVELS = 5;

/** With less room than this, in octets, there is none: few replies would fit, and to find out which costs a look at the zones. */
const LEAST_ROOM = 64;

/** Octets of the memory that the rate limits of all workers share. */
export const rateLimitSize = (tableSize: number): number => loadTableSize(tableSize);

export interface RateLimitOptions {
  /** Octets that replies to one address may exceed their queries by: per second over a long time, and at once. */
  readonly excessPerSecond: number;
  readonly excessBurst: number;
  /** Networks to keep in mind. */
  readonly tableSize: number;
  /** Two random words or more, secret and the same for all workers: senders cannot tell which networks share an entry. */
  readonly key: Uint32Array;
  /** Shared by all workers: rateLimitSize() octets from `offset` on, zero at first. */
  readonly memory: SharedArrayBuffer;
  readonly offset: number;
}

export class RateLimit {
  readonly #table: LoadTable;
  readonly #v4: Levels;
  readonly #v6: Levels;
  /** Hashes of the networks around the client that room() was asked for last, by level. */
  readonly #hash: Int32Array = new Int32Array(MOST_LEVELS);
  /** How many levels those are. */
  #count = 0;

  constructor({ excessPerSecond, excessBurst, tableSize, key, memory, offset }: RateLimitOptions) {
    this.#table = new LoadTable(memory, offset, tableSize, (1000 * excessBurst) / excessPerSecond);
    this.#v4 = new Levels(LEVELS_V4, excessBurst, key, 0);
    this.#v6 = new Levels(LEVELS_V6, excessBurst, key, LEVELS_V4.length);
  }

  /** Octets by which a reply to this client may exceed its query now (Client.nowMs); 0 if it had better not be looked up. */
  room(client: Client): number {
    const table = this.#table;
    const levels = client.family === 4 ? this.#v4 : this.#v6;
    const nowMs = client.nowMs | 0;
    const { count, capacity } = levels;
    let room = capacity[0]!;
    this.#count = count;
    for (let i = 0; i < count; i++) {
      const hash = levels.hash(i, client.octets);
      this.#hash[i] = hash;
      table.read(hash, nowMs);
      room = Math.min(room, Math.floor(capacity[i]! - table.load[0]!));
      if (room < LEAST_ROOM) return 0;
    }
    return room;
  }

  /** Accounts for a reply to the client that room() was asked for last and was not 0: its octets beyond those of its query. */
  charge(excess: number, client: Client): void {
    const nowMs = client.nowMs | 0;
    // Two levels that are new to one full line get the same place in it; the wider one then keeps it.
    for (let i = 0; i < this.#count; i++) this.#table.add(this.#hash[i]!, excess, nowMs);
  }
}

/** The networks around an address of one family. */
class Levels {
  readonly count: number;
  /** Load that each network may have. */
  readonly capacity: Int32Array;
  /** Two secret words per level. */
  readonly #keys: Uint32Array;
  /** Whole words of the prefix, and the mask of the next one (0 = none of it). */
  readonly #words: Uint8Array;
  readonly #mask: Uint32Array;

  /** `salt` numbers the levels through both families. */
  constructor(levels: readonly (readonly [number, number])[], burst: number, key: Uint32Array, salt: number) {
    this.count = levels.length;
    this.capacity = Int32Array.from(levels, ([, multiplier]) => burst * multiplier);
    this.#keys = Uint32Array.from({ length: 2 * levels.length }, (_, i) =>
      finish32(key[i % key.length]! ^ finish32(2 * salt + i + 1)),
    );
    this.#words = Uint8Array.from(levels, ([prefixLen]) => prefixLen >> 5);
    this.#mask = Uint32Array.from(levels, ([prefixLen]) => ~(0xffffffff >>> (prefixLen & 31)));
  }

  /** Keyed hash of the network at `level` around an address. No two IPv4 networks of one length have the same. */
  hash(level: number, octets: Uint8Array): number {
    const words = this.#words[level]!;
    const mask = this.#mask[level]!;
    let hash = this.#keys[2 * level]!;
    for (let i = 0; i < words; i++) hash = finish32(hash ^ wordAt(octets, 4 * i));
    if (mask !== 0) hash = finish32(hash ^ (wordAt(octets, 4 * words) & mask));
    return hash ^ this.#keys[2 * level + 1]!;
  }
}

const wordAt = (octets: Uint8Array, at: number): number =>
  (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
