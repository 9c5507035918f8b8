// What it costs to move load from each site to each other one: of all items, the cheapest move at present prices. A move changes the
// prices of one item only, so most of the table stays as it is; where the cheapest became dearer, the moves of that site are looked at
// again, and of its slots only those that have load: one in thirty, in a large world.
//
// Invariant: of equal moves the one from, then to, the slot with the lower number, whatever happened before.

import type { SpillMap } from './spill-map.ts';

/** Costs more than any move: there is none. */
export const GONE = Number.POSITIVE_INFINITY;
/** Without a place in `loaded`. */
const NOWHERE = -1;

/** The amounts that prices depend on. */
interface Amounts {
  readonly flow: Float64Array;
  readonly natural: Float64Array;
  /** By rank: 1 = load may come and go. */
  readonly isBounded: Uint8Array;
}

/** All that is written while plans are sought: made once for a map, since it is as large as the plans, and used again. */
export class Moves {
  /** By rank of the origin times the number of sites plus rank of the destination: of the cheapest move. */
  readonly cost: Float64Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** By rank of the origin times the number of sites: those that a search looks at, in no order; and how many. */
  readonly near: Uint16Array;
  readonly nearCount: Uint32Array;
  /** As `cost`: 1 = it is among them. */
  readonly isNear: Uint8Array;
  readonly #map: SpillMap;
  readonly #sites: number;
  /** By rank: 1 = its moves must be looked at before they are used. */
  readonly #isStale: Uint8Array;
  /** The slots of each site that have load, from `map.firstAt` on, in no order; and how many. */
  readonly #loaded: Uint32Array;
  readonly #loadedCount: Uint32Array;
  /** By slot: its place in `#loaded`. */
  readonly #place: Int32Array;
  /** By slot: what a unit of load costs that comes there, in kilometres. */
  readonly #arrivalKm: Int32Array;
  /** By item: what its priority is worth, in kilometres. */
  readonly #worthKm: Float64Array;
  /** The least that a move costs. */
  #leastKm = 0;
  #of: Amounts | null = null;

  constructor(map: SpillMap, worthKm: Float64Array) {
    const sites = map.siteOfRank.length;
    const slots = map.site.length;
    this.#map = map;
    this.#sites = sites;
    this.cost = new Float64Array(sites * sites);
    this.from = new Int32Array(sites * sites);
    this.to = new Int32Array(sites * sites);
    this.near = new Uint16Array(sites * sites);
    this.nearCount = new Uint32Array(sites);
    this.isNear = new Uint8Array(sites * sites);
    this.#isStale = new Uint8Array(sites);
    this.#loaded = new Uint32Array(slots);
    this.#loadedCount = new Uint32Array(sites);
    this.#place = new Int32Array(slots);
    this.#arrivalKm = new Int32Array(slots);
    this.#worthKm = worthKm;
  }

  /** Whether the table is kept for these amounts. */
  isOf(amounts: Amounts): boolean {
    return this.#of === amounts;
  }

  /** From now on for these amounts. */
  begin(amounts: Amounts, leastKm: number): void {
    const { site, itemOfSlot, costKm, firstAt } = this.#map;
    const { flow, natural } = amounts;
    this.#of = amounts;
    this.#leastKm = leastKm;
    this.#isStale.fill(1);
    this.#loadedCount.fill(0);
    fillArrivals(itemOfSlot, costKm, flow, natural, this.#worthKm, this.#arrivalKm);
    fillLoaded(site, firstAt, flow, this.#loaded, this.#loadedCount, this.#place);
  }

  /** Sites that cost at most `reachKm` from one, less what `farness` tells of both, are near it: by rank, in kilometres. */
  fillNear(rank: number, farness: Float64Array, reachKm: number): void {
    const row = rank * this.#sites;
    const { isBounded } = this.#of!;
    this.nearCount[rank] = fillNear(this.cost, row, farness[rank]!, farness, isBounded, reachKm, this.near, this.isNear);
  }

  /** To be called when load has moved between two slots of an item, if one of them is of another kind (`kindOf`) than it was. */
  changed(from: number, to: number): void {
    this.#update(from);
    this.#update(to);
    const { first, site, itemOfSlot } = this.#map;
    const { flow } = this.#of!;
    const item = itemOfSlot[from]!;
    for (let slot = first[item]!; slot < first[item + 1]!; slot++) {
      // where the item has load its moves may be the cheapest now; where it has no more, they may have been
      const rank = site[slot]!;
      if ((flow[slot]! <= 0 && slot !== from) || this.#isStale[rank] === 1) continue;
      this.#isStale[rank] = hasDearer(
        slot,
        first[item]!,
        first[item + 1]!,
        site,
        this.#arrivalKm,
        flow[slot]! > 0 ? this.#leavingKm(slot, item) : GONE,
        this.#leastKm,
        rank * this.#sites,
        this.cost,
        this.from,
        this.to,
        this.#of!.isBounded,
        rank,
        this.near,
        this.nearCount,
        this.isNear,
      )
        ? 1
        : 0;
    }
  }

  /** Brings the moves from a site up to date. Whether others than those that are near may cost less since. */
  look(rank: number): boolean {
    if (this.#isStale[rank] === 0) return false;
    this.#isStale[rank] = 0;
    const { firstAt, first, itemOfSlot, site, costKm } = this.#map;
    const { flow, natural } = this.#of!;
    const begin = firstAt[rank]!;
    cheapestMoves(
      rank,
      this.#loaded,
      begin,
      begin + this.#loadedCount[rank]!,
      first,
      itemOfSlot,
      site,
      costKm,
      this.#arrivalKm,
      flow,
      natural,
      this.#worthKm,
      this.#leastKm,
      rank * this.#sites,
      this.#sites,
      this.cost,
      this.from,
      this.to,
    );
    return true;
  }

  #leavingKm(slot: number, item: number): number {
    const { flow, natural } = this.#of!;
    const { costKm } = this.#map;
    return flow[slot]! > natural[slot]! ? costKm[slot]! + 1 : costKm[slot]! - this.#worthKm[item]!;
  }

  #update(slot: number): void {
    const { costKm, itemOfSlot, site, firstAt } = this.#map;
    const { flow, natural } = this.#of!;
    this.#arrivalKm[slot] = flow[slot]! < natural[slot]! ? costKm[slot]! - this.#worthKm[itemOfSlot[slot]!]! : costKm[slot]! + 1;
    const place = this.#place[slot]!;
    if (flow[slot]! > 0 === (place !== NOWHERE)) return;
    const rank = site[slot]!;
    const begin = firstAt[rank]!;
    if (place === NOWHERE) {
      const at = begin + this.#loadedCount[rank]!++;
      this.#loaded[at] = slot;
      this.#place[slot] = at;
      return;
    }
    const moved = this.#loaded[begin + --this.#loadedCount[rank]!]!;
    this.#loaded[place] = moved;
    this.#place[moved] = place;
    this.#place[slot] = NOWHERE;
  }
}

/** All that the price of a move from or to a slot depends on, besides its distance. */
export function kindOf(flow: number, natural: number): number {
  return (flow > 0 ? 1 : 0) + (flow > natural ? 2 : 0) + (flow < natural ? 4 : 0);
}

// What follows is where a step spends its time. These functions are given columns and nothing else: compiled once for those, they
// stay so whatever objects the columns are taken from.

function fillArrivals(
  itemOfSlot: Uint32Array,
  costKm: Int32Array,
  flow: Float64Array,
  natural: Float64Array,
  worthKm: Float64Array,
  out: Int32Array,
): void {
  for (let slot = 0; slot < out.length; slot++) {
    out[slot] = flow[slot]! < natural[slot]! ? costKm[slot]! - worthKm[itemOfSlot[slot]!]! : costKm[slot]! + 1;
  }
}

/** How many there are. */
function fillNear(
  moveKm: Float64Array,
  row: number,
  fromKm: number,
  farness: Float64Array,
  isBounded: Uint8Array,
  reachKm: number,
  near: Uint16Array,
  isNear: Uint8Array,
): number {
  let count = 0;
  const mostKm = reachKm - fromKm;
  for (let to = 0; to < farness.length; to++) {
    const is = isBounded[to] === 1 && moveKm[row + to]! - farness[to]! <= mostKm;
    isNear[row + to] = is ? 1 : 0;
    if (is) near[row + count++] = to;
  }
  return count;
}

function fillLoaded(
  site: Uint16Array,
  firstAt: Uint32Array,
  flow: Float64Array,
  loaded: Uint32Array,
  count: Uint32Array,
  place: Int32Array,
): void {
  for (let slot = 0; slot < place.length; slot++) {
    place[slot] = NOWHERE;
    if (flow[slot]! <= 0) continue;
    const rank = site[slot]!;
    const at = firstAt[rank]! + count[rank]!++;
    loaded[at] = slot;
    place[slot] = at;
  }
}

/**
 * The cheapest move from a site to each other one, at present prices: the kilometres that a unit of load saves by leaving a slot and
 * costs by coming to another, where what is beyond the natural share counts one more, and load at home is dearer the higher its
 * priority.
 */
function cheapestMoves(
  rank: number,
  loaded: Uint32Array,
  begin: number,
  end: number,
  first: Uint32Array,
  itemOfSlot: Uint32Array,
  site: Uint16Array,
  costKm: Int32Array,
  arrivalKm: Int32Array,
  flow: Float64Array,
  natural: Float64Array,
  worthKm: Float64Array,
  leastKm: number,
  row: number,
  sites: number,
  cost: Float64Array,
  fromOf: Int32Array,
  toOf: Int32Array,
): void {
  cost.fill(GONE, row, row + sites);
  for (let at = begin; at < end; at++) {
    const from = loaded[at]!;
    const item = itemOfSlot[from]!;
    const leavingKm = flow[from]! > natural[from]! ? costKm[from]! + 1 : costKm[from]! - worthKm[item]!;
    const last = first[item + 1]!;
    for (let to = first[item]!; to < last; to++) {
      const km = arrivalKm[to]! - leavingKm;
      const price = Math.max(km, leastKm);
      const edge = row + site[to]!;
      const known = cost[edge]!;
      if (price > known || (price === known && from >= fromOf[edge]!)) continue;
      cost[edge] = price;
      fromOf[edge] = from;
      toOf[edge] = to;
    }
  }
  cost[row + rank] = GONE;
}

/**
 * Brings the cheapest moves from a site up to date with those of one slot, whose prices have changed. True if that cannot be told
 * from them alone, as the cheapest were dearer before, or are no more (`leavingKm` is beyond bounds). Those that cost
 * less now are near.
 */
function hasDearer(
  from: number,
  first: number,
  last: number,
  site: Uint16Array,
  arrivalKm: Int32Array,
  leavingKm: number,
  leastKm: number,
  row: number,
  cost: Float64Array,
  fromOf: Int32Array,
  toOf: Int32Array,
  isBounded: Uint8Array,
  rank: number,
  near: Uint16Array,
  nearCount: Uint32Array,
  isNear: Uint8Array,
): boolean {
  const isGone = leavingKm === GONE;
  for (let to = first; to < last; to++) {
    const edge = row + site[to]!;
    if (site[to] === site[from]) continue;
    const price = isGone ? GONE : Math.max(leastKm, arrivalKm[to]! - leavingKm);
    const isOwn = cost[edge] !== GONE && fromOf[edge] === from && toOf[edge] === to;
    if (isOwn && price > cost[edge]!) return true;
    const isFirst = from < fromOf[edge]! || (from === fromOf[edge] && to <= toOf[edge]!);
    if (price > cost[edge]! || (price === cost[edge] && (price === GONE || !isFirst))) continue;
    cost[edge] = price;
    fromOf[edge] = from;
    toOf[edge] = to;
    if (isNear[edge] === 1 || isBounded[site[to]!] === 0) continue;
    isNear[edge] = 1;
    near[row + nearCount[rank]!++] = site[to]!;
  }
  return false;
}
