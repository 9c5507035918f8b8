// Slow start: what part of its weight a server has after it recovered or was added, so that its caches, pools and compilers warm up
// before the load comes. It grows in steps, because each change makes tables anew. Curve as in Envoy: (elapsed / window) to the
// power of 1 / aggression, and never less than a floor.

import type { SlowStart } from '../model/site.ts';

const STEPS = 12;

/** Part of the weight, 0 < part <= 1, after `elapsedMs`. */
export function startingPart(elapsedMs: number, { windowMs, aggression, floorPercent }: SlowStart): number {
  if (elapsedMs >= windowMs) return 1;
  const step = Math.max(0, Math.floor((elapsedMs * STEPS) / windowMs));
  return Math.max(floorPercent / 100, (step / STEPS) ** (1 / aggression));
}

/** How long after the start the part changes next; Infinity = it is whole. */
export function nextStepMs(elapsedMs: number, { windowMs }: SlowStart): number {
  if (elapsedMs >= windowMs) return Number.POSITIVE_INFINITY;
  const step = Math.max(0, Math.floor((elapsedMs * STEPS) / windowMs));
  return Math.ceil(((step + 1) * windowMs) / STEPS);
}
