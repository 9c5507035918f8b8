// Maglev hashing: a table of a prime size, which servers fill in turns, each in an order of its own; a key is an index into it.
// The most even of the hashing algorithms, and a choice is one read. When a server leaves, a few more keys move than its own.
// Source: D. Eisenbud et al., "Maglev: a fast and reliable software network load balancer" (NSDI 2016), section 3.4; weights
// as in Envoy: a server takes a turn each time its weights have added up to the largest.

import type { Candidates } from './candidates.ts';
import { type Chooser, NONE } from './chooser.ts';
import { saltedKey } from './key.ts';

/** Further places of the table that are looked at if servers are full. */
const TRIES = 16;
const EMPTY = -1;

export class Maglev implements Chooser {
  readonly #candidates: Candidates;
  /** Positions of candidates. */
  readonly #table: Int32Array;

  /** `tableSize` must be a prime, or orders would not reach all places. */
  constructor(candidates: Candidates, tableSize: number) {
    if (!isPrime(tableSize)) throw new RangeError(`the size of a Maglev table must be a prime, not ${tableSize}`);
    this.#candidates = candidates;
    this.#table = new Int32Array(tableSize);
  }

  update(): void {
    const { size, slots, weights, table: servers } = this.#candidates;
    const { identityA, identityB } = servers.columns;
    const table = this.#table.fill(EMPTY);
    if (size === 0) return;
    const places = table.length;
    /** Next place in the order of each candidate, and the step to the one behind. */
    const next = Float64Array.from(slots, (slot) => (identityA[slot]! >>> 0) % places);
    const skip = Float64Array.from(slots, (slot) => ((identityB[slot]! >>> 0) % (places - 1)) + 1);
    const turns = new Float64Array(size);
    const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
    let filled = 0;
    for (let at = 0; filled < places; at = at + 1 === size ? 0 : at + 1) {
      turns[at]! += weights[at]!;
      if (turns[at]! < largest) continue;
      turns[at]! -= largest;
      let place = next[at]!;
      while (table[place] !== EMPTY) place = (place + skip[at]!) % places;
      table[place] = at;
      next[at] = (place + skip[at]!) % places;
      filled++;
    }
  }

  choose(key: number): number {
    const { size } = this.#candidates;
    if (size === 0) return NONE;
    const table = this.#table;
    for (let salt = 0, hash = key; salt < TRIES; hash = saltedKey(key, ++salt)) {
      const at = table[hash % table.length]!;
      if (this.#candidates.isFree(at)) return this.#candidates.slotAt(at);
    }
    return this.#candidates.slotAt(this.#candidates.nextFree(key % size));
  }
}

export function isPrime(value: number): boolean {
  if (!Number.isInteger(value) || value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}
