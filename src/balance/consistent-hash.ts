// Consistent hashing on a ring: a key belongs to the server of the next point. A full server lends its keys to the next one.

import type { Candidates } from './candidates.ts';
import { type Chooser, NONE } from './chooser.ts';
import { Ring } from './ring.ts';

/** Points that are looked at before any free server is taken: only if nearly all are full. */
const STEPS = 64;

export class ConsistentHash implements Chooser {
  readonly #candidates: Candidates;
  readonly #virtualNodes: number;
  readonly #ring = new Ring();

  constructor(candidates: Candidates, virtualNodes: number) {
    this.#candidates = candidates;
    this.#virtualNodes = virtualNodes;
  }

  update(): void {
    this.#ring.build(this.#candidates, this.#virtualNodes);
  }

  choose(key: number): number {
    const { size } = this.#candidates;
    if (size === 0) return NONE;
    const { owners } = this.#ring;
    for (let step = 0, i = this.#ring.find(key); step < STEPS; step++) {
      const at = owners[i]!;
      if (this.#candidates.isFree(at)) return this.#candidates.slotAt(at);
      if (++i === owners.length) i = 0;
    }
    return this.#candidates.slotAt(this.#candidates.nextFree(key % size));
  }
}
