// Which sites clients hold. A resolver keeps an answer for a TTL; those of many run out evenly, so that after a change of plans clients
// follow it in a straight line, and a TTL later nearly all have. (Taken for an average with a constant rate, too many were seen to go at
// once, and long after a TTL some were waited for who had arrived: sites were relieved of load that never came.) A few keep answers
// longer, and plans take a moment to reach all servers: the line ends in a short tail.
//
// Invariant: shares of an item stay between what they were and what plans say.

import { eachTowards } from './spill-columns.ts';
import type { SpillMap } from './spill-map.ts';

/** Clients ask some time after their answer has run out: so many TTLs after a change of plans the line would end. */
const HELD_TTLS = 1.15;
/** The last of them, whom it would take less than so much of a TTL, take that on average. */
const TAIL_TTLS = 0.3;
/** Less than that of an item's clients is nobody. */
const NOBODY = 1e-9;

interface Holding {
  readonly map: SpillMap;
  /** By slot. */
  readonly held: Float64Array;
  /** By item: for how long its clients have followed the present plan; after small changes of a plan as if it were one of before. */
  readonly followedSec: Float64Array;
}

/** Clients follow the present plans (`shares` by slot) for some time. `lateSec`: so much later than usual it is seen. */
export function follow(
  { map, held, followedSec }: Holding,
  shares: Float64Array,
  inUse: Uint32Array,
  elapsedSec: number,
  ttlSec: number,
  lateSec: number,
): void {
  if (elapsedSec === 0) return;
  const wholeSec = HELD_TTLS * ttlSec + lateSec;
  const shortestSec = TAIL_TTLS * ttlSec + elapsedSec;
  const parts = followedSec.map((sec) => elapsedSec / Math.max(shortestSec, wholeSec - sec));
  eachTowards(inUse, held, shares, map.itemOfSlot, parts);
  for (let item = 0; item < followedSec.length; item++) followedSec[item] = Math.min(wholeSec, followedSec[item]! + elapsedSec);
}

/**
 * The plan of an item has changed: from `shares` to `flow` (by slot, of `demand` in all). Those who had not followed the last one yet
 * go on as they did, and those whom the change moves begin, also back to where others still are: together as if they had followed for
 * a time in between.
 */
export function turn(
  { map, held, followedSec }: Holding,
  item: number,
  shares: Float64Array,
  flow: Float64Array,
  demand: number,
): void {
  if (demand <= 0) return;
  let behind = 0;
  let changed = 0;
  for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
    behind += Math.abs(shares[slot]! - held[slot]!);
    changed += Math.abs(flow[slot]! / demand - shares[slot]!);
  }
  if (changed > NOBODY) followedSec[item]! *= behind / (behind + changed);
}
