// A ring of points: each server has a number of them in proportion to its weight, spread by its hash, and owns the stretch before
// each. The points of a server depend on nothing but its id and its weight, so who comes or goes moves only its own keys.
// Source: D. Karger et al., "Consistent hashing and random trees" (1997); 160 points a server as in ketama.

import { finish32, mix32 } from '../base/hash.ts';
import type { Candidates } from './candidates.ts';

/** 2^21 positions and 2^32 points fit into the 53 bits of a double. */
const MOST_CANDIDATES = 2 ** 21;

export class Ring {
  /** Where points are, ascending, and the position of the candidate that owns each. */
  points: Uint32Array = new Uint32Array(0);
  owners: Int32Array = new Int32Array(0);

  /** `virtualNodes` are the points of a candidate of mean weight. */
  build(candidates: Candidates, virtualNodes: number): void {
    const { size, slots, weights, meanWeight, table } = candidates;
    const { identityA, identityB } = table.columns;
    const counts = Array.from(weights, (weight) => Math.max(1, Math.round((virtualNodes * weight) / meanWeight)));
    const packed = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
    let next = 0;
    for (let at = 0; at < size; at++) {
      const identity = mix32(identityA[slots[at]!]!, identityB[slots[at]!]!);
      for (let i = 0; i < counts[at]!; i++) packed[next++] = finish32(mix32(identity, i)) * MOST_CANDIDATES + at;
    }
    packed.sort();
    this.points = new Uint32Array(packed.length);
    this.owners = new Int32Array(packed.length);
    for (let i = 0; i < packed.length; i++) {
      this.points[i] = packed[i]! / MOST_CANDIDATES;
      this.owners[i] = packed[i]! - this.points[i]! * MOST_CANDIDATES;
    }
  }

  /** Index of the first point at or behind `key`, around the end. The ring must not be empty. */
  find(key: number): number {
    let low = 0;
    let high = this.points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.points[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low === this.points.length ? 0 : low;
  }
}
