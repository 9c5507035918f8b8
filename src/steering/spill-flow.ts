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

/** The cheapest moves from one site, by rank of the other. */
interface Row {
  readonly cost: Float64Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  isStale: boolean;
}

/** One search after the other. All by rank. */
interface Search {
  readonly cost: Float64Array;
  readonly isDone: Uint8Array;
  /** Where the cheapest way comes from, and by which move. */
  readonly cameFrom: Int32Array;
  readonly viaSlot: Int32Array;
  readonly toSlot: Int32Array;
  /** Cost of reaching a site, as of the last search, at most that of reaching one with room; 0 unless savings count. */
  readonly farness: Float64Array;
  farthest: number;
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
  readonly #itemOfSlot: Uint32Array;
  /** By rank of origin, then of destination; built when an origin is first looked at. */
  #edges: (EdgeHeap[] | undefined)[] = [];
  #slotsAt: Uint32Array[] | undefined;
  #rows: (Row | undefined)[] = [];

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
    const item = this.#itemOfSlot[from]!;
    this.hasMoved[item] = 1;
    for (let slot = this.map.first[item]!; slot < this.map.first[item + 1]!; slot++) {
      const row = this.#rows[site[slot]!];
      if (row !== undefined && (this.flow[slot]! > 0 || slot === from)) row.isStale = true;
    }
    if (wasEmpty && this.#edges[site[to]!] !== undefined) this.#addEdges(to, this.#edges[site[to]!]!);
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
      viaSlot: new Int32Array(count),
      toSlot: new Int32Array(count),
      farness: new Float64Array(count),
      farthest: 0,
    };
    const { cost, cameFrom, viaSlot, toSlot } = search;
    for (let paths = 0; paths < MAX_PATHS; paths++) {
      let hasSource = false;
      for (let rank = 0; rank < count; rank++) {
        const starts = this.isBounded[rank] === 1 && this.load[rank]! - ceiling[rank]! >= 1 && budget[rank]! >= 1;
        hasSource ||= starts;
        cost[rank] = starts ? -search.farness[rank]! : Number.POSITIVE_INFINITY;
        search.isDone[rank] = 0;
        cameFrom[rank] = NONE;
      }
      if (!hasSource) break;
      const sink = this.#findSink(ceiling, search);
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

  /**
   * The site with room that is cheapest to reach, from all sources at once: E. W. Dijkstra's algorithm (1959). Where paths may
   * count what they save, on costs that are made non-negative by how far each site was before (J. Edmonds, R. M. Karp, 1972).
   */
  #findSink(ceiling: Float64Array, search: Search): number {
    const { cost, isDone, cameFrom, viaSlot, toSlot, farness } = search;
    let sink = NONE;
    let least = Number.POSITIVE_INFINITY;
    for (;;) {
      let next = NONE;
      for (let rank = 0; rank < cost.length; rank++) {
        if (isDone[rank] === 0 && cost[rank]! < (next === NONE ? least : cost[next]!)) next = rank;
      }
      if (next === NONE) break;
      isDone[next] = 1;
      if (cameFrom[next] !== NONE && ceiling[next]! - this.load[next]! >= 1) {
        const all = cost[next]! + farness[next]! - search.farthest;
        if (all < least) {
          least = all;
          sink = next;
        }
      }
      const row = this.#rowOf(next);
      for (let to = 0; to < cost.length; to++) {
        if (isDone[to] === 1 || this.isBounded[to] === 0) continue;
        const reached = cost[next]! + row.cost[to]! + farness[next]! - farness[to]!;
        if (reached >= cost[to]!) continue;
        cost[to] = reached;
        cameFrom[to] = next;
        viaSlot[to] = row.from[to]!;
        toSlot[to] = row.to[to]!;
      }
    }
    if (this.#isFromRest && sink !== NONE) {
      for (let rank = 0; rank < cost.length; rank++) farness[rank]! += Math.min(cost[rank]!, least);
      search.farthest += least;
    }
    return sink;
  }

  /** The cheapest moves from a site to each other one, at present prices. */
  #rowOf(rank: number): Row {
    const count = this.load.length;
    let row = this.#rows[rank];
    if (row === undefined) {
      row = { cost: new Float64Array(count), from: new Int32Array(count), to: new Int32Array(count), isStale: true };
      this.#rows[rank] = row;
    }
    if (!row.isStale) return row;
    row.isStale = false;
    const edges = this.#edgesFrom(rank);
    for (let to = 0; to < count; to++) {
      const heap = edges[to]!;
      this.#refresh(heap);
      row.cost[to] = heap.isEmpty ? Number.POSITIVE_INFINITY : heap.cost;
      if (heap.isEmpty) continue;
      row.from[to] = heap.from;
      row.to[to] = heap.to;
    }
    return row;
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

  /** Brings the cheapest move of a heap at present prices to its top. */
  #refresh(heap: EdgeHeap): void {
    while (!heap.isEmpty) {
      const { from, to } = heap;
      const price = this.flow[from]! > 0 ? this.#price(from, to) : GONE;
      if (price === heap.cost) return;
      heap.pop();
      if (price !== GONE) heap.push(price, from, to);
    }
  }
}

function slotsBySite({ site, siteOfRank }: SpillMap): Uint32Array[] {
  const counts = new Uint32Array(siteOfRank.length);
  for (const rank of site) counts[rank]!++;
  const lists = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  for (let slot = 0; slot < site.length; slot++) lists[site[slot]!]![counts[site[slot]!]!++] = slot;
  return lists;
}
