// Looks whether the present plans are still worth having: solves the whole problem anew, from plans in which nothing spills, and
// compares. Shedding as needs arise leaves load at places where it need no longer be, or where other load had better be; so
// clients come back, and change places, when that saves a good part of the extra distance, and never all at once.

import type { Flows } from './spill-flow.ts';

/** What the clients of some plans give up against plans in which nothing spills. */
interface Price {
  /** Kilometres times load. */
  readonly km: number;
  /** Load away from home, times what the priority of its policy has above the lowest. */
  readonly rank: number;
}

/** Differences of an item's share that are not worth another small step: the last one is taken whole. */
const LAST_STEP = 0.01;

const priceOf = ({ map, flow, natural, lowestPriority }: Flows): Price =>
  priceOfColumns(map.itemOfSlot, map.costKm, map.priority, flow, natural, lowestPriority);

function priceOfColumns(
  itemOfSlot: Uint32Array,
  costKm: Int32Array,
  priority: Uint8Array,
  flow: Float64Array,
  natural: Float64Array,
  lowestPriority: number,
): Price {
  let km = 0;
  let rank = 0;
  for (let slot = 0; slot < flow.length; slot++) {
    if (flow[slot] === 0) continue;
    const guests = flow[slot]! - natural[slot]!;
    km += costKm[slot]! * flow[slot]!;
    if (guests <= 0) continue;
    km += guests;
    rank += guests * (priority[itemOfSlot[slot]!]! - lowestPriority);
  }
  return { km, rank };
}

/** By how much plans cost more than others, as a share; 0 = not at all. */
export function excessPrice(present: Flows, ideal: Flows): number {
  const [a, b] = [priceOf(present), priceOf(ideal)];
  const excess = (x: number, y: number): number => (x <= y ? 0 : y === 0 ? Number.POSITIVE_INFINITY : x / y - 1);
  return Math.max(excess(a.km, b.km), excess(a.rank, b.rank));
}

/** Of the load that other plans would move, the part that nobody has been sent to yet: plans that nobody follows move nobody. */
export const freePart = ({ map, demand, flow }: Flows, ideal: Flows, held: Float64Array): number =>
  freePartOf(map.itemOfSlot, demand, flow, ideal.flow, held);

function freePartOf(
  itemOfSlot: Uint32Array,
  demand: Float64Array,
  flow: Float64Array,
  ideal: Float64Array,
  held: Float64Array,
): number {
  let all = 0;
  let free = 0;
  for (let slot = 0; slot < flow.length; slot++) {
    const surplus = flow[slot]! - ideal[slot]!;
    if (surplus <= 0) continue;
    all += surplus;
    free += Math.min(surplus, Math.max(0, flow[slot]! - demand[itemOfSlot[slot]!]! * held[slot]!));
  }
  return all === 0 ? 0 : free / all;
}

/** Moves `part` of the way from the present plans to the ideal ones. Where both keep every site under its ceiling, so does this. */
export function approach(present: Flows, ideal: Flows, part: number): void {
  const { map } = present;
  for (let item = 0; item < map.itemCount; item++) {
    const end = map.first[item + 1]!;
    let to = map.first[item]!;
    for (let from = to; from < end; from++) {
      let surplus = stepOf(present.flow[from]! - ideal.flow[from]!, present.demand[item]!, part);
      while (surplus >= 1) {
        let lack = 0;
        for (; to < end; to++) {
          lack = stepOf(ideal.flow[to]! - present.flow[to]!, present.demand[item]!, part);
          if (lack >= 1) break;
        }
        if (to === end) break;
        const amount = Math.min(surplus, lack);
        present.move(from, to, amount);
        surplus -= amount;
        if (amount === lack) to++;
      }
    }
  }
}

const stepOf = (difference: number, demand: number, part: number): number =>
  difference <= 0 ? 0 : difference <= demand * LAST_STEP ? difference : Math.ceil(difference * part);
