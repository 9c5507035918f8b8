// Where the load of a class may go, as spill sees it: a decided tree under the present health becomes a route, the tie groups
// of sites in the order in which the tree would fall back to them, with the share of what reaches a group that each site takes.
// A route never leaves the `map` branch of its class, and never a child of `weighted`: those shares are somebody's will.

import { FULL_SHARE, type HealthView } from '../model/health.ts';
import type { SteeringModel } from '../model/steering.ts';
import type { Decided } from './decide.ts';
import { shareOut } from './group.ts';
import { sum } from './share.ts';
import { STANDING, type Standings, standings } from './standing.ts';

/** What a site takes of the load that reaches its group, at one leaf. */
export interface Stop {
  readonly path: string;
  readonly site: number;
  /** 0..1, all stops of a group together at most 1: less while members recover or drain. */
  readonly share: number;
}

export interface Route {
  /** Share of the load of the class that takes this route. */
  readonly share: number;
  /** Never empty. */
  readonly groups: readonly (readonly Stop[])[];
}

export type RouteStandings = Pick<Standings, 'standing' | 'share' | 'poolUp'>;

/** Sites of a leaf that are looked at, once those are found that take all load: farther ones are not thought of. */
export const MAX_STOPS = 32;

/** The better of both families: load does not tell which family brought it. */
export function routeStandings(model: SteeringModel, health: HealthView): RouteStandings {
  const v4 = standings(model, 4, health);
  const v6 = standings(model, 6, health);
  return {
    standing: v4.standing.map((standing, i) => (standing === STANDING.DOWN ? v6.standing[i]! : standing)),
    share: v4.share.map((share, i) => Math.max(share, v6.share[i]!)),
    poolUp: v4.poolUp.map((up, i) => up | v6.poolUp[i]!),
  };
}

/** The routes of a class; none if nothing that the tree allows is up. */
export function routesOf(model: SteeringModel, decided: Decided, now: RouteStandings, heedsMarks = false): Route[] {
  switch (decided.kind) {
    case 'pool':
    case 'nearest': {
      if (heedsMarks && now.poolUp[decided.pool] === 0) return [];
      const groups = decided.kind === 'nearest' ? decided.groups : [model.pools[decided.pool]!.members];
      const stops = stopsOf(model, decided.path, groups, now);
      return stops.length === 0 ? [] : [{ share: 1, groups: stops }];
    }
    case 'failover': {
      const strict = failoverRoutes(model, decided.children, now, true);
      return strict.length > 0 || heedsMarks ? strict : failoverRoutes(model, decided.children, now, false);
    }
    case 'weighted': {
      const children = decided.children.map((child, i) => ({
        weight: decided.weights[i]!,
        routes: routesOf(model, child, now, heedsMarks),
      }));
      const alive = children.filter(({ routes }) => routes.length > 0);
      const someWeight = alive.some(({ weight }) => weight > 0);
      const used = alive.filter(({ weight }) => weight > 0 || !someWeight);
      const total = sum(used.map(({ weight }) => (someWeight ? weight : 1)));
      return used.flatMap(({ weight, routes }) =>
        routes.map((route) => ({ ...route, share: route.share * ((someWeight ? weight : 1) / total) })),
      );
    }
  }
}

/** Children whose load is one stream are joined end to end, up to the first that parts it by weight. */
function failoverRoutes(model: SteeringModel, children: readonly Decided[], now: RouteStandings, heedsMarks: boolean): Route[] {
  const groups: (readonly Stop[])[] = [];
  for (const child of children) {
    const routes = routesOf(model, child, now, heedsMarks);
    if (routes.length === 0) continue;
    if (routes.length > 1 || isParted(child)) return groups.length > 0 ? [{ share: 1, groups }] : routes;
    groups.push(...routes[0]!.groups);
  }
  return groups.length > 0 ? [{ share: 1, groups }] : [];
}

const isParted = (decided: Decided): boolean =>
  decided.kind === 'weighted' || (decided.kind === 'failover' && decided.children.some(isParted));

/** The groups of a leaf with the sites that are up in them; see evaluate.ts, which these rules must follow. */
function stopsOf(model: SteeringModel, path: string, groups: readonly (readonly number[])[], now: RouteStandings): Stop[][] {
  const isUp = (member: number): boolean => now.standing[member] !== STANDING.DOWN && now.share[member]! > 0;
  const weightOf = (member: number): number => model.members[member]!.weight;
  const someWeightUp = groups.some((group) => group.some((member) => isUp(member) && weightOf(member) > 0));
  const result: Stop[][] = [];
  let count = 0;
  let left = 1;
  for (const group of groups) {
    if (count >= MAX_STOPS && left === 0) break;
    const [only] = group;
    if (group.length === 1 && now.share[only!] === FULL_SHARE && isUp(only!) && (weightOf(only!) > 0 || !someWeightUp)) {
      result.push([{ path, site: model.members[only!]!.site, share: 1 }]);
      count++;
      left = 0;
      continue;
    }
    const usable = group.filter((member) => isUp(member) && (weightOf(member) > 0 || !someWeightUp));
    if (usable.length === 0) continue;
    const { shares, room } = shareOut(
      usable.map((member) => (someWeightUp ? weightOf(member) : 1)),
      usable.map((member) => now.share[member]!),
    );
    const scale = room.num / room.den / sum(shares);
    const bySite = new Map<number, number>();
    for (const [i, member] of usable.entries()) {
      const { site } = model.members[member]!;
      bySite.set(site, (bySite.get(site) ?? 0) + shares[i]! * scale);
    }
    result.push([...bySite].map(([site, share]) => ({ path, site, share })));
    count += bySite.size;
    left *= room.num === room.den ? 0 : 1 - room.num / room.den;
  }
  return result;
}

/** By site: how much of their weight its members may have now, 0..1, the least of them all; sites without members have all. */
export function rampOf(model: SteeringModel, now: RouteStandings): Float64Array {
  const ramp = new Float64Array(model.sites.length).fill(1);
  for (const { index, site } of model.members) {
    if (now.standing[index] !== STANDING.DOWN) ramp[site] = Math.min(ramp[site]!, now.share[index]! / FULL_SHARE);
  }
  return ramp;
}
