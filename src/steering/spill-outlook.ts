// What a state means: demand, where it is sent, what each site will carry. Read from the state alone, so that a server that took
// over the step of another tells the same as that one.

import type { LoadReport } from '../model/capacity.ts';
import { sharesOf } from './spill.ts';
import { capacityNow } from './spill-demand.ts';
import type { SpillState } from './spill-state.ts';

/** Amounts in the unit of the sites. */
export interface SpillOutlook {
  readonly state: SpillState;
  /** By item: the load that it brings. */
  readonly demand: Float64Array;
  /** By slot: what is sent there. */
  readonly flow: Float64Array;
  /** By rank: what the site will carry once answers given under older plans have run out. */
  readonly loadAfter: Float64Array;
  /** By rank; NaN = not known. */
  readonly target: Float64Array;
  readonly max: Float64Array;
}

/** `reports` by site index. */
export function outlookOf(state: SpillState, reports: readonly (LoadReport | null)[]): SpillOutlook {
  const { map, seen, load } = state;
  const shares = sharesOf(state);
  const demand = state.queries.map((queries, item) => queries * state.loadPerQuery[item]!);
  const flow = new Float64Array(shares.length);
  const planned = new Float64Array(load.length);
  const pending = new Float64Array(load.length);
  for (let item = 0; item < map.itemCount; item++) {
    for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
      flow[slot] = demand[item]! * shares[slot]!;
      planned[map.site[slot]!]! += flow[slot]!;
      pending[map.site[slot]!]! += demand[item]! * (shares[slot]! - seen[slot]!);
    }
  }
  const capacities = map.siteOfRank.map((site) => capacityNow(map.model.sites[site]!, reports[site]));
  return {
    state,
    demand,
    flow,
    loadAfter: load.map((value, rank) => (Number.isNaN(value) ? planned[rank]! : Math.max(0, value + pending[rank]!))),
    target: Float64Array.from(capacities, (capacity) => capacity?.target ?? Number.NaN),
    max: Float64Array.from(capacities, (capacity) => capacity?.max ?? Number.NaN),
  };
}
