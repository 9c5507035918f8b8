// The spill step: from what is known at a moment and what the last step concluded, how much of each class each site may take.
// Only what is above a site's target is shed, the cheapest extra distance first, never onto a site above its own target while
// another has room: at once, since a full site is a failing site. What was shed comes back slowly, and only when that saves a
// good part of the extra distance (spill-review.ts). Pure: no clock, no random number, and sums that do not depend on the
// order of anything, so that servers with equal facts make equal plans.
//
// Laws (test/unit/steering/spill.test.ts): every item's shares sum to one; no site is brought above its target by a move while
// a site that its load may go to has room; a site is given up only if no other can be reached, never all of them.

import type { Capacity } from '../model/capacity.ts';
import { products, scale, scaled, slotsInUse, wholeFlow, wholePending } from './spill-columns.ts';
import { capacityNow, demandOf, lateSecOf, observe, type SpillFacts } from './spill-demand.ts';
import { Flows, naturalFlow } from './spill-flow.ts';
import { follow, turn } from './spill-held.ts';
import { ADMIT_ALL, type LeafLimits, type SpillLimits } from './spill-limits.ts';
import type { SpillMap } from './spill-map.ts';
import { approach, excessPrice, freePart } from './spill-review.ts';
import { isAtRest, limitsFor, sharesOfAll } from './spill-shares.ts';
import { copyOf, recordOf, type SpillState, stateFrom } from './spill-state.ts';

/**
 * A site gives away at most so much of the load that it has at once, and again in every TTL: a wrong report does not empty it
 * in one go. What has not arrived there yet, because plans have only just changed, may all go elsewhere.
 */
const SHED_PER_TTL = 0.5;
/** Plans are looked over so often, and approach better ones by at most so much: a third of the way at a look, after a disaster. */
const REVIEWS_PER_TTL = 5;
const APPROACH_PER_TTL = 1.6;
/** That much only while better plans save at least so much; less in proportion, so that the last per cents are not hunted for. */
const MUCH_BETTER = 0.05;
/**
 * Better plans are worth moving clients for if they would have saved more of the extra distance than the first share, for so long
 * that what was missed, summed over TTLs, comes to PATIENCE; and until the second is left. Which plans are best wavers as demand
 * does; a saving that is real lasts. (Whoever may buy what he rents does best to buy once the rent has come to the price: R. Karp,
 * 1992, on algorithms that do not know what comes.)
 */
const WORTHWHILE = 0.04;
const GOOD_ENOUGH = 0.01;
const PATIENCE = 0.2;
/**
 * After a disturbance there is less patience, none at first: what was done in haste, from what was known then, is a saving that is real.
 * All of it is back after so many TTLs.
 */
const CALM_TTLS = 20;
/** What nobody holds yet changes at once, but not in crumbs: plans that change at each look for next to nobody make answers waver. */
const CRUMB = 0.05;
/**
 * Excess not worth a new plan, as a share of the target: a fifth of the room that there is from target to max, within bounds. A site
 * that few resolvers fill wavers by 6 % from one TTL to the next, and by 2 % in the mean of five: where 3 % was too much, noise alone
 * passed it one time in fifteen, and plans that followed it made more of it (docs/spillover.md). 5 % it hardly ever passes.
 */
const NEGLIGIBLE = { least: 0.03, most: 0.05, ofRoom: 0.2 };
/**
 * In calm a site that has passed what is negligible keeps so much of that: what noise brings beyond it needs no more. After a disturbance it
 * gives away all that is above its target.
 */
const KEPT_IN_CALM = 0.5;
/** When everything that can be reached is full, ceilings rise together in steps of 5 %, to at most 16 times the targets. */
const CEILING_STEP = 1.05;
const HIGHEST_CEILING = 16;
/** The largest target is so many units of flow. */
const GRAIN = 2 ** 24;
/** A longer pause tells nothing about what happened in it. */
const LONGEST_STEP_SEC = 60;

/** What was known and concluded, for people and for the next step. All by rank of the map, in units of load. */
export interface SpillOutcome {
  readonly state: SpillState;
  /** What each site will carry under the plans before and after this step, once answers given under older ones have run out. */
  readonly loadBefore: Float64Array;
  readonly loadAfter: Float64Array;
  /** NaN = not known. */
  readonly target: Float64Array;
  /** By item: the load that it brings. */
  readonly demand: Float64Array;
  /** By slot: what is sent there. */
  readonly flow: Float64Array;
}

/** The first state for a map, or the last one carried over to it. */
export function spillStateFor(map: SpillMap, last: SpillState | undefined, nowMs: number): SpillState {
  if (last?.map === map) return last;
  return stateFrom(map, last && recordOf(last), nowMs);
}

/**
 * Makes one step. `last` is not changed. `spare` is an outcome of the same map, not that of `last`, which nobody reads any more: its
 * columns are written over, as a world's are megabytes that wait for a collection otherwise.
 */
export function spillStep(last: SpillState, facts: SpillFacts, spare?: SpillOutcome): SpillOutcome {
  const { map } = last;
  const room = roomFor(map);
  const elapsedSec = Math.min(Math.max(0, (facts.nowMs - last.atMs) / 1000), LONGEST_STEP_SEC);
  const state = copyOf(last, facts.nowMs, spare?.state);
  const capacities = map.siteOfRank.map((site) => capacityNow(map.model.sites[site]!, facts.reports[site]));
  const shares = sharesOfAll(map, state.admit, room.shares);
  const inUse = slotsInUse(state.held, state.seen, shares, room.inUse);
  const ttls = elapsedSec / Math.max(1, facts.ttlSec);
  follow(state, shares, inUse, elapsedSec, Math.max(1, facts.ttlSec), lateSecOf(facts));
  const before = products(last.queries, last.loadPerQuery);
  observe(state, facts, elapsedSec, before, capacities, shares, inUse);
  const demand = demandOf(state, last, before, inUse, facts.ttlSec);

  const target = Float64Array.from(capacities, (capacity) => capacity?.target ?? Number.NaN);
  const unit = unitOf(target, demand);
  const flows = flowsOf(state, demand, shares, target, unit, inUse, room, spare?.flow);
  const loadBefore = scaled(flows.load, unit);
  const ceiling = target.map((value, rank) => Math.floor((value * map.ramp[rank]!) / unit));
  const bearable = ceiling.map((value, rank) => value * (1 + negligibleOf(capacities[rank]!)));
  const calmTtls = (facts.nowMs - state.disturbedMs) / 1000 / Math.max(1, facts.ttlSec);
  const calm = Math.min(1, Math.max(0, calmTtls) / CALM_TTLS);
  const kept = ceiling.map((value, rank) => value + calm * KEPT_IN_CALM * (bearable[rank]! - value));
  shed(flows, state.load, unit, ceiling, bearable, kept, state.allowance, ttls);
  const sinceReviewTtls = (facts.nowMs - last.reviewedMs) / 1000 / Math.max(1, facts.ttlSec);
  if (sinceReviewTtls * REVIEWS_PER_TTL >= 1) {
    const ideal = idealOf(flows, ceiling, room.ideal);
    const excess = excessPrice(flows, ideal);
    const missed = Math.max(0, last.missed + (Math.min(1, excess) - WORTHWHILE) * Math.min(1, sinceReviewTtls));
    const isImproving = last.isImproving ? excess > GOOD_ENOUGH : missed > PATIENCE * calm;
    state.isImproving = isImproving;
    state.missed = isImproving ? 0 : missed;
    state.reviewedMs = facts.nowMs;
    const usual = Math.min(1, sinceReviewTtls * APPROACH_PER_TTL * Math.min(1, excess / MUCH_BETTER));
    const free = excess > WORTHWHILE ? freePart(flows, ideal, state.held) : 0;
    const part = Math.max(isImproving ? usual : 0, free < CRUMB ? 0 : free);
    if (part > 0) approach(flows, ideal, part);
  }
  conclude(state, flows, shares);
  return {
    state,
    loadBefore,
    loadAfter: scaled(flows.load, unit),
    target,
    demand,
    flow: scale(flows.flow, unit),
  };
}

/** What a state means for plans. */
export function spillLimits({ map, admit }: SpillState): SpillLimits {
  const byPolicy = map.model.policies.map(() => new Map<number, Map<string, LeafLimits>>());
  for (let item = 0; item < map.itemCount; item++) {
    if (isAtRest(map, admit, item)) continue;
    // of the policies that share an item most have one leaf, and those can share the limits too
    let whole: LeafLimits | undefined;
    for (const { policy, class: of, paths } of map.owners[item]!) {
      const byPath = byPolicy[policy]!.get(of) ?? new Map<string, LeafLimits>();
      byPolicy[policy]!.set(of, byPath);
      const leaves = new Set(paths);
      for (const path of leaves) {
        if (leaves.size === 1) whole ??= leafLimits(map, admit, item, paths, path);
        byPath.set(path, leaves.size === 1 ? whole! : leafLimits(map, admit, item, paths, path));
      }
    }
  }
  return byPolicy;
}

function leafLimits(map: SpillMap, admit: Uint32Array, item: number, paths: readonly string[], leaf: string): LeafLimits {
  const limits = new Map<number, number>();
  for (const [i, path] of paths.entries()) {
    const slot = map.first[item]! + i;
    if (path === leaf && admit[slot] !== ADMIT_ALL) limits.set(map.siteOfRank[map.site[slot]!]!, admit[slot]!);
  }
  return limits;
}

/** By slot: the shares of the present plans. */
export const sharesOf = ({ map, admit }: SpillState): Float64Array => sharesOfAll(map, admit);

/** Columns by slot that only the step reads which is being made. */
interface Room {
  readonly inUse: Uint32Array;
  readonly shares: Float64Array;
  readonly natural: Float64Array;
  readonly ideal: Float64Array;
}

const rooms = new WeakMap<SpillMap, Room>();

function roomFor(map: SpillMap): Room {
  const { length } = map.site;
  const column = (): Float64Array => new Float64Array(length);
  const room = rooms.get(map) ?? { inUse: new Uint32Array(length), shares: column(), natural: column(), ideal: column() };
  rooms.set(map, room);
  return room;
}

function unitOf(target: Float64Array, demand: Float64Array): number {
  let most = 0;
  for (const value of target) if (value > most && value < Number.POSITIVE_INFINITY) most = value;
  for (const value of demand) most = Math.max(most, value);
  return most > 0 ? most / GRAIN : 1;
}

function flowsOf(
  state: SpillState,
  demand: Float64Array,
  shares: Float64Array,
  target: Float64Array,
  unit: number,
  inUse: Uint32Array,
  room: Room,
  into: Float64Array = new Float64Array(shares.length),
): Flows {
  const { map, seen } = state;
  const amounts = demand.map((value) => Math.round(value / unit));
  const planned = new Float64Array(target.length);
  const flow = wholeFlow(inUse, map.itemOfSlot, map.site, amounts, shares, planned, into);
  const pending = wholePending(inUse, target.length, map.itemOfSlot, map.site, amounts, shares, seen);
  const load = state.load.map((value, rank) =>
    Number.isNaN(value) ? planned[rank]! : Math.max(0, Math.round(value / unit) + pending[rank]!),
  );
  return new Flows(
    map,
    amounts,
    flow,
    load,
    Uint8Array.from(target, (value) => (Number.isNaN(value) ? 0 : 1)),
    false,
    naturalFlow(map, amounts, room.natural),
  );
}

function negligibleOf(capacity: Capacity | null): number {
  if (capacity === null || capacity.target <= 0) return NEGLIGIBLE.least;
  const ofRoom = (NEGLIGIBLE.ofRoom * (capacity.max - capacity.target)) / capacity.target;
  return Math.max(NEGLIGIBLE.least, Math.min(NEGLIGIBLE.most, ofRoom));
}

/**
 * `reported` by rank in the unit of the sites, NaN = not known. Up to what is `bearable` a site keeps what is above its ceiling; beyond
 * that it gives load away until it has what is to be `kept`.
 */
function shed(
  flows: Flows,
  reported: Float64Array,
  unit: number,
  ceiling: Float64Array,
  bearable: Float64Array,
  kept: Float64Array,
  allowance: Float64Array,
  ttls: number,
): void {
  const { load } = flows;
  const present = load.map((value, rank) => (Number.isNaN(reported[rank]) ? value : Math.min(value, reported[rank]! / unit)));
  const coming = load.map((value, rank) => value - present[rank]!);
  const most = new Float64Array(load.length);
  const budget = new Float64Array(load.length);
  for (let rank = 0; rank < load.length; rank++) {
    allowance[rank] = Math.min(1, allowance[rank]! + ttls);
    if (load[rank]! <= bearable[rank]!) continue;
    most[rank] = coming[rank]! + present[rank]! * SHED_PER_TTL * allowance[rank]!;
    budget[rank] = Math.min(most[rank]!, load[rank]! - kept[rank]!);
  }
  const granted = budget.slice();
  relieveAll(flows, ceiling, budget, bearable);
  for (let rank = 0; rank < load.length; rank++) {
    const spent = granted[rank]! - budget[rank]! - coming[rank]!;
    if (spent > 0) allowance[rank]! *= 1 - Math.min(1, spent / (most[rank]! - coming[rank]!));
  }
}

/**
 * The best plans for a demand by item, from plans in which nothing spills: by slot, the load that is sent there. `target` by rank,
 * NaN = not known.
 */
export function bestFlow(map: SpillMap, demand: Float64Array, target: Float64Array): Float64Array {
  const unit = unitOf(target, demand);
  const amounts = demand.map((value) => Math.round(value / unit));
  const natural = naturalFlow(map, amounts);
  const load = new Float64Array(target.length);
  for (let slot = 0; slot < natural.length; slot++) load[map.site[slot]!]! += natural[slot]!;
  const isBounded = Uint8Array.from(target, (value) => (Number.isNaN(value) ? 0 : 1));
  const flows = new Flows(map, amounts, natural.slice(), load, isBounded, true, natural);
  const ceiling = target.map((value, rank) => Math.floor((value * map.ramp[rank]!) / unit));
  relieveAll(flows, ceiling, new Float64Array(load.length).fill(Number.POSITIVE_INFINITY));
  return scaled(flows.flow, unit);
}

/**
 * Relieves sites; when everything that can be reached is full, they are filled evenly beyond their ceilings. A site keeps what is
 * above its ceiling while that is `bearable`, beyond raised ceilings too: in a world without room all are just above or just below
 * one of those, and load would go round for ever.
 */
function relieveAll(flows: Flows, ceiling: Float64Array, budget: Float64Array, bearable = ceiling): void {
  for (let factor = 1; factor <= HIGHEST_CEILING; factor *= CEILING_STEP) {
    const granted = budget.map((value, rank) => (flows.load[rank]! > bearable[rank]! * factor ? value : 0));
    const left = granted.slice();
    const isFull = flows.relieve(
      ceiling.map((value) => Math.floor(value * factor)),
      left,
    );
    for (let rank = 0; rank < budget.length; rank++) if (granted[rank]! > 0) budget[rank] = left[rank]!;
    if (!isFull) return;
  }
}

/** The best plans for the same demand, made from plans in which nothing spills. */
function idealOf(flows: Flows, ceiling: Float64Array, best: Float64Array): Flows {
  const { map, demand, natural, flow, isBounded } = flows;
  const load = flows.load.slice();
  addDifference(map.site, natural, flow, load);
  best.set(natural);
  const ideal = new Flows(map, demand, best, load, isBounded, true, natural);
  relieveAll(ideal, ceiling, new Float64Array(load.length).fill(Number.POSITIVE_INFINITY));
  return ideal;
}

function addDifference(site: Uint16Array, a: Float64Array, b: Float64Array, bySite: Float64Array): void {
  for (let slot = 0; slot < a.length; slot++) bySite[site[slot]!]! += a[slot]! - b[slot]!;
}

/** New limits for the items that moved. */
function conclude(state: SpillState, flows: Flows, shares: Float64Array): void {
  const { map, admit, sinceMs, atMs } = state;
  for (let item = 0; item < map.itemCount; item++) {
    if (flows.hasMoved[item] === 0) continue;
    turn(state, item, shares, flows.flow, flows.demand[item]!);
    limitsFor(map, flows.flow, item, admit);
    if (isAtRest(map, admit, item)) sinceMs[item] = 0;
    else if (sinceMs[item] === 0) sinceMs[item] = atMs;
  }
}
