// Consistent hashing with bounded loads: a key belongs to the next server on the ring that has less under way than its bound,
// ceil(factor x (all that is under way, and this) x its share of the weight). Bounds add up to more than there is, so there is always
// one. A hot key cannot overload a server, and a search ends soon: after points in the order of 1 / (factor - 1)^2 on average.
// Source: V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent hashing with bounded loads" (2018; arXiv 2016).

import type { Candidates } from './candidates.ts';
import { type Chooser, NONE } from './chooser.ts';
import { Ring } from './ring.ts';

/** Points that are looked at before any server below its bound is taken. */
const STEPS = 256;

export class BoundedLoad implements Chooser {
  readonly #candidates: Candidates;
  readonly #virtualNodes: number;
  readonly #factor: number;
  readonly #ring = new Ring();

  constructor(candidates: Candidates, virtualNodes: number, factor: number) {
    this.#candidates = candidates;
    this.#virtualNodes = virtualNodes;
    this.#factor = factor;
  }

  update(): void {
    this.#ring.build(this.#candidates, this.#virtualNodes);
  }

  choose(key: number): number {
    const { size, table, group } = this.#candidates;
    if (size === 0) return NONE;
    const { owners } = this.#ring;
    const capacity = this.#factor * (table.groupActive[group]! + 1);
    for (let step = 0, i = this.#ring.find(key); step < STEPS; step++) {
      const at = owners[i]!;
      if (this.#isBelowBound(at, capacity)) return this.#candidates.slotAt(at);
      if (++i === owners.length) i = 0;
    }
    for (let i = 0, at = key % size; i < size; i++) {
      if (this.#isBelowBound(at, capacity)) return this.#candidates.slotAt(at);
      if (++at === size) at = 0;
    }
    // Those below their bounds are full by limits of their own: better above the bound than no server.
    return this.#candidates.slotAt(this.#candidates.nextFree(key % size));
  }

  #isBelowBound(at: number, capacity: number): boolean {
    const { slots, weights, totalWeight, table } = this.#candidates;
    const slot = slots[at]!;
    return table.isFree(slot) && table.columns.active[slot]! < Math.ceil((capacity * weights[at]!) / totalWeight);
  }
}
