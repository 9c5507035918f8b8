// The site with room that is cheapest to reach, from all sites that have something to give away at once: E. W. Dijkstra's algorithm
// (1959). Where paths may count what they save, on costs that are made non-negative by how far each site was before (J. Edmonds,
// R. M. Karp, 1972). From each site only those near it are looked at first. Where they do not prove that what was found is the cheapest
// of all, the search begins anew with farther ones. The next path is hardly longer than the last one, so that near sites nearly always do.
//
// Invariant: finds what a search of all sites would find, the first of equals included: sites are left by cost, then by rank.

import { GONE, type Moves } from './spill-moves.ts';

export const NONE = -1;
/** In place of the position in the heap: of a site that has been left. */
const DONE = -2;
/** Sites so near are looked at first, then those up to so many times as far, and beyond the last distance all. */
const NEAR_KM = 250;
/** Where savings count only what a path costs more than the last one matters, which is little; else the whole distance, which grows. */
const FARTHER = { countingSavings: 16, else: 2 };
const FAR_KM = 4000;

/** All by rank. */
export class Search {
  /** Where the cheapest way comes from, after a search; NONE at its start. */
  readonly cameFrom: Int32Array;
  readonly #moves: Moves;
  readonly #cost: Float64Array;
  readonly #hasRoom: Uint8Array;
  /** Cost of reaching a site, as of the last search, at most that of reaching one with room; 0 unless savings count. */
  readonly #farness: Float64Array;
  #farthest = 0;
  /** By how much any cost may have fallen since the start, because farness has grown. */
  #fallenKm = 0;
  /** All sites that are not near cost more than this, once what any cost has fallen by is taken off. */
  readonly #beyondKm: Float64Array;
  #reachKm = NEAR_KM;
  /** Sites that can be reached and have not been left, the cheapest on top. */
  readonly #heap: Int32Array;
  readonly #place: Int32Array;
  /** One number: the cost of the cheapest site with room that was reached. What costs more is not looked at. */
  readonly #bound = new Float64Array(1);
  #isBounded: Uint8Array;
  #countsSavings = false;

  constructor(moves: Moves, sites: number) {
    this.#moves = moves;
    this.cameFrom = new Int32Array(sites);
    this.#cost = new Float64Array(sites);
    this.#hasRoom = new Uint8Array(sites);
    this.#farness = new Float64Array(sites);
    this.#beyondKm = new Float64Array(sites);
    this.#heap = new Int32Array(sites);
    this.#place = new Int32Array(sites);
    this.#isBounded = new Uint8Array(sites);
  }

  /** Load may come and go where `isBounded`. Unless it is the first of its plans, it begins where the one before has ended. */
  begin(isBounded: Uint8Array, countsSavings: boolean, isFirst: boolean): void {
    this.#isBounded = isBounded;
    this.#countsSavings = countsSavings;
    this.#farness.fill(0);
    this.#farthest = 0;
    this.#fallenKm = 0;
    if (isFirst || countsSavings) this.#reachKm = NEAR_KM;
    this.#beyondKm.fill(Number.NEGATIVE_INFINITY);
  }

  /** NONE if no site with room can be reached. */
  find(load: Float64Array, ceiling: Float64Array, budget: Float64Array): number {
    let sink: number | null = null;
    while (sink === null) {
      sink = this.#try(load, ceiling, budget);
      if (sink === null)
        this.#reachKm =
          this.#reachKm >= FAR_KM ? GONE : this.#reachKm * (this.#countsSavings ? FARTHER.countingSavings : FARTHER.else);
    }
    if (this.#countsSavings) this.#reachKm = NEAR_KM;
    return sink;
  }

  /** Null if farther sites must be looked at to tell. */
  #try(load: Float64Array, ceiling: Float64Array, budget: Float64Array): number | null {
    const cost = this.#cost;
    const { cost: moveKm, near, nearCount } = this.#moves;
    let size = this.#setOut(load, ceiling, budget);
    let sink = NONE;
    let least = GONE;
    let provenKm = GONE;
    this.#bound[0] = GONE;
    while (size > 0) {
      const next = this.#heap[0]!;
      const km = cost[next]!;
      if (km >= least) break;
      if (km > provenKm) return null;
      size = takeFirst(this.#heap, size, this.#place, cost);
      this.#place[next] = DONE;
      if (this.cameFrom[next] !== NONE && this.#hasRoom[next] === 1) {
        const all = km + this.#farness[next]! - this.#farthest;
        if (all < least) {
          least = all;
          sink = next;
        }
      }
      provenKm = Math.min(provenKm, km + this.#look(next));
      size = relax(
        next,
        km + this.#farness[next]!,
        near,
        nearCount[next]!,
        moveKm,
        next * cost.length,
        cost,
        this.#farness,
        this.cameFrom,
        this.#heap,
        size,
        this.#place,
        this.#hasRoom,
        this.#bound,
      );
    }
    if (least > provenKm) return null;
    if (this.#countsSavings && sink !== NONE) {
      this.#fallenKm += least - addFarness(this.#farness, cost, least);
      this.#farthest += least;
    }
    return sink;
  }

  /** From all sites that have something to give away; how many these are. */
  #setOut(load: Float64Array, ceiling: Float64Array, budget: Float64Array): number {
    let size = 0;
    for (let rank = 0; rank < load.length; rank++) {
      const isOpen = this.#isBounded[rank] === 1;
      const starts = isOpen && load[rank]! - ceiling[rank]! >= 1 && budget[rank]! >= 1;
      this.#hasRoom[rank] = isOpen && ceiling[rank]! - load[rank]! >= 1 ? 1 : 0;
      this.cameFrom[rank] = NONE;
      this.#cost[rank] = starts ? -this.#farness[rank]! : GONE;
      this.#place[rank] = NONE;
      if (starts) rise(this.#heap, size++, rank, this.#place, this.#cost);
    }
    return size;
  }

  /** Brings moves from a site and the sites near it up to date. What it costs at least to reach those that are not near. */
  #look(rank: number): number {
    const hasChanged = this.#moves.look(rank);
    const beyondKm = this.#beyondKm[rank]! - this.#fallenKm;
    if (!hasChanged && beyondKm >= this.#reachKm / 2) return beyondKm;
    this.#moves.fillNear(rank, this.#farness, this.#reachKm);
    this.#beyondKm[rank] = this.#reachKm + this.#fallenKm;
    return this.#reachKm;
  }
}

// Given columns and nothing else, as those of spill-moves.ts.

/** Ways on from a site that was reached, to those near it. How many sites there are in the heap then. */
function relax(
  origin: number,
  reachedKm: number,
  near: Uint16Array,
  nearCount: number,
  moveKm: Float64Array,
  row: number,
  cost: Float64Array,
  farness: Float64Array,
  cameFrom: Int32Array,
  heap: Int32Array,
  size: number,
  place: Int32Array,
  hasRoom: Uint8Array,
  bound: Float64Array,
): number {
  let count = size;
  let most = bound[0]!;
  for (let i = 0; i < nearCount; i++) {
    const to = near[row + i]!;
    const km = reachedKm + moveKm[row + to]! - farness[to]!;
    if (km >= cost[to]! || km > most || place[to] === DONE) continue;
    if (hasRoom[to] === 1) most = km;
    cost[to] = km;
    cameFrom[to] = origin;
    rise(heap, place[to] === NONE ? count++ : place[to]!, to, place, cost);
  }
  bound[0] = most;
  return count;
}

/** A site at a place of the heap, or nearer to its top. */
function rise(heap: Int32Array, at: number, rank: number, place: Int32Array, cost: Float64Array): void {
  const km = cost[rank]!;
  let to = at;
  while (to > 0) {
    const above = (to - 1) >> 1;
    const other = heap[above]!;
    const otherKm = cost[other]!;
    if (otherKm < km || (otherKm === km && other < rank)) break;
    heap[to] = other;
    place[other] = to;
    to = above;
  }
  heap[to] = rank;
  place[rank] = to;
}

/** Without the top of the heap; its size then. */
function takeFirst(heap: Int32Array, size: number, place: Int32Array, cost: Float64Array): number {
  const count = size - 1;
  const last = heap[count]!;
  const km = cost[last]!;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= count) break;
    let best = heap[below]!;
    let bestKm = cost[best]!;
    if (below + 1 < count) {
      const right = heap[below + 1]!;
      const rightKm = cost[right]!;
      if (rightKm < bestKm || (rightKm === bestKm && right < best)) {
        below++;
        best = right;
        bestKm = rightKm;
      }
    }
    if (km < bestKm || (km === bestKm && last < best)) break;
    heap[at] = best;
    place[best] = at;
    at = below;
  }
  heap[at] = last;
  place[last] = at;
  return count;
}

/** Sites are as far as was found, at most as far as `most`. The least that one of them became farther. */
function addFarness(farness: Float64Array, cost: Float64Array, most: number): number {
  let least = most;
  for (let rank = 0; rank < farness.length; rank++) {
    const more = Math.min(cost[rank]!, most);
    farness[rank]! += more;
    if (more < least) least = more;
  }
  return least;
}
