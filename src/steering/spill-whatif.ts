// What would happen to the demand of this moment if a site went away: the best plans for it with and without the site, before anybody
// moves. Pure; the plans in use are not touched.

import type { HealthView } from '../model/health.ts';
import { bestFlow } from './spill.ts';
import type { SpillAtlas, SpillMap } from './spill-map.ts';
import type { SpillOutlook } from './spill-outlook.ts';

export interface WhatIfSite {
  readonly site: string;
  /** Load that plans send there, before and after; target and max as now, null = not known. */
  readonly before: number;
  readonly after: number;
  readonly target: number | null;
  readonly max: number | null;
}

export interface WhatIfMove {
  readonly clients: string;
  readonly policy: string;
  readonly from: string;
  readonly to: string;
  /** Of the load of these clients, 0..100. */
  readonly percent: number;
  readonly load: number;
}

export interface WhatIf {
  readonly without: string;
  readonly sites: readonly WhatIfSite[];
  /** Differences of plans, the largest first. */
  readonly moves: readonly WhatIfMove[];
  /** Load that had no other place that its policy allows. */
  readonly stranded: number;
}

interface Stream {
  readonly policy: number;
  readonly label: string;
  load: number;
  /** By rank, load. */
  readonly flow: Float64Array;
}

type Streams = Map<string, Stream>;

/** `queries` by policy index and class: how the demand of an item is parted among its policies. `site` is an index. */
export function whatIfWithout(
  atlas: SpillAtlas,
  health: HealthView,
  outlook: SpillOutlook,
  queries: readonly (ArrayLike<number> | null)[],
  site: number,
): WhatIf {
  const { map } = outlook.state;
  const { model, siteOfRank } = map;
  const before = streamsOf(map, outlook.demand, outlook.flow, queries);
  const isGone = (member: number): boolean => model.members[member]!.site === site;
  const without = atlas.map({
    ...healthOf(health),
    isUp: (member, family) => !isGone(member) && health.isUp(member, family),
    isOrderedOut: (member, family) => isGone(member) || health.isOrderedOut(member, family),
  });
  const demand = new Float64Array(without.itemCount);
  const loadOf = new Map([...before].map(([key, stream]) => [key, stream.load]));
  for (let item = 0; item < without.itemCount; item++) {
    for (const owner of without.owners[item]!) demand[item]! += (loadOf.get(keyOf(owner)) ?? 0) * owner.share;
  }
  const after = streamsOf(without, demand, bestFlow(without, demand, outlook.target), null, loadOf);
  const idOf = (rank: number): string => model.sites[siteOfRank[rank]!]!.id;
  const sum = (streams: Streams, rank: number): number =>
    [...streams.values()].reduce((total, { flow }) => total + flow[rank]!, 0);
  const known = (value: number): number | null => (Number.isNaN(value) || value === Number.POSITIVE_INFINITY ? null : value);
  const stranded = [...before].reduce((total, [key, { load }]) => total + (after.has(key) ? 0 : load), 0);
  return {
    without: model.sites[site]!.id,
    sites: siteOfRank.map((_, rank) => ({
      site: idOf(rank),
      before: sum(before, rank),
      after: sum(after, rank),
      target: known(outlook.target[rank]!),
      max: known(outlook.max[rank]!),
    })),
    moves: movesOf(before, after, idOf, (policy) => model.policies[policy]!.id),
    stranded,
  };
}

const keyOf = ({ policy, class: of }: { readonly policy: number; readonly class: number }): string => `${policy} ${of}`;

/** A view of the same health whose methods can be replaced one by one. */
const healthOf = (health: HealthView): HealthView => ({
  isUp: (member, family) => health.isUp(member, family),
  isOrderedOut: (member, family) => health.isOrderedOut(member, family),
  weightShare: (member, family) => health.weightShare(member, family),
  isPoolUp: (pool, family) => health.isPoolUp(pool, family),
  ttlSec: (member, family) => health.ttlSec(member, family),
  reason: (member, family) => health.reason(member, family),
});

/** By policy and class: the part of its items that is its own, by `queries`, or by the known load of each stream. */
function streamsOf(
  map: SpillMap,
  demand: Float64Array,
  flow: Float64Array,
  queries: readonly (ArrayLike<number> | null)[] | null,
  loads?: ReadonlyMap<string, number>,
): Streams {
  const streams: Streams = new Map();
  for (let item = 0; item < map.itemCount; item++) {
    const owners = map.owners[item]!;
    const weights = owners.map(
      (owner) => owner.share * (loads?.get(keyOf(owner)) ?? queries?.[owner.policy]?.[owner.class] ?? 0),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, owner] of owners.entries()) {
      const part = total > 0 ? weights[i]! / total : 1 / owners.length;
      const key = keyOf(owner);
      const stream = streams.get(key) ?? {
        policy: owner.policy,
        label: map.labels[item]!,
        load: 0,
        flow: new Float64Array(map.siteOfRank.length),
      };
      streams.set(key, stream);
      stream.load += demand[item]! * part;
      for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) stream.flow[map.site[slot]!]! += flow[slot]! * part;
    }
  }
  return streams;
}

function movesOf(
  before: Streams,
  after: Streams,
  idOf: (rank: number) => string,
  policyOf: (policy: number) => string,
): WhatIfMove[] {
  const moves: WhatIfMove[] = [];
  for (const [key, { policy, label, load, flow }] of before) {
    const then = after.get(key)?.flow;
    if (then === undefined || load === 0) continue;
    const lack = then.map((value, rank) => Math.max(0, value - flow[rank]!));
    for (let from = 0; from < flow.length; from++) {
      let surplus = flow[from]! - then[from]!;
      for (let to = 0; to < lack.length && surplus > load * 1e-3; to++) {
        const amount = Math.min(surplus, lack[to]!);
        if (amount <= load * 1e-3) continue;
        surplus -= amount;
        lack[to]! -= amount;
        const percent = (100 * amount) / load;
        moves.push({ clients: label, policy: policyOf(policy), from: idOf(from), to: idOf(to), percent, load: amount });
      }
    }
  }
  return moves.sort((a, b) => b.load - a.load || (`${a.clients} ${a.to}` < `${b.clients} ${b.to}` ? -1 : 1));
}
