// Moves load between sites: from those above their ceiling to those below it, always along the cheapest path there is. A path
// may displace load of a full site in between, if that is cheaper than any direct way. Taken from a start at which nothing is
// displaced, cheapest paths one after the other give the optimum of the transportation problem (successive shortest paths:
// W. S. Jewell, 1958; R. G. Busacker and P. J. Gowen, 1960). From any other start there may be moves that save something, even
// in circles, so that no path is the cheapest: there a saving counts as nothing, and the review (spill-review.ts) finds it.
//
// All amounts are whole numbers, so sums are exact and do not depend on the order in which they were made.

import type { SpillMap } from './spill-map.ts';

/** What a level of priority above the lowest is worth: more than any distance, so that lower priorities move first. */
const PRIORITY_KM = 100_000;
/** Paths of one step; the rest is for the next. Bounds the time of a step, and is far above what any scenario takes. */
const MAX_PATHS = 50_000;
const NONE = -1;
const GONE = Number.POSITIVE_INFINITY;

/** One search after the other. All by rank. */
interface Search {
  readonly cost: Float64Array;
  readonly isDone: Uint8Array;
  /** Where the cheapest way comes from. */
  readonly cameFrom: Int32Array;
  /** Cost of reaching a site, as of the last search, at most that of reaching one with room; 0 unless savings count. */
  readonly farness: Float64Array;
  farthest: number;
}

/** Cheapest moves between sites, by rank of the origin times the number of sites plus rank of the destination. */
interface Moves {
  readonly cost: Float64Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** By rank of origin. */
  readonly isStale: Uint8Array;
}

export class Flows {
  readonly map: SpillMap;
  /** By item. */
  readonly demand: Float64Array;
  /** By slot: of the demand of its item, what is sent there. They sum to the demand. */
  readonly flow: Float64Array;
  /** By slot: what is sent there if nothing spills. */
  readonly natural: Float64Array;
  /** By rank: what the site will carry once every answer given so far has run out. */
  readonly load: Float64Array;
  /** By rank: 1 = load may come and go. */
  readonly isBounded: Uint8Array;
  /** By item: 1 = something moved. */
  readonly hasMoved: Uint8Array;
  readonly lowestPriority: number;
  /** Whether nothing was displaced at the start, so that paths may count what they save. */
  readonly #isFromRest: boolean;
  /** The least that a move costs. */
  readonly #leastKm: number;
  /** By item: kilometres that its priority is worth. */
  readonly #worthKm: Float64Array;
  #moves: Moves | undefined;

  /** `load` may hold more than `flow` explains. `natural`: if it is known already, of the same demand. */
  constructor(
    map: SpillMap,
    demand: Float64Array,
    flow: Float64Array,
    load: Float64Array,
    isBounded: Uint8Array,
    isFromRest = false,
    natural: Float64Array = naturalFlow(map, demand),
  ) {
    this.#isFromRest = isFromRest;
    this.#leastKm = isFromRest ? Number.NEGATIVE_INFINITY : 0;
    this.map = map;
    this.demand = demand;
    this.flow = flow;
    this.load = load;
    this.isBounded = isBounded;
    this.natural = natural;
    this.hasMoved = new Uint8Array(map.itemCount);
    let lowest = 255;
    for (const priority of map.priority) if (priority < lowest) lowest = priority;
    this.lowestPriority = lowest;
    this.#worthKm = new Float64Array(map.itemCount);
    for (let item = 0; item < map.itemCount; item++) this.#worthKm[item] = PRIORITY_KM * (map.priority[item]! - lowest);
  }

  /** How much can go from one slot of an item to another at the present price. */
  amount(from: number, to: number): number {
    const excess = this.flow[from]! - this.natural[from]!;
    const lack = this.natural[to]! - this.flow[to]!;
    return Math.min(excess > 0 ? excess : this.flow[from]!, lack > 0 ? lack : Number.POSITIVE_INFINITY);
  }

  move(from: number, to: number, amount: number): void {
    const { site, itemOfSlot } = this.map;
    const before = this.#kindOf(from) * KINDS + this.#kindOf(to);
    this.flow[from]! -= amount;
    this.flow[to]! += amount;
    this.load[site[from]!]! -= amount;
    this.load[site[to]!]! += amount;
    const item = itemOfSlot[from]!;
    this.hasMoved[item] = 1;
    if (this.#moves !== undefined && before !== this.#kindOf(from) * KINDS + this.#kindOf(to))
      this.#lookAgain(this.#moves, item, from);
  }

  /** All that the price of a move from or to a slot depends on, besides its distance. */
  #kindOf(slot: number): number {
    const [flow, natural] = [this.flow[slot]!, this.natural[slot]!];
    return (flow > 0 ? 1 : 0) + (flow > natural ? 2 : 0) + (flow < natural ? 4 : 0);
  }

  /** Prices of an item's moves are others. Where it has load those may be the cheapest now; where they were, and are dearer now, all must be looked at again. */
  #lookAgain(moves: Moves, item: number, from: number): void {
    const { first, site, costKm } = this.map;
    const count = this.load.length;
    for (let slot = first[item]!; slot < first[item + 1]!; slot++) {
      const rank = site[slot]!;
      if ((this.flow[slot]! <= 0 && slot !== from) || moves.isStale[rank] === 1) continue;
      moves.isStale[rank] = hasDearer(
        slot,
        first[item]!,
        first[item + 1]!,
        site,
        costKm,
        this.flow,
        this.natural,
        this.#worthKm[item]!,
        this.#leastKm,
        rank * count,
        moves.cost,
        moves.from,
        moves.to,
      )
        ? 1
        : 0;
    }
  }

  /**
   * Takes from every site that is above its ceiling, at most `budget` each (reduced by what was taken), as long as a site below
   * its ceiling can be reached. Returns whether some site is still above its ceiling although its budget is not spent.
   */
  relieve(ceiling: Float64Array, budget: Float64Array): boolean {
    const count = ceiling.length;
    const search: Search = {
      cost: new Float64Array(count),
      isDone: new Uint8Array(count),
      cameFrom: new Int32Array(count),
      farness: new Float64Array(count),
      farthest: 0,
    };
    const { cost, cameFrom } = search;
    for (let paths = 0; paths < MAX_PATHS; paths++) {
      let hasSource = false;
      for (let rank = 0; rank < count; rank++) {
        const starts = this.isBounded[rank] === 1 && this.load[rank]! - ceiling[rank]! >= 1 && budget[rank]! >= 1;
        hasSource ||= starts;
        cost[rank] = starts ? -search.farness[rank]! : GONE;
        search.isDone[rank] = 0;
        cameFrom[rank] = NONE;
      }
      if (!hasSource) break;
      this.#moves ??= noMoves(count);
      const sink = this.#findSink(this.#moves, ceiling, search);
      if (sink === NONE) return true;

      const { from, to } = this.#moves;
      let amount = Math.floor(ceiling[sink]! - this.load[sink]!);
      let source = sink;
      for (; cameFrom[source] !== NONE; source = cameFrom[source]!) {
        const edge = cameFrom[source]! * count + source;
        amount = Math.min(amount, this.amount(from[edge]!, to[edge]!));
      }
      amount = Math.min(amount, Math.floor(this.load[source]! - ceiling[source]!), Math.floor(budget[source]!));
      budget[source]! -= amount;
      for (let rank = sink; cameFrom[rank] !== NONE; rank = cameFrom[rank]!) {
        const edge = cameFrom[rank]! * count + rank;
        this.move(from[edge]!, to[edge]!, amount);
      }
    }
    return false;
  }

  /**
   * The site with room that is cheapest to reach, from all sources at once: E. W. Dijkstra's algorithm (1959). Where paths may
   * count what they save, on costs that are made non-negative by how far each site was before (J. Edmonds, R. M. Karp, 1972).
   */
  #findSink(moves: Moves, ceiling: Float64Array, search: Search): number {
    const { cost, isDone, cameFrom, farness } = search;
    const { load, isBounded } = this;
    const count = cost.length;
    let sink = NONE;
    let least = Number.POSITIVE_INFINITY;
    for (;;) {
      const next = cheapest(cost, isDone, least);
      if (next === NONE) break;
      isDone[next] = 1;
      if (cameFrom[next] !== NONE && ceiling[next]! - load[next]! >= 1) {
        const all = cost[next]! + farness[next]! - search.farthest;
        if (all < least) {
          least = all;
          sink = next;
        }
      }
      if (moves.isStale[next] === 1) this.#lookFrom(next, moves);
      relax(next, cost[next]! + farness[next]!, moves.cost, next * count, cost, isDone, isBounded, farness, cameFrom);
    }
    if (this.#isFromRest && sink !== NONE) {
      for (let rank = 0; rank < count; rank++) farness[rank]! += Math.min(cost[rank]!, least);
      search.farthest += least;
    }
    return sink;
  }

  #lookFrom(rank: number, moves: Moves): void {
    const { map } = this;
    moves.isStale[rank] = 0;
    cheapestMoves(
      rank,
      map.slotsAt,
      map.firstAt[rank]!,
      map.firstAt[rank + 1]!,
      map.first,
      map.itemOfSlot,
      map.site,
      map.costKm,
      this.flow,
      this.natural,
      this.#worthKm,
      this.#leastKm,
      rank * this.load.length,
      this.load.length,
      moves.cost,
      moves.from,
      moves.to,
    );
  }
}

/** Numbers that #kindOf gives are below this. */
const KINDS = 8;

/** By slot: what is sent there if nothing spills. `demand` by item. */
export function naturalFlow({ natural, itemOfSlot }: SpillMap, demand: Float64Array): Float64Array {
  const flow = new Float64Array(natural.length);
  for (let slot = 0; slot < flow.length; slot++) flow[slot] = Math.round(natural[slot]! * demand[itemOfSlot[slot]!]!);
  return flow;
}

const noMoves = (count: number): Moves => ({
  cost: new Float64Array(count * count),
  from: new Int32Array(count * count),
  to: new Int32Array(count * count),
  isStale: new Uint8Array(count).fill(1),
});

/** The site that is cheapest to reach of those that are not done, if it is cheaper than `least`. */
function cheapest(cost: Float64Array, isDone: Uint8Array, least: number): number {
  let next = NONE;
  let best = least;
  for (let rank = 0; rank < cost.length; rank++) {
    if (isDone[rank] === 1 || cost[rank]! >= best) continue;
    best = cost[rank]!;
    next = rank;
  }
  return next;
}

// What follows is where a step spends its time. These functions are given columns and nothing else: compiled once for those, they
// stay so whatever objects the columns are taken from.

function relax(
  origin: number,
  reachedKm: number,
  moveKm: Float64Array,
  row: number,
  cost: Float64Array,
  isDone: Uint8Array,
  isBounded: Uint8Array,
  farness: Float64Array,
  cameFrom: Int32Array,
): void {
  for (let to = 0; to < cost.length; to++) {
    if (isDone[to] === 1 || isBounded[to] === 0) continue;
    const reached = reachedKm + moveKm[row + to]! - farness[to]!;
    if (reached >= cost[to]!) continue;
    cost[to] = reached;
    cameFrom[to] = origin;
  }
}

/**
 * The cheapest move from a site to each other one, at present prices: the kilometres that a unit of load saves by leaving a slot and
 * costs by coming to another, where what is beyond the natural share counts one more, and load at home is dearer the higher its
 * priority. Of equal moves the one from, then to, the slot with the lower number.
 */
function cheapestMoves(
  rank: number,
  slotsAt: Uint32Array,
  begin: number,
  end: number,
  first: Uint32Array,
  itemOfSlot: Uint32Array,
  site: Uint16Array,
  costKm: Int32Array,
  flow: Float64Array,
  natural: Float64Array,
  worthKm: Float64Array,
  leastKm: number,
  row: number,
  count: number,
  cost: Float64Array,
  fromOf: Int32Array,
  toOf: Int32Array,
): void {
  cost.fill(GONE, row, row + count);
  for (let at = begin; at < end; at++) {
    const from = slotsAt[at]!;
    if (flow[from]! <= 0) continue;
    const item = itemOfSlot[from]!;
    const worth = worthKm[item]!;
    const leaving = flow[from]! > natural[from]! ? costKm[from]! + 1 : costKm[from]! - worth;
    const last = first[item + 1]!;
    for (let to = first[item]!; to < last; to++) {
      if (site[to] === rank) continue;
      const price = Math.max(leastKm, (flow[to]! < natural[to]! ? costKm[to]! - worth : costKm[to]! + 1) - leaving);
      const edge = row + site[to]!;
      if (price >= cost[edge]!) continue;
      cost[edge] = price;
      fromOf[edge] = from;
      toOf[edge] = to;
    }
  }
}

/**
 * Brings the cheapest moves from a site up to date with those of one slot, whose prices have changed. True if that cannot be told
 * from them alone, as the cheapest were dearer before, or are no more.
 */
function hasDearer(
  from: number,
  first: number,
  last: number,
  site: Uint16Array,
  costKm: Int32Array,
  flow: Float64Array,
  natural: Float64Array,
  worth: number,
  leastKm: number,
  row: number,
  cost: Float64Array,
  fromOf: Int32Array,
  toOf: Int32Array,
): boolean {
  const isGone = flow[from]! <= 0;
  const leaving = flow[from]! > natural[from]! ? costKm[from]! + 1 : costKm[from]! - worth;
  for (let to = first; to < last; to++) {
    const edge = row + site[to]!;
    if (site[to] === site[from]) continue;
    const price = isGone ? GONE : Math.max(leastKm, (flow[to]! < natural[to]! ? costKm[to]! - worth : costKm[to]! + 1) - leaving);
    const isOwn = cost[edge] !== GONE && fromOf[edge] === from && toOf[edge] === to;
    if (isOwn && price > cost[edge]!) return true;
    const isFirst = from < fromOf[edge]! || (from === fromOf[edge] && to <= toOf[edge]!);
    if (price > cost[edge]! || (price === cost[edge] && (price === GONE || !isFirst))) continue;
    cost[edge] = price;
    fromOf[edge] = from;
    toOf[edge] = to;
  }
  return false;
}
