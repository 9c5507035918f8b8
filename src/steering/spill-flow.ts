// Moves load between sites: from those above their ceiling to those below it, always along the cheapest path there is. A path
// may displace load of a full site in between, if that is cheaper than any direct way. Taken from a start at which nothing is
// displaced, cheapest paths one after the other give the optimum of the transportation problem (successive shortest paths:
// W. S. Jewell, 1958; R. G. Busacker and P. J. Gowen, 1960). From any other start there may be moves that save something, even
// in circles, so that no path is the cheapest: there a saving counts as nothing, and the review (spill-review.ts) finds it.
//
// All amounts are whole numbers, so sums are exact and do not depend on the order in which they were made.

import { EdgeHeap } from './spill-heap.ts';
import type { SpillMap } from './spill-map.ts';

/** What a level of priority above the lowest is worth: more than any distance, so that lower priorities move first. */
const PRIORITY_KM = 100_000;
/** Paths of one step; the rest is for the next. Bounds the time of a step, and is far above what any scenario takes. */
const MAX_PATHS = 50_000;
const NONE = -1;
const GONE = Number.POSITIVE_INFINITY;

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
  readonly #itemOfSlot: Uint32Array;
  /** By rank of origin, then of destination; built when an origin is first looked at. */
  #edges: (EdgeHeap[] | undefined)[] = [];
  #slotsAt: Uint32Array[] | undefined;

  /** `load` may hold more than `flow` explains. */
  constructor(
    map: SpillMap,
    demand: Float64Array,
    flow: Float64Array,
    load: Float64Array,
    isBounded: Uint8Array,
    isFromRest = false,
  ) {
    this.#isFromRest = isFromRest;
    this.map = map;
    this.demand = demand;
    this.flow = flow;
    this.load = load;
    this.isBounded = isBounded;
    this.hasMoved = new Uint8Array(map.itemCount);
    this.lowestPriority = map.priority.reduce((least, priority) => Math.min(least, priority), 255);
    this.natural = new Float64Array(flow.length);
    this.#itemOfSlot = new Uint32Array(flow.length);
    for (let item = 0; item < map.itemCount; item++) {
      for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
        this.#itemOfSlot[slot] = item;
        this.natural[slot] = Math.round(map.natural[slot]! * demand[item]!);
      }
    }
  }

  itemOf(slot: number): number {
    return this.#itemOfSlot[slot]!;
  }

  /** Kilometres that a unit at this slot would save by leaving, and cost by coming: what is beyond the natural share counts 1 more. */
  leaving(slot: number): number {
    return this.map.costKm[slot]! + (this.flow[slot]! > this.natural[slot]! ? 1 : 0);
  }

  entering(slot: number): number {
    return this.map.costKm[slot]! + (this.flow[slot]! < this.natural[slot]! ? 0 : 1);
  }

  /** How much can go from one slot of an item to another at the present price. */
  amount(from: number, to: number): number {
    const excess = this.flow[from]! - this.natural[from]!;
    const lack = this.natural[to]! - this.flow[to]!;
    return Math.min(excess > 0 ? excess : this.flow[from]!, lack > 0 ? lack : Number.POSITIVE_INFINITY);
  }

  move(from: number, to: number, amount: number): void {
    const { site } = this.map;
    const wasEmpty = this.flow[to] === 0;
    this.flow[from]! -= amount;
    this.flow[to]! += amount;
    this.load[site[from]!]! -= amount;
    this.load[site[to]!]! += amount;
    this.hasMoved[this.#itemOfSlot[from]!] = 1;
    if (wasEmpty && this.#edges[site[to]!] !== undefined) this.#addEdges(to, this.#edges[site[to]!]!);
  }

  /**
   * Takes from every site that is above its ceiling, at most `budget` each (reduced by what was taken), as long as a site below
   * its ceiling can be reached. Returns whether some site is still above its ceiling although its budget is not spent.
   */
  relieve(ceiling: Float64Array, budget: Float64Array): boolean {
    const count = ceiling.length;
    const cost = new Float64Array(count);
    const isWaiting = new Uint8Array(count);
    const cameFrom = new Int32Array(count);
    const viaSlot = new Int32Array(count);
    const toSlot = new Int32Array(count);
    const isSource = (rank: number): boolean =>
      this.isBounded[rank] === 1 && this.load[rank]! - ceiling[rank]! >= 1 && budget[rank]! >= 1;
    for (let paths = 0; paths < MAX_PATHS; paths++) {
      let hasSource = false;
      for (let rank = 0; rank < count; rank++) {
        const starts = isSource(rank);
        hasSource ||= starts;
        cost[rank] = starts ? 0 : Number.POSITIVE_INFINITY;
        isWaiting[rank] = 0;
        cameFrom[rank] = NONE;
      }
      if (!hasSource) return false;
      const sink = this.#findSink(ceiling, cost, isWaiting, cameFrom, viaSlot, toSlot);
      if (sink === NONE) return true;

      let amount = Math.floor(ceiling[sink]! - this.load[sink]!);
      let source = sink;
      for (; cameFrom[source] !== NONE; source = cameFrom[source]!) {
        amount = Math.min(amount, this.amount(viaSlot[source]!, toSlot[source]!));
      }
      amount = Math.min(amount, Math.floor(this.load[source]! - ceiling[source]!), Math.floor(budget[source]!));
      budget[source]! -= amount;
      for (let rank = sink; cameFrom[rank] !== NONE; rank = cameFrom[rank]!) this.move(viaSlot[rank]!, toSlot[rank]!, amount);
    }
    return false;
  }

  /** The site with room that is cheapest to reach, from all sources at once (R. Bellman, 1958; L. R. Ford, 1956). */
  #findSink(
    ceiling: Float64Array,
    cost: Float64Array,
    isWaiting: Uint8Array,
    cameFrom: Int32Array,
    viaSlot: Int32Array,
    toSlot: Int32Array,
  ): number {
    const waiting: number[] = [];
    for (let rank = 0; rank < cost.length; rank++) {
      if (cost[rank] !== 0) continue;
      waiting.push(rank);
      isWaiting[rank] = 1;
    }
    // where nothing saves anything, every site is looked at few times; the bound is for what rounding might do
    for (let looks = waiting.length * cost.length + cost.length ** 2; waiting.length > 0 && looks > 0; looks--) {
      const rank = waiting.shift()!;
      isWaiting[rank] = 0;
      const edges = this.#edgesFrom(rank);
      for (let to = 0; to < edges.length; to++) {
        if (this.isBounded[to] === 0) continue;
        const edge = this.#cheapest(edges[to]!);
        if (edge === undefined || cost[rank]! + edge.cost >= cost[to]! || isOnWay(cameFrom, to, rank)) continue;
        cost[to] = cost[rank]! + edge.cost;
        cameFrom[to] = rank;
        viaSlot[to] = edge.from;
        toSlot[to] = edge.to;
        if (isWaiting[to] === 0) waiting.push(to);
        isWaiting[to] = 1;
      }
    }
    let sink = NONE;
    for (let rank = 0; rank < cost.length; rank++) {
      if (cameFrom[rank] === NONE || ceiling[rank]! - this.load[rank]! < 1) continue;
      if (sink === NONE || cost[rank]! < cost[sink]!) sink = rank;
    }
    return sink;
  }

  #edgesFrom(rank: number): EdgeHeap[] {
    let edges = this.#edges[rank];
    if (edges === undefined) {
      edges = Array.from(this.map.siteOfRank, () => new EdgeHeap());
      this.#edges[rank] = edges;
      this.#slotsAt ??= slotsBySite(this.map);
      for (const slot of this.#slotsAt[rank]!) if (this.flow[slot]! > 0) this.#addEdges(slot, edges);
    }
    return edges;
  }

  #addEdges(from: number, edges: EdgeHeap[]): void {
    const { first, site } = this.map;
    const item = this.#itemOfSlot[from]!;
    for (let to = first[item]!; to < first[item + 1]!; to++) {
      if (site[to] !== site[from]) edges[site[to]!]!.push(this.#price(from, to), from, to);
    }
  }

  /** Load at home is dearer the higher its priority. */
  #price(from: number, to: number): number {
    const isHome = this.flow[from]! <= this.natural[from]!;
    const goesHome = this.flow[to]! < this.natural[to]!;
    const worth = PRIORITY_KM * (this.map.priority[this.#itemOfSlot[from]!]! - this.lowestPriority);
    const price = this.entering(to) - this.leaving(from) + (isHome ? worth : 0) - (goesHome ? worth : 0);
    return this.#isFromRest ? price : Math.max(0, price);
  }

  /** The cheapest edge of a heap at present prices. */
  #cheapest(heap: EdgeHeap): { readonly cost: number; readonly from: number; readonly to: number } | undefined {
    for (let top = heap.peek(); top !== undefined; top = heap.peek()) {
      const price = this.flow[top.from]! > 0 ? this.#price(top.from, top.to) : GONE;
      if (price === top.cost) return top;
      heap.pop();
      if (price !== GONE) heap.push(price, top.from, top.to);
    }
    return undefined;
  }
}

/** Whether the way to `rank` leads through `site` already. */
function isOnWay(cameFrom: Int32Array, site: number, rank: number): boolean {
  for (let at = rank; at !== NONE; at = cameFrom[at]!) if (at === site) return true;
  return false;
}

function slotsBySite({ site, siteOfRank }: SpillMap): Uint32Array[] {
  const counts = new Uint32Array(siteOfRank.length);
  for (const rank of site) counts[rank]!++;
  const lists = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  for (let slot = 0; slot < site.length; slot++) lists[site[slot]!]![counts[site[slot]!]!++] = slot;
  return lists;
}
