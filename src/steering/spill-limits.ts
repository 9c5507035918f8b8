// What a spill step concludes, in the form that plans are made with: of what a site would take of a class at a leaf of the
// policy, it may take a part only, and the chain of the leaf passes the rest on, as it does for members that recover. So spill
// composes with whatever else a tree does: it moves load along the orders that the policy has, and never out of a `map` branch.

import { type Fraction, fraction, times } from './fraction.ts';
import { type Distribution, NO_MASS, reduce, sum } from './share.ts';

/** By site: what it takes of what it would take, in 65,536ths. More than all where it takes over from its tie group. */
export type LeafLimits = ReadonlyMap<number, number>;
/** By path of the leaf. */
export type ClassLimits = ReadonlyMap<string, LeafLimits>;
/** By policy index, then by class; what is not named is not limited. */
export type SpillLimits = readonly ReadonlyMap<number, ClassLimits>[];

export const ADMIT_ALL = 65_536;
/** A share in so many parts, times the largest limit, is still exact. */
const SHARE_GRAIN = 2 ** 20;
/** Shares of a split plan are whole thousandths, near enough: thousands of split plans would need long schedules otherwise. */
const PLAN_GRAIN = 1024;

/** What a group takes under the limits, and the members that may take nothing. */
export function admit(
  distribution: Distribution,
  room: Fraction,
  siteOf: (member: number) => number,
  limits: LeafLimits | undefined,
): { readonly distribution: Distribution; readonly room: Fraction; readonly shutOut: readonly number[] } {
  const { members, weights } = distribution;
  if (limits === undefined || !members.some((member) => limits.has(siteOf(member)))) return { distribution, room, shutOut: [] };
  const total = sum(weights);
  const parts = members.map((member, i) => {
    const share = Math.max(1, Math.round((weights[i]! / total) * SHARE_GRAIN));
    return { member, weight: share * (limits.get(siteOf(member)) ?? ADMIT_ALL) };
  });
  const kept = parts.filter(({ weight }) => weight > 0);
  const shutOut = parts.filter(({ weight }) => weight === 0).map(({ member }) => member);
  const taken = sum(kept.map(({ weight }) => weight));
  const all = SHARE_GRAIN * ADMIT_ALL;
  return {
    distribution:
      kept.length === 0
        ? NO_MASS
        : { members: kept.map(({ member }) => member), weights: reduce(kept.map(({ weight }) => weight)) },
    room: times(room, fraction(Math.min(taken, all), all)),
    shutOut,
  };
}

/** Rounds weights to whole parts of PLAN_GRAIN by largest remainder and drops what rounds to nothing; never drops all. */
export function coarsen(entries: { member: number; weight: number }[]): void {
  const total = sum(entries.map(({ weight }) => weight));
  const exact = entries.map((entry) => ({ entry, parts: (entry.weight / total) * PLAN_GRAIN }));
  let left = PLAN_GRAIN;
  for (const { entry, parts } of exact) {
    entry.weight = Math.floor(parts);
    left -= entry.weight;
  }
  exact.sort((a, b) => (b.parts % 1) - (a.parts % 1) || a.entry.member - b.entry.member);
  for (const { entry } of exact.slice(0, left)) entry.weight++;
  const kept = entries.filter(({ weight }) => weight > 0);
  entries.splice(0, entries.length, ...kept);
}

/** The limit of a site for people, as a clause that follows a reason. */
export function limitText(limit: number | undefined): string {
  if (limit === undefined || limit === ADMIT_ALL) return '';
  const percent = (100 * limit) / ADMIT_ALL;
  if (limit > ADMIT_ALL) return `; takes ${percent.toFixed(0)} % of its share, for others that are full`;
  return `; spill: takes ${percent.toFixed(1)} % of what it would, the rest moves on`;
}
