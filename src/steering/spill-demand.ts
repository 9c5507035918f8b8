// How much load each item brings, and how much each site will carry. Queries say where load comes from, reports say how much
// arrives; neither is enough. Resolvers cache, so queries are scaled, site by site, by the load that the sites report; and
// clients keep an answer for a TTL, so to the load that a site has now is added what present plans will yet bring or take:
// who counts only what has arrived sheds the same excess again and again until it does (O. J. M. Smith, "Closer control of
// loops with dead time", 1957, is the way out taken here).

import { type Capacity, type LoadReport, REPORT_EXPIRES_MS } from '../model/capacity.ts';
import type { Site } from '../model/steering.ts';
import type { SpillMap } from './spill-map.ts';
import { isAtRest } from './spill-shares.ts';
import type { SpillState } from './spill-state.ts';

/**
 * What resolvers happen to hold makes loads waver by some percent from one TTL to the next; that is averaged away, over five TTLs
 * within bounds: over two, plans followed the wavering, and made more of it (docs/spillover.md). A report that differs by more of the target from what present demand would have brought by now is a change of
 * demand: the average begins anew with it, the more so the greater the surprise, and soon rests on many reports again. Compared is
 * with what is foreseen, not with the average: while clients leave a site that more clients come to, its reports pass by the
 * average, and whoever compares with that takes the change for over.
 */
const STEADY_TTLS = 5;
const LEAST_STEADY_SEC = 10;
const MOST_STEADY_SEC = 150;
/** However great the surprise, a report counts only half against the next one: one that is wrong is soon forgotten. */
const LEAST_AVERAGED_SEC = 1;
const WAVER = 0.06;
const CHANGE = 0.15;
/** Seconds that queries are averaged over: a cell of few resolvers is asked less than once a second. */
const QUERY_SMOOTHING_SEC = 150;
/** Capacities may be without bound; their squares must not be. */
const MOST_AMOUNT = 1e15;
/** In place of no query at all: where load is reported that no query explains, all items that could bring it share it. */
const LEAST_QUERIES = 1e-9;

/** What is known at one moment. The same on every server, if all are to make the same plans. */
export interface SpillFacts {
  /** Of the clock that all servers share. */
  readonly nowMs: number;
  /** How long clients keep an answer. */
  readonly ttlSec: number;
  /** Queries a second by policy index and class, of all servers together; null or absent = not known now. */
  readonly queries: readonly (ArrayLike<number> | null | undefined)[];
  /** By site index; null = none was ever heard. */
  readonly reports: readonly (LoadReport | null | undefined)[];
}

const isAmount = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value) && value >= 0;

/** What a site can take now: as reported, else as configured; null = not known. */
export function capacityNow(site: Site, report: LoadReport | null | undefined): Capacity | null {
  const fresh = isFresh(report) ? report : null;
  const known = site.capacity;
  const max = isAmount(fresh?.max) ? fresh.max : (known?.max ?? Number.POSITIVE_INFINITY);
  const reported = isAmount(fresh?.target)
    ? fresh.target
    : isAmount(fresh?.max) && known !== null && known.max > 0
      ? (fresh.max * known.target) / known.max
      : known?.target;
  if (reported === undefined) return null;
  return { target: Math.min(reported, max), max };
}

const isFresh = (report: LoadReport | null | undefined): report is LoadReport =>
  report !== null && report !== undefined && report.ageMs < REPORT_EXPIRES_MS;

/** A step of an average; what is as good as there is there. */
export function towards(value: number, goal: number, part: number): number {
  const lag = goal - value;
  return lag === 0 || Math.abs(lag) < 1e-6 ? goal : value + lag * part;
}

/**
 * What is measured, brought up to date in place: `state` is this step's own copy. `before` by item: demand as in the last step;
 * `capacities` by rank; `shares` by slot: of the present plans.
 */
export function observe(
  state: SpillState,
  facts: SpillFacts,
  elapsedSec: number,
  before: Float64Array,
  capacities: readonly (Capacity | null)[],
  shares: Float64Array,
): void {
  const { map, load, held, seen, averagedSec } = state;
  state.countedSec = Math.min(state.countedSec + elapsedSec, QUERY_SMOOTHING_SEC);
  heedQuickClients(state, facts, before, capacities, shares);
  const arrived = movedLoad(map, before, seen, held);
  const parts = new Float64Array(load.length).fill(1);
  const steadySec = steadySecFor(facts.ttlSec);
  for (const [rank, site] of map.siteOfRank.entries()) {
    const report = facts.reports[site];
    const known = load[rank]!;
    if (!isFresh(report) || !isAmount(report.current)) load[rank] = Number.NaN;
    else if (Number.isNaN(known)) {
      load[rank] = report.current;
      averagedSec[rank] = 0;
    } else {
      const surprise = Math.abs(report.current - known - arrived[rank]!) / Math.max(known, capacities[rank]?.target ?? 0, 1e-9);
      const change = Math.min(1, Math.max(0, (surprise - WAVER) / (CHANGE - WAVER)));
      const averaged = Math.max(LEAST_AVERAGED_SEC, Math.min(averagedSec[rank]!, steadySec * (1 - change)));
      parts[rank] = elapsedSec / (elapsedSec + averaged);
      averagedSec[rank] = Math.min(steadySec, averaged + elapsedSec);
      load[rank] = known + (report.current - known) * parts[rank]!;
    }
  }
  for (let slot = 0; slot < held.length; slot++) seen[slot] = towards(seen[slot]!, held[slot]!, parts[map.site[slot]!]!);
  const toQueries = elapsedSec === 0 ? 0 : elapsedSec / state.countedSec;
  for (let item = 0; item < map.itemCount; item++) {
    const measured = queriesOf(map, item, facts);
    if (measured === undefined) continue;
    const known = state.queries[item]!;
    state.queries[item] = known === 0 ? measured : known + (measured - known) * toQueries;
  }
}

/** By rank: the load that comes, and goes, as clients that held some shares hold others. */
function movedLoad(map: SpillMap, demand: Float64Array, from: Float64Array, to: Float64Array): Float64Array {
  const moved = new Float64Array(map.siteOfRank.length);
  for (let item = 0; item < map.itemCount; item++) {
    for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++)
      moved[map.site[slot]!]! += demand[item]! * (to[slot]! - from[slot]!);
  }
  return moved;
}

/**
 * Clients that keep no answers follow a new plan at once, those of others after a TTL. Whoever waits for load to leave that has left
 * already takes the site for empty, sends everybody back, and so on for as long as a TTL lasts. So where reports show, at the sites
 * that load goes to as well as at those that it leaves, that some of what was still to come has come, clients hold the new shares
 * that much more. How much is the slope of a regression of the one on the other, made less by what reports waver by anyway (ridge
 * regression: A. E. Hoerl, R. W. Kennard, 1970); the lesser of both sides counts, as a crowd that leaves shows at one of them only.
 */
function heedQuickClients(
  { map, load, held, seen }: SpillState,
  { reports }: SpillFacts,
  before: Float64Array,
  capacities: readonly (Capacity | null)[],
  shares: Float64Array,
): void {
  const arrived = movedLoad(map, before, seen, held);
  const coming = movedLoad(map, before, held, shares);
  const sides = [
    { both: 0, squares: 0 },
    { both: 0, squares: 0 },
  ];
  for (const [rank, site] of map.siteOfRank.entries()) {
    const report = reports[site];
    if (Number.isNaN(load[rank]) || !isFresh(report) || !isAmount(report.current)) continue;
    const side = sides[coming[rank]! > 0 ? 0 : 1]!;
    const waver = CHANGE * Math.max(load[rank]!, capacities[rank]?.target ?? 0);
    side.both += coming[rank]! * (report.current - load[rank]! - arrived[rank]!);
    side.squares += coming[rank]! ** 2 + (coming[rank] === 0 ? 0 : Math.min(waver, MOST_AMOUNT) ** 2);
  }
  const part = Math.min(1, ...sides.map(({ both, squares }) => (squares > 0 ? both / squares : 0)));
  if (!(part > 0)) return;
  for (let slot = 0; slot < held.length; slot++) held[slot] = towards(held[slot]!, shares[slot]!, part);
}

const steadySecFor = (ttlSec: number): number => Math.min(MOST_STEADY_SEC, Math.max(LEAST_STEADY_SEC, ttlSec * STEADY_TTLS));

function queriesOf({ firstOwner, ownerPolicy, ownerClass, ownerShare }: SpillMap, item: number, { queries }: SpillFacts) {
  let total: number | undefined;
  for (let owner = firstOwner[item]!; owner < firstOwner[item + 1]!; owner++) {
    const value = queries[ownerPolicy[owner]!]?.[ownerClass[owner]!];
    if (isAmount(value)) total = (total ?? LEAST_QUERIES) + value * ownerShare[owner]!;
  }
  return total;
}

/**
 * By item, the load that it brings; also remembers it per query, for the time when its sites are silent. Answers for finer
 * networks, which parting an item needs, are asked for more often: without reports that would look like more load, so that
 * of an item that spills silence keeps the demand as it was in the last step (`before`).
 */
export function demandOf(state: SpillState, before: Float64Array): Float64Array {
  const { map, seen, load, queries, loadPerQuery } = state;
  const { first, site } = map;
  const asked = new Float64Array(load.length);
  for (let item = 0; item < map.itemCount; item++) {
    for (let slot = first[item]!; slot < first[item + 1]!; slot++) asked[site[slot]!]! += queries[item]! * seen[slot]!;
  }
  let allLoad = 0;
  let allAsked = 0;
  for (let rank = 0; rank < load.length; rank++) {
    if (Number.isNaN(load[rank]) || asked[rank] === 0) continue;
    allLoad += load[rank]!;
    allAsked += asked[rank]!;
  }
  const usual = allAsked > 0 ? allLoad / allAsked : 0;
  const demand = new Float64Array(map.itemCount);
  for (let item = 0; item < map.itemCount; item++) {
    let known = 0;
    let scale = 0;
    for (let slot = first[item]!; slot < first[item + 1]!; slot++) {
      const rank = site[slot]!;
      if (seen[slot] === 0 || Number.isNaN(load[rank]) || asked[rank] === 0) continue;
      known += seen[slot]!;
      scale += seen[slot]! * (load[rank]! / asked[rank]!);
    }
    if (known > 0.5) loadPerQuery[item] = scale / known;
    else if (loadPerQuery[item] === 0) loadPerQuery[item] = usual;
    else if (queries[item]! > 0 && !isAtRest(map, state.admit, item)) loadPerQuery[item] = before[item]! / queries[item]!;
    demand[item] = queries[item]! * loadPerQuery[item]!;
  }
  return demand;
}
