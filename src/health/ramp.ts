// Shares of weight over time: a recovered member starts small and grows, a drained one shrinks, so that caches fill and
// connections end before the load comes or the lights go out. Shares move in steps, and steps are counted from moments that
// all servers know alike, so all give the same share at the same time and images change at most once a step.

import { FULL_SHARE } from '../model/health.ts';

const STEPS = 12;
/** The start of a slow start: less would say nothing about the member. */
const FLOOR = 100;

/** A share, when it will be another one (Infinity = it stays), and how long each step lasts. */
export interface RampedShare {
  readonly share: number;
  readonly nextMs: number;
  readonly stepMs: number;
}

/** The share of a member that neither recovers nor drains. */
export const SETTLED: RampedShare = {
  share: FULL_SHARE,
  nextMs: Number.POSITIVE_INFINITY,
  stepMs: Number.POSITIVE_INFINITY,
};

/** Slow start of a member that came up at `sinceMs`; 0 = it was never down, and there is nothing to be slow about. */
export function rampUp(sinceMs: number, nowMs: number, slowStartMs: number): RampedShare {
  const step = stepOf(sinceMs, nowMs, slowStartMs);
  if (sinceMs === 0 || step >= STEPS) return SETTLED;
  const share = Math.max(FLOOR, Math.floor((FULL_SHARE * step) / STEPS));
  return { share, nextMs: startOf(step + 1, sinceMs, slowStartMs), stepMs: slowStartMs / STEPS };
}

/** Drain that was ordered at `sinceMs`. */
export function rampDown(sinceMs: number, nowMs: number, drainMs: number): RampedShare {
  const step = stepOf(sinceMs, nowMs, drainMs);
  if (step >= STEPS - 1) return { ...SETTLED, share: 0 };
  const share = FULL_SHARE - Math.floor((FULL_SHARE * (step + 1)) / STEPS);
  return { share, nextMs: startOf(step + 1, sinceMs, drainMs), stepMs: drainMs / STEPS };
}

/** Whole steps since the start; a start in the future (another server's clock) is the start. */
function stepOf(sinceMs: number, nowMs: number, lengthMs: number): number {
  return lengthMs === 0 ? STEPS : Math.max(0, Math.floor(((nowMs - sinceMs) * STEPS) / lengthMs));
}

/** The first whole millisecond of a step. */
function startOf(step: number, sinceMs: number, lengthMs: number): number {
  return sinceMs + Math.ceil((step * lengthMs) / STEPS);
}
