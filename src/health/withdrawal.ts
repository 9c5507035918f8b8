// When a prober mistrusts itself. Sites rarely fail together, but a prober's own uplink takes everything from its sight at
// once; so one that sees (nearly) all that was up go down within a short time takes its votes back, and goes on looking. But a
// world that really fails is seen by all probers, and then somebody has to say so: at least half of them always count.

import type { WithdrawalRule } from '../model/health.ts';

/** A target as one prober sees it, after damping. */
export interface Sighting {
  readonly isUp: boolean;
  /** Since when the prober has seen it so. */
  readonly sinceMs: number;
  /** Whether it was up before that; false for a target that the prober never saw up. */
  readonly wasUp: boolean;
}

/**
 * Whether the prober should hold its votes back now. `withdrawnMs` is when it withdrew, null if its votes count. It comes back
 * when less than half of the share is still out of its sight: the targets down by themselves do not keep it away for ever.
 */
export function shouldWithdraw(
  sightings: readonly Sighting[],
  withdrawnMs: number | null,
  nowMs: number,
  rule: WithdrawalRule,
): boolean {
  const sinceMs = (withdrawnMs ?? nowMs) - rule.windowMs;
  let up = 0;
  let lost = 0;
  for (const sighting of sightings) {
    if (sighting.isUp) up++;
    else if (sighting.wasUp && sighting.sinceMs >= sinceMs) lost++;
  }
  const lostPercent = (100 * lost) / Math.max(1, up + lost);
  if (withdrawnMs !== null) return lostPercent >= rule.sharePercent / 2;
  return lost >= rule.leastTargets && lostPercent >= rule.sharePercent;
}

/**
 * Whether a prober may hold its votes back: as long as at least half of the probers still count. So the only prober never does, and
 * when more than half have withdrawn at one moment, those whose ids come last are back at once. `withdrawn` are the ids of the live
 * probers that have withdrawn, with or without `id`; `probers` is the number of live ones.
 */
export function mayWithdraw(id: string, withdrawn: readonly string[], probers: number): boolean {
  const before = withdrawn.filter((other) => other < id).length;
  const others = withdrawn.filter((other) => other !== id).length;
  const rank = withdrawn.includes(id) ? before : others;
  return rank < Math.floor(probers / 2);
}
