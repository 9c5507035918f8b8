// From limits to shares and back: which part of an item's clients each slot gets under its limits, as evaluate.ts will find it,
// and which limits give wanted amounts.

import { ADMIT_ALL } from './spill-limits.ts';
import type { SpillMap } from './spill-map.ts';

/** Limits this near to all are all. */
const ALMOST_ALL = 16;
/** The largest limit: 256 times a site's natural share. */
const MOST = 256 * ADMIT_ALL;
const NOTHING_LEFT = 1e-9;
/** What limits leave over because they are rounded does not travel on. */
const ROUNDED_OFF = 1e-4;

export const isAtRest = ({ first }: SpillMap, admit: Uint32Array, item: number): boolean =>
  areOpen(admit, first[item]!, first[item + 1]!);

function areOpen(admit: Uint32Array, from: number, to: number): boolean {
  for (let slot = from; slot < to; slot++) if (admit[slot] !== ADMIT_ALL) return false;
  return true;
}

/** By slot: the shares under limits, in `shares`. */
export function sharesOfAll(
  { first, group, share, natural }: SpillMap,
  admit: Uint32Array,
  shares: Float64Array = new Float64Array(natural.length),
): Float64Array {
  shares.set(natural);
  fillShares(first, group, share, natural, admit, shares);
  return shares;
}

// Given columns and nothing else, as those of spill-columns.ts.
function fillShares(
  first: Uint32Array,
  group: Uint16Array,
  share: Float64Array,
  natural: Float64Array,
  admit: Uint32Array,
  out: Float64Array,
): void {
  for (let item = 0; item < first.length - 1; item++) {
    const [from, to] = [first[item]!, first[item + 1]!];
    if (!areOpen(admit, from, to)) fillItem(from, to, group, share, natural, admit, out);
  }
}

/** Fills `out` for the slots of an item with shares that sum to 1. */
function fillItem(
  from: number,
  to: number,
  group: Uint16Array,
  share: Float64Array,
  natural: Float64Array,
  admit: Uint32Array,
  out: Float64Array,
): void {
  let left = 1;
  let total = 0;
  for (let slot = from; slot < to; ) {
    let end = slot;
    let wanted = 0;
    for (; end < to && group[end] === group[slot]; end++) wanted += (share[end]! * admit[end]!) / ADMIT_ALL;
    const scale = left / Math.max(1, wanted);
    for (; slot < end; slot++) {
      out[slot] = ((share[slot]! * admit[slot]!) / ADMIT_ALL) * scale;
      total += out[slot]!;
    }
    left *= 1 - Math.min(1, wanted);
    if (left < ROUNDED_OFF) left = 0;
  }
  for (let slot = from; slot < to; slot++) out[slot] = total > NOTHING_LEFT ? out[slot]! / total : natural[slot]!;
}

/** Sets the limits of an item so that its slots get the amounts in `flow`, in proportion. */
export function limitsFor(map: SpillMap, flow: Float64Array, item: number, admit: Uint32Array): void {
  const from = map.first[item]!;
  const to = map.first[item + 1]!;
  admit.fill(ADMIT_ALL, from, to);
  let total = 0;
  let last = from;
  for (let slot = from; slot < to; slot++) {
    total += flow[slot]!;
    if (flow[slot]! > 0) last = slot;
  }
  let left = total;
  for (let slot = from; slot <= last; ) {
    let end = slot;
    let share = 0;
    let taken = 0;
    for (; end < to && map.group[end] === map.group[slot]; end++) {
      share += map.share[end]!;
      taken += flow[end]!;
    }
    const isLast = end > last;
    // in the group that takes all the rest, only a departure from the natural proportions needs limits
    const whole = isLast ? share : 1;
    for (let s = slot; s < end; s++) {
      const limit = Math.min(MOST, Math.round(((flow[s]! * whole) / (left * map.share[s]!)) * ADMIT_ALL));
      admit[s] = Math.abs(limit - ADMIT_ALL) <= ALMOST_ALL ? ADMIT_ALL : limit;
    }
    if (isLast && share < 1 && admit.subarray(slot, end).some((limit) => limit !== ADMIT_ALL)) {
      // the group must take everything, so limits count against all of it
      for (let s = slot; s < end; s++) admit[s] = Math.min(MOST, Math.round((flow[s]! / (left * map.share[s]!)) * ADMIT_ALL));
    }
    left -= taken;
    slot = end;
  }
}
