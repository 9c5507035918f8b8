// Random: by weight, each choice for itself. Needs to know nothing of the servers, and is as uneven as chance is.

import type { Candidates } from './candidates.ts';
import { type Chooser, NONE, type Random } from './chooser.ts';

/** Draws that may hit a full server before the next free one is taken. */
const DRAWS = 4;

export class RandomChoice implements Chooser {
  readonly #candidates: Candidates;

  constructor(candidates: Candidates) {
    this.#candidates = candidates;
  }

  update(): void {}

  choose(_key: number, _nowMs: number, random: Random): number {
    const { size, totalWeight } = this.#candidates;
    if (size === 0) return NONE;
    let at = 0;
    for (let draw = 0; draw < DRAWS; draw++) {
      at = this.#candidates.find(random() * totalWeight);
      if (this.#candidates.isFree(at)) return this.#candidates.slotAt(at);
    }
    return this.#candidates.slotAt(this.#candidates.nextFree(at));
  }
}
