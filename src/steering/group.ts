// How mass is shared while members recover or drain. Among equals a member with share s of its weight gets s of what it
// would get with all of it; the members with all of theirs take over what it may not have yet. If there are none, there is
// room for a part of the mass only, and what comes next in the chain takes the rest.
//
// Laws (test/unit/steering/laws.test.ts): no mass is lost, and raising a weight never lowers its member's share.

import { FULL_SHARE } from '../model/health.ts';
import { type Fraction, fraction, NOTHING, ONE, times, toWhole, without } from './fraction.ts';
import { type Distribution, mix, NO_MASS, reduce, sum } from './share.ts';

export const isFull = ({ num, den }: Fraction): boolean => num === den;

/** Splits one group: `weights` positive integers, `shares` 1..1000, in parallel. */
export function shareOut(weights: readonly number[], shares: readonly number[]): { shares: number[]; room: Fraction } {
  const small = reduce(weights);
  const allowed = small.map((weight, i) => weight * shares[i]!);
  const all = FULL_SHARE * sum(small);
  const settled = sum(small.filter((_, i) => shares[i] === FULL_SHARE));
  if (settled === 0) return { shares: reduce(allowed), room: fraction(sum(allowed), all) };
  // with W = sum of weights: a ramping member gets allowed/(1000 W), and the settled ones share the rest by weight
  const rest = all - sum(allowed.filter((_, i) => shares[i] !== FULL_SHARE));
  const masses = small.map((weight, i) => (shares[i] === FULL_SHARE ? weight * rest : allowed[i]! * settled));
  return { shares: reduce(masses), room: ONE };
}

/** Distributions in order of preference, each of which takes as much as it has room for of what is left. */
export class Chain {
  readonly #parts: { readonly mass: Fraction; readonly distribution: Distribution }[] = [];
  #left: Fraction = ONE;

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  get isFull(): boolean {
    return this.#left.num === 0;
  }

  /** Adds a distribution; one without mass has no room. */
  add(distribution: Distribution, room: Fraction): void {
    if (room.num === 0) return;
    this.#parts.push({ mass: times(this.#left, room), distribution });
    this.#left = without(this.#left, room);
  }

  take(): { readonly distribution: Distribution; readonly room: Fraction } {
    const room = this.isEmpty ? NOTHING : without(ONE, this.#left);
    if (this.#parts.length < 2) return { distribution: this.#parts[0]?.distribution ?? NO_MASS, room };
    const weights = toWhole(this.#parts.map(({ mass }) => ({ weight: 1, of: mass })));
    return { distribution: mix(this.#parts.map(({ distribution }, i) => ({ weight: weights[i]!, distribution }))), room };
  }
}
