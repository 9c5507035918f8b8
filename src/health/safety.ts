// What an order, or taking one back, would do to what serves, and whether the operator's rules allow it. The thought is that of
// safety rules on routing controls (Amazon ARC): no single slip of a hand takes out more than was thought about beforehand.
// Only a change for the worse breaks a rule: who has lost half of the sites already may still act on the rest.

import type { SafetySettings } from '../model/admin.ts';
import { type SteeringModel, serves } from '../model/steering.ts';
import type { Override } from '../model/verdict.ts';
import { cellOf, type HealthFacts } from './facts.ts';
import { applyOverrides } from './overrides.ts';

export interface BrokenRule {
  readonly rule: keyof SafetySettings;
  readonly message: string;
}

/** Before and after a change, once ramps and drains have ended. */
export interface SafetyForecast {
  /** Sites with a member that gets traffic. */
  readonly sitesServing: { readonly before: number; readonly after: number };
  /** 0..100 of what there is: configured capacity if each site has one, else weight. */
  readonly capacityPercent: { readonly before: number; readonly after: number };
  /** 0..100 of what serves now, by the same measure, that stops. */
  readonly movedPercent: number;
  readonly broken: readonly BrokenRule[];
}

/** `present` and `proposed` are whole sets of orders. `rules` null = none. */
export function foresee(
  model: SteeringModel,
  facts: HealthFacts,
  present: readonly Override[],
  proposed: readonly Override[],
  nowMs: number,
  rules: SafetySettings | null,
): SafetyForecast {
  const before = servingUnder(model, facts, present, nowMs);
  const after = servingUnder(model, facts, proposed, nowMs);
  const sizes = sizesOf(model);
  const sum = (isCounted: (member: number) => boolean): number =>
    sizes.reduce((total, size, member) => (isCounted(member) ? total + size : total), 0);
  const all = sum(() => true);
  const now = sum((member) => before[member]!);
  const left = sum((member) => after[member]!);
  const lost = sum((member) => before[member]! && !after[member]!);
  const forecast = {
    sitesServing: { before: sitesOf(model, before), after: sitesOf(model, after) },
    capacityPercent: { before: percentOf(now, all), after: percentOf(left, all) },
    movedPercent: percentOf(lost, now),
  };
  return { ...forecast, broken: rules === null ? [] : brokenBy(forecast, rules) };
}

/** By member: whether it gets traffic over any family under these orders, by what was last concluded of it. */
export function servingUnder(
  model: SteeringModel,
  facts: Pick<HealthFacts, 'seen'>,
  orders: readonly Override[],
  nowMs: number,
): boolean[] {
  const { byMember } = applyOverrides(orders, model, nowMs);
  return model.members.map((member) => {
    const order = byMember[member.index]!;
    if (order !== null) return order.action === 'up';
    return ([4, 6] as const).some((family) => serves(member, family) && (facts.seen[cellOf(member.index, family)]?.isUp ?? true));
  });
}

/** By member: its part of its site's capacity if every site has one, else its weight; all alike if nobody has any. */
function sizesOf({ sites, members }: SteeringModel): number[] {
  const ofSite = sites.map(() => 0);
  for (const { site, weight } of members) ofSite[site]! += weight;
  const haveCapacity = sites.every(({ capacity }) => capacity !== null);
  const sizes = members.map(({ site, weight }) => {
    if (!haveCapacity || ofSite[site] === 0) return weight;
    return (sites[site]!.capacity!.max * weight) / ofSite[site]!;
  });
  return sizes.some((size) => size > 0) ? sizes : sizes.map(() => 1);
}

const sitesOf = ({ members }: SteeringModel, serving: readonly boolean[]): number =>
  new Set(members.filter(({ index }) => serving[index]).map(({ site }) => site)).size;

/** To a tenth; nothing of nothing is nothing. */
const percentOf = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((1000 * part) / whole) / 10);

function brokenBy(
  { sitesServing, capacityPercent, movedPercent }: Omit<SafetyForecast, 'broken'>,
  { leastSites, leastCapacityPercent, mostMovedPercent }: SafetySettings,
): BrokenRule[] {
  const broken: BrokenRule[] = [];
  if (sitesServing.after < Math.min(leastSites, sitesServing.before)) {
    const message = `${sitesServing.after} sites would serve, at least ${leastSites} must (now ${sitesServing.before})`;
    broken.push({ rule: 'leastSites', message });
  }
  if (capacityPercent.after < Math.min(leastCapacityPercent, capacityPercent.before)) {
    const message = `${capacityPercent.after} % of all capacity would serve, at least ${leastCapacityPercent} % must (now ${capacityPercent.before} %)`;
    broken.push({ rule: 'leastCapacityPercent', message });
  }
  if (movedPercent > mostMovedPercent) {
    const message = `${movedPercent} % of what serves would stop, at most ${mostMovedPercent} % may at once`;
    broken.push({ rule: 'mostMovedPercent', message });
  }
  return broken;
}
