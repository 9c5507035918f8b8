// What a query of each item stands for beside the queries of others, learnt from where the load of sites comes from. Resolvers cache:
// one that a million people share asks as often as one of a thousand. So queries alone tell of some classes a third of the load that
// they bring and of others three times as much, and whoever moves those is off by as much (docs/spillover.md). Where agents tell a random
// sample of their clients, each item's queries get a weight: what was sampled of it, by what its queries alone would make of it.
//
// Invariant: without samples all weights stay what they are, 1 at first; whatever is sampled, they stay within bounds.

import { SAMPLE_MS } from '../model/capacity.ts';
import { loadBySite } from './spill-columns.ts';
import type { SpillMap } from './spill-map.ts';

/** Where the load of a site comes from: a random sample of it, by cell. Without order; the same cell may come twice. */
export interface Origins {
  readonly cells: ArrayLike<number>;
  /** How many parts of the sample, above 0. */
  readonly parts: ArrayLike<number>;
}

const SAMPLE_SEC = SAMPLE_MS / 1000;
/** Samples are averaged over so long. */
const SMOOTHING_SEC = 150;
/** Queries alone count as much as so many parts of a sample: an item of which a handful was sampled is no better known by that. */
const PRIOR_PARTS = 4;
/** More of one network than any sample has. */
const MOST_PARTS = 1e6;
const UNITS_PER_PART = 2 ** 20;
/** However wrong queries are, they are not wrong by more. */
const MOST_WEIGHT = 64;
/** Of an item of which less is at sites that tell samples nothing is learnt: what is known of few clients says little of all. */
const LEAST_KNOWN = 0.5;

/** The columns of a state that are read, and brought up to date: by item, but for `held` (by slot). */
interface Weighed {
  readonly map: SpillMap;
  readonly held: Float64Array;
  readonly queries: Float64Array;
  /** What a query counts for beside those of other items. */
  readonly weight: Float64Array;
  /** Load as sampled, smoothed; NaN = never. */
  readonly sampled: Float64Array;
  sampledSec: number;
}

/**
 * `origins` by site index, null or absent = not told. `load` by rank: as reported now, NaN = not known; a sample is of what is there now,
 * so it is held against what clients hold now, and against no average. `before` by item: demand as in the last step.
 */
export function weigh(
  state: Weighed,
  origins: readonly (Origins | null | undefined)[] | undefined,
  load: Float64Array,
  before: Float64Array,
  elapsedSec: number,
  inUse: Uint32Array,
): void {
  if (origins === undefined || elapsedSec === 0 || origins.every((sample) => sample === null || sample === undefined)) return;
  const { map, held, queries, weight, sampled } = state;
  const asked = loadBySite(inUse, load.length, map.itemOfSlot, map.site, queries, held);
  /** By rank: parts in its sample that say anything; 0 = none. */
  const count = new Float64Array(load.length);
  const found = new Float64Array(map.itemCount);
  /** By item: nothing, between two sites. */
  const units = new Float64Array(map.itemCount);
  const here = new Here(map, held, queries, inUse);
  for (const [rank, site] of map.siteOfRank.entries()) {
    const sample = origins[site];
    if (sample === null || sample === undefined || !(load[rank]! > 0) || asked[rank] === 0) continue;
    count[rank] = addFound(map, here.at(rank), load[rank]!, sample, units, found);
  }
  const all = sumOf(count);
  if (all === 0) return;
  state.sampledSec = Math.min(SMOOTHING_SEC, state.sampledSec + elapsedSec);
  const fresh = Math.min(1, elapsedSec / state.sampledSec);
  const known = new Float64Array(map.itemCount);
  addKnown(inUse, map.itemOfSlot, map.site, held, count, known);
  // the same whoever falls silent: else all weights would change with it
  const usual = sumOf(before) > 0 ? sumOf(before) / sumOf(queries) : usualOf(load, asked);
  const sampledLoad = sumOf(load.map((value, rank) => (count[rank]! > 0 ? value : 0)));
  const partsOfLoad = ((all / sampledLoad) * state.sampledSec) / SAMPLE_SEC;
  for (let item = 0; item < found.length; item++) {
    const byQueries = queries[item]! * usual;
    if (!(byQueries > 0)) continue;
    if (known[item]! >= LEAST_KNOWN) {
      const last = Number.isNaN(sampled[item]) ? weight[item]! * byQueries : sampled[item]!;
      sampled[item] = last + (found[item]! / known[item]! - last) * fresh;
    } else if (Number.isNaN(sampled[item])) continue;
    const parts = byQueries * partsOfLoad;
    const ratio = ((sampled[item]! / byQueries) * parts + PRIOR_PARTS) / (parts + PRIOR_PARTS);
    weight[item] = Math.min(MOST_WEIGHT, Math.max(1 / MOST_WEIGHT, ratio));
  }
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

/** Load that comes with a query a second, over all sites that are known; 0 = none is. */
export function usualOf(load: Float64Array, asked: Float64Array): number {
  let [allLoad, allAsked] = [0, 0];
  for (let rank = 0; rank < load.length; rank++) {
    if (Number.isNaN(load[rank]) || asked[rank] === 0) continue;
    allLoad += load[rank]!;
    allAsked += asked[rank]!;
  }
  return allAsked > 0 ? allLoad / allAsked : 0;
}

const isPart = (value: number | undefined): boolean => value !== undefined && value > 0 && value <= MOST_PARTS;

/** What is asked at one site, by item: all of a site at a time. */
class Here {
  /** By item: queries a second of those who hold the site; 0 = none. */
  readonly asked: Float64Array;
  readonly #map: SpillMap;
  readonly #held: Float64Array;
  readonly #queries: Float64Array;
  /** The slots in use, site after site, and where each site begins. */
  readonly #slots: Uint32Array;
  readonly #begin: Uint32Array;
  #rank = -1;

  constructor(map: SpillMap, held: Float64Array, queries: Float64Array, inUse: Uint32Array) {
    this.asked = new Float64Array(map.itemCount);
    this.#map = map;
    this.#held = held;
    this.#queries = queries;
    this.#begin = new Uint32Array(map.siteOfRank.length + 1);
    this.#slots = bySite(inUse, map.site, this.#begin);
  }

  at(rank: number): Float64Array {
    const { itemOfSlot } = this.#map;
    if (this.#rank >= 0) {
      for (let i = this.#begin[this.#rank]!; i < this.#begin[this.#rank + 1]!; i++) this.asked[itemOfSlot[this.#slots[i]!]!] = 0;
    }
    this.#rank = rank;
    for (let i = this.#begin[rank]!; i < this.#begin[rank + 1]!; i++) {
      const slot = this.#slots[i]!;
      const item = itemOfSlot[slot]!;
      this.asked[item]! += this.#queries[item]! * this.#held[slot]!;
    }
    return this.asked;
  }
}

/** Slots in the order of their sites; `begin` is filled with the first of each. */
function bySite(inUse: Uint32Array, site: Uint16Array, begin: Uint32Array): Uint32Array {
  for (let i = 0; i < inUse.length; i++) begin[site[inUse[i]!]! + 1]!++;
  for (let rank = 1; rank < begin.length; rank++) begin[rank]! += begin[rank - 1]!;
  const next = begin.slice();
  const slots = new Uint32Array(inUse.length);
  for (let i = 0; i < inUse.length; i++) slots[next[site[inUse[i]!]!]!++] = inUse[i]!;
  return slots;
}

/**
 * Adds, by item, the load that a site's sample stands for; how many parts that was told by. Items that share a cell share it as what is
 * `asked` at the site does (by item); what nobody asks about cannot be moved, and counts as if it were like the rest. Summed in whole
 * units: the order of a sample makes no difference.
 */
function addFound(
  map: SpillMap,
  asked: Float64Array,
  load: number,
  { cells, parts }: Origins,
  units: Float64Array,
  found: Float64Array,
): number {
  const index = indexOf(map);
  const touched: number[] = [];
  let all = 0;
  for (let i = 0; i < cells.length; i++) {
    if (!isPart(parts[i])) continue;
    const items = index.itemsOf(cells[i]!);
    let askedOfAll = 0;
    for (let k = 0; k < items.length; k++) askedOfAll += asked[items[k]!]!;
    for (let k = 0; k < items.length && askedOfAll > 0; k++) {
      const amount = Math.round(parts[i]! * (asked[items[k]!]! / askedOfAll) * UNITS_PER_PART);
      if (amount === 0) continue;
      if (units[items[k]!] === 0) touched.push(items[k]!);
      units[items[k]!]! += amount;
      all += amount;
    }
  }
  for (const item of touched) {
    found[item]! += load * (units[item]! / all);
    units[item] = 0;
  }
  return all / UNITS_PER_PART;
}

/** Adds, by item, the share of its clients that is at sites that tell samples. */
function addKnown(
  inUse: Uint32Array,
  itemOfSlot: Uint32Array,
  site: Uint16Array,
  held: Float64Array,
  count: Float64Array,
  known: Float64Array,
): void {
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    if (count[site[slot]!] !== 0) known[itemOfSlot[slot]!]! += held[slot]!;
  }
}

const NO_ITEM = -1;

/** The items of one way to part the world into classes: by class the first one, and in `more` those of classes that have several. */
interface Parting {
  readonly classOf: ArrayLike<number>;
  readonly first: Int32Array;
  readonly more: ReadonlyMap<number, readonly number[]>;
}

/** Which items the clients of a cell are of: policies that part the world alike are looked at together, as they mostly share items. */
class CellIndex {
  /** By column of the table. */
  readonly #partings: readonly Parting[];
  readonly #known = new Map<number, readonly number[]>();

  constructor(map: SpillMap) {
    this.#partings = map.table.columns.map((classOf, column) => partingOf(map, classOf, column));
  }

  itemsOf(cell: number): readonly number[] {
    const known = this.#known.get(cell);
    if (known !== undefined) return known;
    const all: number[] = [];
    for (const { classOf, first, more } of this.#partings) {
      const of = classOf[cell];
      if (of === undefined || first[of] === undefined || first[of] === NO_ITEM) continue;
      addOnce(all, first[of]);
      for (const item of more.get(of) ?? []) addOnce(all, item);
    }
    all.sort((a, b) => a - b);
    this.#known.set(cell, all);
    return all;
  }
}

function partingOf({ table, firstOwner, ownerClass, ownerItem }: SpillMap, classOf: ArrayLike<number>, column: number): Parting {
  const policies = [...table.columnOf.keys()].filter((policy) => table.columnOf[policy] === column);
  const first = new Int32Array(Math.max(0, ...policies.map((policy) => table.decided[policy]!.length))).fill(NO_ITEM);
  const more = new Map<number, number[]>();
  for (const policy of policies) {
    for (let owner = firstOwner[policy]!; owner < firstOwner[policy + 1]!; owner++) {
      const of = ownerClass[owner]!;
      const item = ownerItem[owner]!;
      if (first[of] === NO_ITEM) first[of] = item;
      else if (first[of] !== item) more.set(of, addOnce(more.get(of) ?? [], item));
    }
  }
  return { classOf, first, more };
}

/** Lists of one or two, mostly. */
function addOnce(list: number[], value: number): number[] {
  if (!list.includes(value)) list.push(value);
  return list;
}

const indexes = new WeakMap<SpillMap, CellIndex>();

function indexOf(map: SpillMap): CellIndex {
  const index = indexes.get(map) ?? new CellIndex(map);
  indexes.set(map, index);
  return index;
}
