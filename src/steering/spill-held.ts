// Which sites clients hold. A resolver keeps an answer for a TTL; those of many run out evenly, so that after a change of plans clients
// follow it in a straight line, and a TTL later nearly all have. (Taken for an average with a constant rate, too many
// were seen to go at once, and long after a TTL some were waited for who had arrived: sites were relieved of load that never came.) A few keep answers longer, and plans take a moment to reach all servers: the line ends in a short tail.
//
// Invariant: shares of an item stay between what they were and what plans say.

import { towards } from './spill-columns.ts';
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
  /** By item: how far its clients were from the plan when it was last looked at. */
  readonly behind: Float64Array;
}

/**
 * Clients follow the present plans (`shares` by slot) for some time. `lateSec`: so much later than usual it is seen. Where a plan has
 * changed, or health has changed what it comes to, those who had not followed the last one yet go on as they did, and those who are
 * moved by the change begin: together as if they had followed for a time in between.
 */
export function follow(
  { map, held, followedSec, behind }: Holding,
  shares: Float64Array,
  inUse: Uint32Array,
  elapsedSec: number,
  ttlSec: number,
  lateSec: number,
): void {
  if (elapsedSec === 0) return;
  const wholeSec = HELD_TTLS * ttlSec + lateSec;
  const shortestSec = TAIL_TTLS * ttlSec + elapsedSec;
  const now = new Float64Array(map.itemCount);
  addBehind(inUse, map.itemOfSlot, shares, held, now);
  const parts = followedSec.map((sec, item) => {
    const goneSec = now[item]! > behind[item]! + NOBODY ? (sec * behind[item]!) / now[item]! : sec;
    followedSec[item] = Math.min(wholeSec, goneSec + elapsedSec);
    return elapsedSec / Math.max(shortestSec, wholeSec - goneSec);
  });
  followAll(inUse, map.itemOfSlot, held, shares, parts);
}

/** To be called when a step has seen all that there is to see, with the plans that it began with. */
export function noteBehind({ map, held, behind }: Holding, shares: Float64Array, inUse: Uint32Array): void {
  behind.fill(0);
  addBehind(inUse, map.itemOfSlot, shares, held, behind);
}

// Given columns and nothing else, as those of spill-columns.ts.

function addBehind(
  inUse: Uint32Array,
  itemOfSlot: Uint32Array,
  shares: Float64Array,
  held: Float64Array,
  behind: Float64Array,
): void {
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    behind[itemOfSlot[slot]!]! += Math.abs(shares[slot]! - held[slot]!);
  }
}

function followAll(
  inUse: Uint32Array,
  itemOfSlot: Uint32Array,
  held: Float64Array,
  shares: Float64Array,
  parts: Float64Array,
): void {
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    held[slot] = towards(held[slot]!, shares[slot]!, parts[itemOfSlot[slot]!]!);
  }
}
