// Times in zone text: seconds, or BIND's units as in `1h30m` and `2w` (weeks, days, hours, minutes, seconds; any case).

import { MAX_TTL_SEC } from '../wire/constants.ts';

const UNIT_SEC: Readonly<Record<number, number>> = { 115: 1, 109: 60, 104: 3600, 100: 86_400, 119: 604_800 };

/** Seconds that `text[start..stop)` means; -1 if it is no time or more than a TTL may be (RFC 2181 section 8). */
export function readTimeSec(text: Uint8Array, start: number, stop: number): number {
  let total = 0;
  let value = 0;
  let digits = 0;
  for (let i = start; i < stop; i++) {
    const octet = text[i]!;
    if (octet >= 0x30 && octet <= 0x39) {
      value = value * 10 + octet - 0x30;
      digits++;
    } else {
      const unitSec = UNIT_SEC[octet | 0x20];
      if (unitSec === undefined || digits === 0) return -1;
      total += value * unitSec;
      value = 0;
      digits = 0;
    }
    if (total + value > MAX_TTL_SEC) return -1;
  }
  // A number without unit stands alone: `1h30` may mean minutes or seconds.
  return start === stop || (digits > 0 && stop - start > digits) ? -1 : total + value;
}
