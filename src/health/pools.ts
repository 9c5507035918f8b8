// Watermarks of a pool: it goes down when less than the low mark of it is up, and comes back only when the high mark is
// reached, so that a pool at the edge does not toggle. Only `failover` asks (steering/evaluate.ts): a pool that is down
// counts as dead there. Drained members count as not up. Source of the idea: seesaw's vserver watermarks.

import type { Watermarks } from '../model/health.ts';

/** A member of the pool as far as the family has it. */
export interface PoolMember {
  readonly weight: number;
  readonly isUp: boolean;
}

/** How much of the pool is up, in percent; of weight if anybody has some. A pool without members in the family is up. */
export function percentUp(members: readonly PoolMember[], of: Watermarks['of']): number {
  const byWeight = of === 'weight' && members.some(({ weight }) => weight > 0);
  let up = 0;
  let all = 0;
  for (const { weight, isUp } of members) {
    const counts = byWeight ? weight : 1;
    all += counts;
    if (isUp) up += counts;
  }
  return all === 0 ? 100 : (100 * up) / all;
}

/** Whether the pool is up, given that it was; nobody up is always down. */
export function isPoolUp(percent: number, wasUp: boolean, marks: Watermarks): boolean {
  return percent > 0 && percent >= (wasUp ? marks.lowPercent : marks.highPercent);
}
