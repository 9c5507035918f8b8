// When a policy can be judged: not before the answers that were given before a sudden change have run out.

import type { Scenario } from '../config/scenario.ts';

/** After a sudden change, answers given before it are held for a TTL, and some longer; only after that it is the policy's fault. */
export const TRANSIENT_TTLS = 2;

/** Whether a change is so recent that no policy could have answered it yet; sites that drain or start slowly change until that is over. */
export function isTransient({ events, ttl, health, agents, judgedFrom }: Scenario, atMs: number): boolean {
  if (atMs < judgedFrom) return true;
  return events.some(({ event, at, until, over }) => {
    const detectMs = event === 'down' ? health.detect : 0;
    const lastMs = detectMs + over + TRANSIENT_TTLS * ttl + agents.delay;
    const endMs = event === 'drain' ? health.drain : 0;
    const startMs = event === 'drain' || event === 'down' ? health.slowStart : 0;
    const isRecent = (change: number | null, rampMs: number): boolean =>
      change !== null && atMs >= change && atMs < change + lastMs + rampMs;
    return isRecent(at, endMs) || isRecent(until, startMs);
  });
}

/** Times in which nothing has changed for so long that what still moves is the policy's own doing, or noise. */
export interface Stretch {
  readonly fromMs: number;
  /** The first moment after it. */
  readonly untilMs: number;
}

export function steadyStretches(scenario: Scenario): Stretch[] {
  const { steadyFrom, duration, step } = scenario;
  const stretches: { fromMs: number; untilMs: number }[] = [];
  if (steadyFrom === null) return stretches;
  for (let atMs = 0; atMs <= duration; atMs += step) {
    if (atMs < steadyFrom || isTransient(scenario, atMs)) continue;
    const last = stretches.at(-1);
    if (last?.untilMs === atMs) last.untilMs = atMs + step;
    else stretches.push({ fromMs: atMs, untilMs: atMs + step });
  }
  return stretches;
}
