// Smooth weighted round robin: turns in proportion to weight, spread as evenly as they can be. After ANY number of choices
// each server has been chosen within one of its exact share, and exactly that after as many as the weights add up to.
// Each turn of a server is a job with a release time and a deadline; of the released ones the most urgent runs. nginx chooses
// by credit alone, which is as fair in the long run but not within one on the way. Source: R. Tijdeman, "The chairman
// assignment problem" (1980). steering/schedule.ts writes such an order down; here weights and servers change all the time.
//
// Credit is (choices so far x weight) - (times chosen x total weight), an integer while weights stay: above zero, a turn is owed.

import type { Candidates } from './candidates.ts';
import { type Chooser, NONE } from './chooser.ts';

export class WeightedRoundRobin implements Chooser {
  readonly #candidates: Candidates;
  /** By position, and whose it is by slot, so that it can be found again when positions have changed. */
  #credit: Float64Array = new Float64Array(0);
  #slots: Int32Array = new Int32Array(0);
  #totalWeight = 0;

  constructor(candidates: Candidates) {
    this.#candidates = candidates;
  }

  update(): void {
    const { slots, size, totalWeight } = this.#candidates;
    const before = new Map(Array.from(this.#slots, (slot, at) => [slot, this.#credit[at]!]));
    // Credit is a part of a turn times the total: with another total, the same part is another number.
    const scale = this.#totalWeight === 0 ? 0 : totalWeight / this.#totalWeight;
    this.#credit = new Float64Array(size);
    for (let at = 0; at < size; at++) this.#credit[at] = Math.round((before.get(slots[at]!) ?? 0) * scale);
    this.#slots = slots;
    this.#totalWeight = totalWeight;
  }

  choose(): number {
    const { slots, weights, size, table } = this.#candidates;
    const { active, limit } = table.columns;
    const credit = this.#credit;
    // Full servers are not there for this turn: they neither earn nor owe.
    let total = 0;
    for (let at = 0; at < size; at++) {
      const slot = slots[at]!;
      if (active[slot]! >= limit[slot]!) continue;
      credit[at]! += weights[at]!;
      total += weights[at]!;
    }
    /** The most urgent of those that are owed something: turns until its deadline. */
    let due = NONE;
    let dueTurns = 0;
    /** Nobody may be owed anything after servers came or went: who owes least. */
    let least = NONE;
    for (let at = 0; at < size; at++) {
      const owed = credit[at]!;
      if (owed <= 0 && (due !== NONE || (least !== NONE && owed <= credit[least]!))) continue;
      const slot = slots[at]!;
      if (active[slot]! >= limit[slot]!) continue;
      if (owed <= 0) least = at;
      else {
        const turns = (total - owed) / weights[at]!;
        if (due !== NONE && turns >= dueTurns) continue;
        due = at;
        dueTurns = turns;
      }
    }
    const chosen = due === NONE ? least : due;
    if (chosen !== NONE) credit[chosen]! -= total;
    return this.#candidates.slotAt(chosen);
  }
}
