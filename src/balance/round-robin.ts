// Round robin: each server in its turn, whatever its weight. In any run of choices the counts of two settled servers differ by
// at most one. A server that is starting slowly is passed over until its turns add up to a whole one.

import type { Candidates } from './candidates.ts';
import { WHOLE } from './candidates.ts';
import { type Chooser, NONE } from './chooser.ts';

/** If all servers are starting, one has a whole turn after so many rounds at a tenth of its weight; with less, the next is taken. */
const ROUNDS = 10;

export class RoundRobin implements Chooser {
  readonly #candidates: Candidates;
  /** The server that was chosen last, by slot, so that the order goes on from there when others come and go. */
  #last = NONE;
  #at = 0;
  /** Part of a turn that a server has saved up, in thousandths, by slot. */
  #saved: Float64Array = new Float64Array(0);

  constructor(candidates: Candidates) {
    this.#candidates = candidates;
  }

  update(): void {
    const { slots, size, table } = this.#candidates;
    const saved = new Float64Array(table.columns.active.length);
    for (const slot of slots) saved[slot] = this.#saved[slot] ?? 0;
    this.#saved = saved;
    const last = slots.indexOf(this.#last);
    if (last >= 0) this.#at = last + 1;
    if (this.#at >= size) this.#at = 0;
  }

  choose(): number {
    const { slots, weights, size } = this.#candidates;
    for (let tries = ROUNDS * size; tries > 0; tries--) {
      const at = this.#at;
      this.#at = at + 1 === size ? 0 : at + 1;
      if (!this.#candidates.isFree(at)) continue;
      const slot = slots[at]!;
      const saved = this.#saved[slot]! + weights[at]!;
      if (saved < WHOLE) {
        this.#saved[slot] = saved;
        continue;
      }
      this.#saved[slot] = saved - WHOLE;
      this.#last = slot;
      return slot;
    }
    this.#last = this.#candidates.slotAt(size === 0 ? NONE : this.#candidates.nextFree(this.#at));
    return this.#last;
  }
}
