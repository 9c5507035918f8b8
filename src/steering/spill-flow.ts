// Moves load between sites: from those above their ceiling to those below it, always along the cheapest path there is. A path
// may displace load of a full site in between, if that is cheaper than any direct way. Taken from a start at which nothing is
// displaced, cheapest paths one after the other give the optimum of the transportation problem (successive shortest paths:
// W. S. Jewell, 1958; R. G. Busacker and P. J. Gowen, 1960). From any other start there may be moves that save something, even
// in circles, so that no path is the cheapest: there a saving counts as nothing, and the review (spill-review.ts) finds it.
//
// All amounts are whole numbers, so sums are exact and do not depend on the order in which they were made.

import type { SpillMap } from './spill-map.ts';
import { kindOf, Moves } from './spill-moves.ts';
import { NONE, Search } from './spill-search.ts';

/** What a level of priority above the lowest is worth: more than any distance, so that lower priorities move first. */
const PRIORITY_KM = 100_000;
/** Paths of one step; the rest is for the next. Bounds the time of a step, and is far above what any scenario takes. */
const MAX_PATHS = 50_000;
/** Numbers that `kindOf` gives are below this. */
const KINDS = 8;

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
  readonly #moves: Moves;
  readonly #search: Search;

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
    this.map = map;
    this.demand = demand;
    this.flow = flow;
    this.load = load;
    this.isBounded = isBounded;
    this.natural = natural;
    this.hasMoved = new Uint8Array(map.itemCount);
    const { lowestPriority, moves, search } = workshopOf(map);
    this.lowestPriority = lowestPriority;
    this.#moves = moves;
    this.#search = search;
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
    this.hasMoved[itemOfSlot[from]!] = 1;
    if (this.#moves.isOf(this) && before !== this.#kindOf(from) * KINDS + this.#kindOf(to)) this.#moves.changed(from, to);
  }

  #kindOf(slot: number): number {
    return kindOf(this.flow[slot]!, this.natural[slot]!);
  }

  /**
   * Takes from every site that is above its ceiling, at most `budget` each (reduced by what was taken), as long as a site below
   * its ceiling can be reached. Returns whether some site is still above its ceiling although its budget is not spent.
   */
  relieve(ceiling: Float64Array, budget: Float64Array): boolean {
    const count = ceiling.length;
    const { from, to } = this.#moves;
    const { cameFrom } = this.#search;
    this.#search.begin(this.isBounded, this.#isFromRest, !this.#moves.isOf(this));
    for (let paths = 0; paths < MAX_PATHS && this.#mayGive(ceiling, budget); paths++) {
      if (!this.#moves.isOf(this)) this.#moves.begin(this, this.#isFromRest ? Number.NEGATIVE_INFINITY : 0);
      const sink = this.#search.find(this.load, ceiling, budget);
      if (sink === NONE) return true;

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

  #mayGive(ceiling: Float64Array, budget: Float64Array): boolean {
    const { isBounded, load } = this;
    for (let rank = 0; rank < load.length; rank++) {
      if (isBounded[rank] === 1 && load[rank]! - ceiling[rank]! >= 1 && budget[rank]! >= 1) return true;
    }
    return false;
  }
}

/** What is made once for a map. */
interface Workshop {
  readonly lowestPriority: number;
  readonly moves: Moves;
  readonly search: Search;
}

const workshops = new WeakMap<SpillMap, Workshop>();

function workshopOf(map: SpillMap): Workshop {
  let known = workshops.get(map);
  if (known !== undefined) return known;
  let lowestPriority = 255;
  for (const priority of map.priority) if (priority < lowestPriority) lowestPriority = priority;
  const worthKm = Float64Array.from(map.priority, (priority) => PRIORITY_KM * (priority - lowestPriority));
  const moves = new Moves(map, worthKm);
  known = { lowestPriority, moves, search: new Search(moves, map.siteOfRank.length) };
  workshops.set(map, known);
  return known;
}

/** By slot: what is sent there if nothing spills, in `flow`. `demand` by item. */
export function naturalFlow(
  { natural, itemOfSlot }: SpillMap,
  demand: Float64Array,
  flow: Float64Array = new Float64Array(natural.length),
): Float64Array {
  for (let slot = 0; slot < flow.length; slot++) flow[slot] = Math.round(natural[slot]! * demand[itemOfSlot[slot]!]!);
  return flow;
}
