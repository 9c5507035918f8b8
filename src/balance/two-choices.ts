// Power of two choices: two servers are drawn at random by weight, the better one is taken. Nearly as even as looking at all of
// them, at a cost that does not grow with them, and without the stampede onto one server that "the best of all" by a figure
// that lags behind becomes. Sources: M. Mitzenmacher, "The power of two choices in randomized load balancing" (1996), and
// "How useful is old information?" (2000). Which one is better is a matter of the algorithm that is built on it.

import type { Candidates } from './candidates.ts';
import { type Chooser, NONE, type Random } from './chooser.ts';

/** Whether the candidate at position `other` is better than the one at `first`. */
export type IsBetter = (candidates: Candidates, other: number, first: number, nowMs: number) => boolean;

/** Fewer under way for its weight. Of two equals the first drawn is taken, so that an idle service is spread by weight. */
export const hasLessActive: IsBetter = ({ slots, weights, table }, other, first) => {
  const { active } = table.columns;
  return active[slots[other]!]! * weights[first]! < active[slots[first]!]! * weights[other]!;
};

export class TwoChoices implements Chooser {
  readonly #candidates: Candidates;
  readonly #isBetter: IsBetter;

  constructor(candidates: Candidates, isBetter: IsBetter) {
    this.#candidates = candidates;
    this.#isBetter = isBetter;
  }

  update(): void {}

  choose(_key: number, nowMs: number, random: Random): number {
    const candidates = this.#candidates;
    if (candidates.size === 0) return NONE;
    const first = candidates.find(random() * candidates.totalWeight);
    if (candidates.size === 1) return candidates.slotAt(candidates.isFree(first) ? first : NONE);
    const other = candidates.findOther(first, random());
    const isFirstFree = candidates.isFree(first);
    if (!candidates.isFree(other)) return candidates.slotAt(isFirstFree ? first : candidates.nextFree(other));
    return candidates.slotAt(!isFirstFree || this.#isBetter(candidates, other, first, nowMs) ? other : first);
  }
}
