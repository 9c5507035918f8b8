// How much load each item brings, and how much each site will carry. Queries say where load comes from, reports say how much
// arrives; neither is enough. Resolvers cache, so queries are scaled, site by site, by the load that the sites report; and
// clients keep an answer for a TTL, so to the load that a site has now is added what present plans will yet bring or take:
// who counts only what has arrived sheds the same excess again and again until it does (O. J. M. Smith, "Closer control of
// loops with dead time", 1957, is the way out taken here).

import { type Capacity, type LoadReport, REPORT_EXPIRES_MS } from '../model/capacity.ts';
import type { Site } from '../model/steering.ts';
import { allTowards, eachTowards, loadBySite, movedLoad, products } from './spill-columns.ts';
import type { SpillMap } from './spill-map.ts';
import { type Origins, usualOf, weigh } from './spill-origins.ts';
import { isAtRest } from './spill-shares.ts';
import type { SpillState } from './spill-state.ts';

/**
 * What resolvers happen to hold makes loads waver by some percent from one TTL to the next; that is averaged away, over five TTLs
 * within bounds: over two, plans followed the wavering, and made more of it (docs/spillover.md). A report that differs by more of the
 * target from what present demand would have brought by now is a change of demand: the average begins anew with it, the more so the
 * greater the surprise, and soon rests on many reports again. Compared is with what is foreseen, not with the average: while clients
 * leave a site that more clients come to, its reports pass by the average, and whoever compares with that takes the change for over.
 */
const STEADY_TTLS = 5;
const LEAST_STEADY_SEC = 10;
const MOST_STEADY_SEC = 150;
/** However great the surprise, a report counts only half against the next one: one that is wrong is soon forgotten. */
const LEAST_AVERAGED_SEC = 1;
const WAVER = 0.08;
const CHANGE = 0.15;
/** So much of a change, 0..1, and plans are made anew by more than a little. */
const DISTURBED = 0.5;
/**
 * Where a few resolvers bring all load, reports differ by more than that all the time. What is within two standard deviations of what
 * they have differed by of late is no change; else the average begins anew again and again, and plans follow the resolvers to and fro.
 * The same ends the swing of a site whose reports come late and do not say so: what it swings by becomes usual, loads are averaged over
 * more of it, and less is moved. So many times as long as loads are averaged over is remembered what they differed by.
 */
const USUAL = 2;
const WAVER_STEADY = 4;
/** More than the target is a change, however much a site has wavered. */
const MOST_WAVER = 1;
/** Reports get no older than this if they come once a second and two in a row are lost. */
const LATE_MS = 4000;
/** Seconds that queries are averaged over: a cell of few resolvers is asked less than once a second. */
const QUERY_SMOOTHING_SEC = 150;
/** Capacities may be without bound; their squares must not be. */
const MOST_AMOUNT = 1e15;
/** In place of no query at all: where load is reported that no query explains, all items that could bring it share it. */
const LEAST_QUERIES = 1e-9;
/** More than any number of items that nobody asks for comes to. */
const LEAST_MEASURED = 1e-6;

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
  /** By site index: where its load comes from; null or absent = not told. */
  readonly origins?: readonly (Origins | null | undefined)[] | undefined;
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

/**
 * How late the latest of the reports is that are believed, in seconds; 0 = all are as prompt as usual. Whoever takes a late report for
 * a new one sees what he has moved still there, moves it again, and so on for ever if reports are as late as answers are kept.
 */
export function lateSecOf({ reports }: SpillFacts): number {
  let lateMs = 0;
  for (const report of reports) if (isFresh(report) && report.ageMs > LATE_MS) lateMs = Math.max(lateMs, report.ageMs);
  return lateMs / 1000;
}

/**
 * What is measured, brought up to date in place: `state` is this step's own copy. `before` by item: demand as in the last step;
 * `capacities` by rank; `shares` by slot: of the present plans; `inUse`: the slots with a share.
 */
export function observe(
  state: SpillState,
  facts: SpillFacts,
  elapsedSec: number,
  before: Float64Array,
  capacities: readonly (Capacity | null)[],
  shares: Float64Array,
  inUse: Uint32Array,
): void {
  const { map, load, held, seen, averagedSec, waver } = state;
  state.countedSec = Math.min(state.countedSec + elapsedSec, QUERY_SMOOTHING_SEC);
  heedQuickClients(state, facts, before, capacities, shares, inUse);
  const { itemOfSlot, site: siteOfSlot } = map;
  const arrived = movedLoad(inUse, load.length, itemOfSlot, siteOfSlot, before, seen, held);
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
      const usual = Math.min(MOST_WAVER, Math.max(WAVER, USUAL * Math.sqrt(waver[rank]!)));
      const change = Math.min(1, Math.max(0, (surprise - usual) / (CHANGE - WAVER)));
      if (change >= DISTURBED) state.disturbedMs = state.atMs;
      // one that is a change already counts no more than that: a jump, or a wrong report, must not pass for what is usual
      const wavered = Math.min(surprise, usual + CHANGE - WAVER);
      waver[rank]! += (wavered ** 2 - waver[rank]!) * Math.min(1, elapsedSec / (WAVER_STEADY * steadySec));
      const averaged = Math.max(LEAST_AVERAGED_SEC, Math.min(averagedSec[rank]!, steadySec * (1 - change)));
      parts[rank] = elapsedSec / (elapsedSec + averaged);
      averagedSec[rank] = Math.min(steadySec, averaged + elapsedSec);
      load[rank] = known + (report.current - known) * parts[rank]!;
    }
  }
  eachTowards(inUse, seen, held, siteOfSlot, parts);
  average(state.queries, measuredQueries(map, facts), elapsedSec === 0 ? 0 : elapsedSec / state.countedSec);
  const now = Float64Array.from(map.siteOfRank, (site) => {
    const report = facts.reports[site];
    return isFresh(report) && isAmount(report.current) ? report.current : Number.NaN;
  });
  weigh(state, facts.origins, now, before, elapsedSec, inUse);
}

/** What was measured counts for so much; all of it where nothing was known. */
function average(queries: Float64Array, measured: Float64Array, part: number): void {
  for (let item = 0; item < queries.length; item++) {
    if (Number.isNaN(measured[item])) continue;
    const known = queries[item]!;
    queries[item] = known === 0 ? measured[item]! : known + (measured[item]! - known) * part;
  }
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
  inUse: Uint32Array,
): void {
  const arrived = movedLoad(inUse, load.length, map.itemOfSlot, map.site, before, seen, held);
  const coming = movedLoad(inUse, load.length, map.itemOfSlot, map.site, before, held, shares);
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
  if (part > 0) allTowards(inUse, held, shares, part);
}

const steadySecFor = (ttlSec: number): number => Math.min(MOST_STEADY_SEC, Math.max(LEAST_STEADY_SEC, ttlSec * STEADY_TTLS));

/**
 * By item: queries a second of all its clients; NaN = not known. Where nobody is asked anything no server is heard: taken for no
 * queries, that would make each of the few that are left stand for ever more load.
 */
function measuredQueries(map: SpillMap, { queries }: SpillFacts): Float64Array {
  const measured = new Float64Array(map.itemCount).fill(Number.NaN);
  const { firstOwner, ownerItem, ownerClass, ownerShare } = map;
  for (let policy = 0; policy < firstOwner.length - 1; policy++) {
    const values = queries[policy];
    if (values === null || values === undefined) continue;
    const counts = values instanceof Float64Array ? values : Float64Array.from(values);
    addQueries(counts, firstOwner[policy]!, firstOwner[policy + 1]!, ownerItem, ownerClass, ownerShare, measured);
  }
  return measured.some((value) => value > LEAST_MEASURED) ? measured : measured.fill(Number.NaN);
}

function addQueries(
  counts: Float64Array,
  begin: number,
  end: number,
  ownerItem: Uint32Array,
  ownerClass: Uint32Array,
  ownerShare: Float64Array,
  measured: Float64Array,
): void {
  for (let owner = begin; owner < end; owner++) {
    const of = ownerClass[owner]!;
    const value = of < counts.length ? counts[of]! : Number.NaN;
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) continue;
    const item = ownerItem[owner]!;
    measured[item] = (Number.isNaN(measured[item]) ? LEAST_QUERIES : measured[item]!) + value * ownerShare[owner]!;
  }
}

/**
 * By item, the load that it brings; also remembers it per query, for the time when its sites are silent. Answers for finer
 * networks, which parting an item needs, are asked for more often: without reports that would look like more load, so that
 * of an item that spills since a short time silence keeps the demand as it was in the last step (`before`). Once answers from before
 * have run out, and with them their part in the mean of queries, demand follows queries again: a crowd that leaves while an agent
 * is silent would never be seen to leave.
 */
export function demandOf(
  state: SpillState,
  last: SpillState,
  before: Float64Array,
  inUse: Uint32Array,
  ttlSec: number,
): Float64Array {
  const { map, load, queries, weight, loadPerQuery } = state;
  const asked = askedBySite(state, inUse);
  const change = changeOfUsual(load, asked, last.load, askedBySite(last, inUse));
  const usual = usualOf(load, asked);
  /** By rank; NaN = not known. */
  const perQuery = new Float64Array(load.length).fill(Number.NaN);
  for (let rank = 0; rank < load.length; rank++) {
    if (Number.isNaN(load[rank]) || asked[rank] === 0) continue;
    perQuery[rank] = load[rank]! / asked[rank]!;
  }
  const known = new Float64Array(map.itemCount);
  const scale = new Float64Array(map.itemCount);
  addKnown(inUse, map.itemOfSlot, map.site, state.seen, perQuery, known, scale);
  const demand = new Float64Array(map.itemCount);
  const mixedMs = (2 * ttlSec + QUERY_SMOOTHING_SEC) * 1000;
  const isNewlyParted = (item: number): boolean =>
    !isAtRest(map, state.admit, item) && state.atMs - state.sinceMs[item]! < mixedMs;
  for (let item = 0; item < demand.length; item++) {
    if (known[item]! > 0.5) loadPerQuery[item] = (weight[item]! * scale[item]!) / known[item]!;
    else if (loadPerQuery[item] === 0) loadPerQuery[item] = weight[item]! * usual;
    else if (queries[item]! > 0 && isNewlyParted(item)) loadPerQuery[item] = before[item]! / queries[item]!;
    else loadPerQuery[item]! *= change;
    demand[item] = queries[item]! * loadPerQuery[item]!;
  }
  return demand;
}

/** By rank: queries a second of those who are seen there. */
const askedBySite = ({ map, load, queries, weight, seen }: SpillState, inUse: Uint32Array): Float64Array =>
  loadBySite(inUse, load.length, map.itemOfSlot, map.site, products(queries, weight), seen);

/**
 * What a query stands for now, by what it stood for in the last step, over the sites that are known in both: a server that is cut off
 * counts no queries, and when it is back each query stands for less again, at silent sites too.
 */
function changeOfUsual(load: Float64Array, asked: Float64Array, lastLoad: Float64Array, lastAsked: Float64Array): number {
  let [now, askedNow, then, askedThen] = [0, 0, 0, 0];
  for (let rank = 0; rank < load.length; rank++) {
    if (Number.isNaN(load[rank]) || Number.isNaN(lastLoad[rank])) continue;
    now += load[rank]!;
    askedNow += asked[rank]!;
    then += lastLoad[rank]!;
    askedThen += lastAsked[rank]!;
  }
  return now > 0 && askedNow > 0 && then > 0 && askedThen > 0 ? now / askedNow / (then / askedThen) : 1;
}

/** By item: the share of its clients at sites whose load is known, and what a query of those stands for, times that share. */
function addKnown(
  inUse: Uint32Array,
  itemOfSlot: Uint32Array,
  site: Uint16Array,
  seen: Float64Array,
  perQuery: Float64Array,
  known: Float64Array,
  scale: Float64Array,
): void {
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    const each = perQuery[site[slot]!]!;
    if (seen[slot] === 0 || Number.isNaN(each)) continue;
    const item = itemOfSlot[slot]!;
    known[item]! += seen[slot]!;
    scale[item]! += seen[slot]! * each;
  }
}
