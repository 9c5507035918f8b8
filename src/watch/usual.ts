// A hint, no more: whether the rate of queries is far from what it was at this time of the day before. Names nobody and proves nothing;
// a campaign, a holiday and an attack look alike from here. The baseline is seasonal: the hour around the same time, one to three days
// ago, the median of the days that are known.

import { COLUMN, type Minutes } from './minutes.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const LATELY_MS = 15 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAYS = [1, 2, 3];
/** Minutes of the hour that must be known, for the day to count. */
const LEAST_KNOWN = 45;
/** So many times as much, or as little. */
const FACTOR = 4;
/** Of rates around a query a second nothing is concluded. */
const LEAST_PER_SEC = 2;

/** The words for it; null if the rate is usual, or nobody knows what is. */
export function unusualRate(minutes: Minutes, nowMs: number): string | null {
  const days = DAYS.map((day) => nowMs - day * DAY_MS + HOUR_MS / 2).filter(
    (endMs) => minutes.known(endMs, HOUR_MS) >= LEAST_KNOWN,
  );
  if (days.length === 0 || minutes.known(nowMs, LATELY_MS) * MINUTE_MS < LATELY_MS) return null;
  const rates = days.map((endMs) => (minutes.sum(endMs, HOUR_MS)[COLUMN.RECEIVED] * 1000) / HOUR_MS).sort((a, b) => a - b);
  const usual = rates[Math.floor((rates.length - 1) / 2)]!;
  // The minute that has just begun is not whole.
  const now = (minutes.sum(nowMs - MINUTE_MS, LATELY_MS)[COLUMN.RECEIVED] * 1000) / LATELY_MS;
  if (Math.max(now, usual) < LEAST_PER_SEC || (now < FACTOR * usual && now * FACTOR > usual)) return null;
  return `${now.toFixed(1)} queries a second lately; at this time of the days before it was ${usual.toFixed(1)}`;
}
