// Least response time, of two: what a further request would wait for, peak EWMA x (active + 1). A server that was never measured
// is tried at once, but by one request at a time until its first response has come. Source: Finagle's "Peak EWMA".

import { hasLessActive, type IsBetter } from './two-choices.ts';

export const hasLessToWait: IsBetter = (candidates, other, first, nowMs) => {
  const otherMs = expectedMs(candidates, other, nowMs);
  const firstMs = expectedMs(candidates, first, nowMs);
  return otherMs === firstMs ? hasLessActive(candidates, other, first, nowMs) : otherMs < firstMs;
};

function expectedMs({ slots, table }: Parameters<IsBetter>[0], at: number, nowMs: number): number {
  const slot = slots[at]!;
  const active = table.columns.active[slot]!;
  const latencyMs = table.latencyMs(slot, nowMs);
  if (Number.isNaN(latencyMs)) return active === 0 ? 0 : Number.POSITIVE_INFINITY;
  return latencyMs * (active + 1);
}
