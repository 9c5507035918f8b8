// What spill does to the clients of one place: their demand, what each site has left, what is sent where and since when.

import { limitText } from './spill-limits.ts';
import type { SpillOutlook } from './spill-outlook.ts';
import { reasonToText, spillReasons } from './spill-reasons.ts';

export interface SpillShare {
  readonly site: string;
  /** Of the load of these clients, 0..100: if nothing spilled, and as it is. */
  readonly naturalPercent: number;
  readonly percent: number;
  /** Beyond the nearest site that the policy would have chosen. */
  readonly extraKm: number;
  /** Of the site: what it will carry, its target, and how much more it may take; null = not known. Never negative. */
  readonly siteLoad: number;
  readonly target: number | null;
  readonly headroom: number | null;
  /** What limits the site for these clients, for people; '' = nothing. */
  readonly limit: string;
}

export interface SpillExplanation {
  /** The clients that are told apart from others, such as `GB 54,-2`. */
  readonly clients: string;
  /** Load that they bring, in the unit of the sites, with those of other policies that have the same choices. */
  readonly demand: number;
  readonly queriesPerSec: number;
  /** What one of these queries counts for beside the mean of all, as the agents of sites sample their clients; 1 = as much. */
  readonly queryWeight: number;
  /** Milliseconds of the mesh's clock; null = nothing of it is sent elsewhere. */
  readonly sinceMs: number | null;
  /** In the order in which they are preferred; sites that get nothing and have no limit only if they come before one that does. */
  readonly shares: readonly SpillShare[];
  /** Why, in a sentence for each site that gives load of theirs away. */
  readonly why: readonly string[];
}

/** One for each stream of load of the class; none if the policy does not take part. */
export function explainSpill(outlook: SpillOutlook, policy: number, of: number): SpillExplanation[] {
  const { state, demand, flow, loadAfter, target } = outlook;
  const { map } = state;
  const idOf = (rank: number): string => map.model.sites[map.siteOfRank[rank]!]!.id;
  const found: SpillExplanation[] = [];
  const meanWeight = meanWeightOf(state);
  for (let item = 0; item < map.itemCount; item++) {
    if (!map.owners[item]!.some((owner) => owner.policy === policy && owner.class === of)) continue;
    const total = demand[item]!;
    const shares: SpillShare[] = [];
    let used = 0;
    for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
      const rank = map.site[slot]!;
      const isKnown = !Number.isNaN(target[rank]!);
      const percent = total > 0 ? (100 * flow[slot]!) / total : 100 * map.natural[slot]!;
      const limit = limitText(state.admit[slot]).replace(/^; (spill: )?/, '');
      shares.push({
        site: idOf(rank),
        naturalPercent: 100 * map.natural[slot]!,
        percent,
        extraKm: map.extraKm[slot]!,
        siteLoad: loadAfter[rank]!,
        target: isKnown ? target[rank]! : null,
        headroom: isKnown ? Math.max(0, target[rank]! * map.ramp[rank]! - loadAfter[rank]!) : null,
        limit,
      });
      if (percent > 0 || map.natural[slot]! > 0) used = shares.length;
    }
    const giving = new Set(
      shares.filter(({ naturalPercent, percent }) => percent < naturalPercent - 0.05).map(({ site }) => site),
    );
    found.push({
      clients: map.labels[item]!,
      demand: total,
      queriesPerSec: state.queries[item]!,
      queryWeight: state.weight[item]! / meanWeight,
      sinceMs: state.sinceMs[item]! > 0 ? state.sinceMs[item]! : null,
      shares: shares.slice(0, used),
      why: spillReasons(outlook)
        .filter(({ site }) => giving.has(site))
        .map((reason) => reasonToText(reason)),
    });
  }
  return found;
}

/** Of a query. Weights are samples held against queries of the moment: while the load of the world changes all are off by one factor. */
function meanWeightOf({ queries, weight }: SpillOutlook['state']): number {
  let [all, weighed] = [0, 0];
  for (let item = 0; item < queries.length; item++) {
    all += queries[item]!;
    weighed += queries[item]! * weight[item]!;
  }
  return all > 0 ? weighed / all : 1;
}
