// What spill remembers from step to step, in columns of a map; and the same by name, for another map (after a change of health
// or a reload), another server or a restart. A server that takes over the record of another one goes on exactly as that would.

import { ADMIT_ALL } from './spill-limits.ts';
import type { SpillMap } from './spill-map.ts';

/** Share of an item's clients. */
const MANY_LOST = 0.05;

export interface SpillState {
  readonly map: SpillMap;
  /** When the step was made, in milliseconds of the clock that all servers share. */
  atMs: number;
  /** For how many seconds queries have been averaged, up to a minute. */
  countedSec: number;
  /** By slot: what the site takes of what it would take (spill-limits.ts). */
  readonly admit: Uint32Array;
  /** By slot: the share of the item's clients whose answer, not yet run out, names this site. */
  readonly held: Float64Array;
  /** By item: for how long clients have followed its present plan (spill-held.ts). */
  readonly followedSec: Float64Array;
  /** By slot: `held` as the smoothed reports show it: averaged as they are. */
  readonly seen: Float64Array;
  /** By item: queries a second, smoothed. */
  readonly queries: Float64Array;
  /** By item: load that comes with a query a second; 0 = not known. */
  readonly loadPerQuery: Float64Array;
  /** By item: what one of its queries counts for beside those of others (spill-origins.ts). */
  readonly weight: Float64Array;
  /** By item: load as sampled at the sites, smoothed; NaN = never. For how many seconds samples have been averaged. */
  readonly sampled: Float64Array;
  sampledSec: number;
  /** By item: since when it spills, 0 = it does not. */
  readonly sinceMs: Float64Array;
  /** By rank: load as reported, smoothed; NaN = no believable report. */
  readonly load: Float64Array;
  /** By rank: for how many seconds that has been averaged since it last changed. */
  readonly averagedSec: Float64Array;
  /** By rank: the mean square of what reports differ by from what is foreseen, as a share of the target: how much the site wavers. */
  readonly waver: Float64Array;
  /** By rank: what may still be shed at once, as a share of the load. */
  readonly allowance: Float64Array;
  /** When the world last changed by more than it wavers: a site came or went, or load jumped. */
  disturbedMs: number;
  /** When plans were last compared with better ones, what has been missed by not having those, and whether they are on their way to such. */
  reviewedMs: number;
  missed: number;
  isImproving: boolean;
}

/** A state by name. Plain data: fit for JSON. */
export interface SpillRecord {
  readonly atMs: number;
  readonly countedSec: number;
  /** Servers of before do not tell it. */
  readonly sampledSec?: number;
  readonly reviewedMs: number;
  /** Share of the extra distance, summed over TTLs; servers of before do not tell it. */
  readonly missed?: number;
  readonly isImproving: boolean;
  /** Servers of before do not tell it. */
  readonly disturbedMs?: number;
  /** By key of the item; `slots` by site id, `#2` behind the second of one site; absent = open, and nobody holds it. */
  readonly items: Readonly<Record<string, ItemRecord>>;
  /** By site id. */
  readonly sites: Readonly<Record<string, SiteRecord>>;
}

interface ItemRecord {
  readonly queries: number;
  readonly loadPerQuery: number;
  /** Servers of before do not tell it. */
  readonly weight?: number;
  readonly sinceMs: number;
  /** Servers of before do not tell it. */
  readonly followedSec?: number;
  readonly slots: Readonly<Record<string, readonly [admit: number, held: number, seen: number]>>;
}

interface SiteRecord {
  readonly load: number | null;
  readonly averagedSec: number;
  /** Servers of before do not tell it. */
  readonly waver?: number;
  readonly allowance: number;
}

export function recordOf(state: SpillState): SpillRecord {
  const { map } = state;
  const items: Record<string, ItemRecord> = {};
  const names = slotNames(map);
  for (let item = 0; item < map.itemCount; item++) {
    const slots: Record<string, readonly [admit: number, held: number, seen: number]> = {};
    for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
      const [admit, held, seen] = [state.admit[slot]!, state.held[slot]!, state.seen[slot]!];
      if (admit !== ADMIT_ALL || held !== 0 || seen !== 0) slots[names[slot]!] = [admit, held, seen];
    }
    items[map.keys[item]!] = {
      queries: state.queries[item]!,
      loadPerQuery: state.loadPerQuery[item]!,
      weight: state.weight[item]!,
      sinceMs: state.sinceMs[item]!,
      followedSec: state.followedSec[item]!,
      slots,
    };
  }
  const sites = Object.fromEntries(
    map.siteOfRank.map((site, rank) => {
      const load = state.load[rank]!;
      const record = {
        load: Number.isNaN(load) ? null : load,
        averagedSec: state.averagedSec[rank]!,
        waver: state.waver[rank]!,
        allowance: state.allowance[rank]!,
      };
      return [map.model.sites[site]!.id, record];
    }),
  );
  const { atMs, countedSec, sampledSec, reviewedMs, missed, isImproving, disturbedMs } = state;
  return { atMs, countedSec, sampledSec, reviewedMs, missed, isImproving, disturbedMs, items, sites };
}

/** Whether anybody is sent elsewhere than without it. */
export const spills = ({ items }: SpillRecord): boolean =>
  Object.values(items).some(({ slots }) => Object.values(slots).some(([admit]) => admit !== ADMIT_ALL));

/**
 * The state for a map: as recorded for items and sites of the same name, at rest otherwise. Where the sites that an item
 * prefers are others than when the record was made, farther sites that were closed to it are open again.
 */
export function stateFrom(map: SpillMap, record: SpillRecord | undefined, nowMs: number): SpillState {
  const state: SpillState = {
    map,
    atMs: record?.atMs ?? nowMs,
    countedSec: record?.countedSec ?? 0,
    admit: new Uint32Array(map.site.length).fill(ADMIT_ALL),
    held: map.natural.slice(),
    followedSec: new Float64Array(map.itemCount),
    seen: map.natural.slice(),
    queries: new Float64Array(map.itemCount),
    loadPerQuery: new Float64Array(map.itemCount),
    weight: new Float64Array(map.itemCount).fill(1),
    sampled: new Float64Array(map.itemCount).fill(Number.NaN),
    sampledSec: record?.sampledSec ?? 0,
    sinceMs: new Float64Array(map.itemCount),
    load: new Float64Array(map.siteOfRank.length).fill(Number.NaN),
    averagedSec: new Float64Array(map.siteOfRank.length),
    waver: new Float64Array(map.siteOfRank.length),
    allowance: new Float64Array(map.siteOfRank.length).fill(1),
    reviewedMs: record?.reviewedMs ?? nowMs,
    // a map of its own: health has changed, or the configuration
    disturbedMs: nowMs,
    missed: record?.missed ?? 0,
    isImproving: record?.isImproving ?? false,
  };
  for (let item = 0; item < map.itemCount; item++) {
    const known = record?.items[map.keys[item]!];
    if (known !== undefined) adopt(state, item, known);
  }
  for (const [rank, site] of map.siteOfRank.entries()) {
    const known = record?.sites[map.model.sites[site]!.id];
    if (known === undefined) continue;
    state.load[rank] = known.load ?? Number.NaN;
    state.averagedSec[rank] = known.averagedSec;
    state.waver[rank] = known.waver ?? 0;
    state.allowance[rank] = known.allowance;
  }
  return state;
}

/** A state of its own that a step may change, in the columns of one that nobody reads any more, if there is such. */
export function copyOf(state: SpillState, atMs: number, spare?: SpillState): SpillState {
  return {
    map: state.map,
    atMs,
    countedSec: state.countedSec,
    admit: copied(state.admit, spare?.admit),
    held: copied(state.held, spare?.held),
    followedSec: copied(state.followedSec, spare?.followedSec),
    seen: copied(state.seen, spare?.seen),
    queries: copied(state.queries, spare?.queries),
    loadPerQuery: copied(state.loadPerQuery, spare?.loadPerQuery),
    weight: copied(state.weight, spare?.weight),
    sampled: copied(state.sampled, spare?.sampled),
    sampledSec: state.sampledSec,
    sinceMs: copied(state.sinceMs, spare?.sinceMs),
    load: copied(state.load, spare?.load),
    averagedSec: copied(state.averagedSec, spare?.averagedSec),
    waver: copied(state.waver, spare?.waver),
    allowance: copied(state.allowance, spare?.allowance),
    disturbedMs: state.disturbedMs,
    reviewedMs: state.reviewedMs,
    missed: state.missed,
    isImproving: state.isImproving,
  };
}

function copied<T extends Float64Array | Uint32Array>(column: T, room: T | undefined): T {
  if (room === undefined) return column.slice() as T;
  room.set(column);
  return room;
}

function adopt(state: SpillState, item: number, known: ItemRecord): void {
  const { map } = state;
  state.queries[item] = known.queries;
  state.loadPerQuery[item] = known.loadPerQuery;
  state.weight[item] = known.weight ?? 1;
  const names = slotNames(map);
  const [first, end] = [map.first[item]!, map.first[item + 1]!];
  let isChanged = false;
  for (let slot = first; slot < end && !isChanged; slot++) {
    isChanged = map.natural[slot]! > 0 && known.slots[names[slot]!] === undefined;
  }
  state.followedSec[item] = isChanged || isLost(known, names, first, end) ? 0 : (known.followedSec ?? 0);
  let limited = false;
  for (let slot = first; slot < end; slot++) {
    const values = known.slots[names[slot]!];
    const admit = values?.[0] ?? ADMIT_ALL;
    state.held[slot] = values?.[1] ?? 0;
    state.seen[slot] = values?.[2] ?? 0;
    if (isChanged && map.natural[slot] === 0) continue;
    state.admit[slot] = admit;
    limited ||= admit !== ADMIT_ALL;
  }
  state.sinceMs[item] = limited ? known.sinceMs : 0;
}

/** Whether clients hold a site that they have no slot for any more. */
function isLost({ slots }: ItemRecord, names: readonly string[], first: number, end: number): boolean {
  let [left, all] = [0, 0];
  for (let slot = first; slot < end; slot++) left += slots[names[slot]!]?.[1] ?? 0;
  for (const [, held] of Object.values(slots)) all += held;
  return all - left > MANY_LOST;
}

const knownNames = new WeakMap<SpillMap, readonly string[]>();

/** By slot: site id, `#2` behind the second of one site in an item. Made once for each map. */
function slotNames(map: SpillMap): readonly string[] {
  const known = knownNames.get(map);
  if (known !== undefined) return known;
  const { model, first, site, siteOfRank, itemCount } = map;
  const ids = siteOfRank.map((index) => model.sites[index]!.id);
  const lastItem = new Int32Array(ids.length).fill(-1);
  const count = new Int32Array(ids.length);
  const names: string[] = [];
  for (let item = 0; item < itemCount; item++) {
    for (let slot = first[item]!; slot < first[item + 1]!; slot++) {
      const rank = site[slot]!;
      count[rank] = lastItem[rank] === item ? count[rank]! + 1 : 1;
      lastItem[rank] = item;
      names.push(count[rank]! > 1 ? `${ids[rank]}#${count[rank]}` : ids[rank]!);
    }
  }
  knownNames.set(map, names);
  return names;
}
