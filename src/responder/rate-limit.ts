// Response rate limiting by source network, so that a forged source address earns its owner few octets. The networks around an
// address at several lengths have a budget each, wider ones larger ones, as in Knot DNS (its module rrl, whose lengths and
// multipliers these are): one address that is flooded does not use up its neighbours' budgets, and a flood spread over a
// network does not slip through.
//
// The load of a network rises by 1 with each reply and decays exponentially; its capacity is burst x multiplier, and the time
// constant burst / perSecond, so perSecond x multiplier replies a second hold it at its capacity. A reply that would exceed the
// capacity is limited; it adds to that network's load too, but little: a client somewhat above its rate gets about its rate in
// full, while from a flood of 8 times the rate or more nothing at all is answered in full.

import { finish32 } from '../base/hash.ts';
import type { Client } from '../model/client.ts';
import { LoadTable } from './load-table.ts';

/** What a limited reply adds to the load. */
const LIMITED_PRICE = 1 / 8;
/** Times the capacity that a load can reach at most: from there it is back at the capacity after 0.7 time constants (ln 2). */
const MOST_LOAD = 2;

/** Prefix lengths, longest first, each with the multiplier of its budget. */
const LEVELS_V4: readonly (readonly [number, number])[] = [
  [32, 1],
  [24, 32],
  [20, 256],
  [18, 768],
];
const LEVELS_V6: readonly (readonly [number, number])[] = [
  [128, 1],
  [64, 2],
  [56, 3],
  [48, 4],
  [32, 64],
];
const MOST_LEVELS = 5;

export interface RateLimitOptions {
  /** Replies per second to one address over a long time, and at once. */
  readonly perSecond: number;
  readonly burst: number;
  /** Networks to keep in mind. */
  readonly tableSize: number;
  /** Two random words or more, secret and of this process: senders cannot tell which networks share an entry. */
  readonly key: Uint32Array;
}

export class RateLimit {
  readonly #table: LoadTable;
  readonly #v4: Levels;
  readonly #v6: Levels;
  /** By level, of the present query. */
  readonly #at: Int32Array = new Int32Array(MOST_LEVELS);
  readonly #hash: Int32Array = new Int32Array(MOST_LEVELS);
  readonly #load: Float64Array = new Float64Array(MOST_LEVELS);

  constructor({ perSecond, burst, tableSize, key }: RateLimitOptions) {
    this.#table = new LoadTable(tableSize, (1000 * burst) / perSecond);
    this.#v4 = new Levels(LEVELS_V4, burst, key, 0);
    this.#v6 = new Levels(LEVELS_V6, burst, key, LEVELS_V4.length);
  }

  /** Octets of memory that the loads take; constant. */
  get tableOctets(): number {
    return this.#table.size;
  }

  /** Whether a reply to this client would exceed a budget, now (Client.nowMs). Either way it is accounted for. */
  isOver(client: Client): boolean {
    const table = this.#table;
    const levels = client.family === 4 ? this.#v4 : this.#v6;
    const nowMs = client.nowMs | 0;
    const { count, capacity } = levels;
    for (let i = 0; i < count; i++) {
      const hash = levels.hash(i, client.octets);
      const at = table.find(hash, nowMs);
      const load = table.load[0]!;
      if (load + 1 > capacity[i]!) {
        // Wider networks are not charged: they have spent nothing on it.
        table.load[0] = Math.min(load + LIMITED_PRICE, MOST_LOAD * capacity[i]!);
        table.put(at, hash, nowMs);
        return true;
      }
      this.#at[i] = at;
      this.#hash[i] = hash;
      this.#load[i] = load;
    }
    // Two levels that are new to one line get the same place in it; the wider one then keeps it.
    for (let i = 0; i < count; i++) {
      table.load[0] = this.#load[i]! + 1;
      table.put(this.#at[i]!, this.#hash[i]!, nowMs);
    }
    return false;
  }
}

/** The networks around an address of one family. */
class Levels {
  readonly count: number;
  /** Load that each network may have. */
  readonly capacity: Float64Array;
  /** Two secret words per level. */
  readonly #keys: Uint32Array;
  /** Whole words of the prefix, and the mask of the next one (0 = none of it). */
  readonly #words: Uint8Array;
  readonly #mask: Uint32Array;

  /** `salt` numbers the levels through both families. */
  constructor(levels: readonly (readonly [number, number])[], burst: number, key: Uint32Array, salt: number) {
    this.count = levels.length;
    this.capacity = Float64Array.from(levels, ([, multiplier]) => burst * multiplier);
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
