// Peak EWMA: an average of response times that jumps up to a peak at once and comes down slowly. It reacts to a server that
// stalls with the first slow response, and forgets with the time constant. Source: Finagle's load balancer of that name.

/** The average after one more observation at `nowMs`; NaN stands for none yet. */
export function peakEwma(averageMs: number, atMs: number, observedMs: number, nowMs: number, decayMs: number): number {
  if (!(observedMs <= averageMs)) return observedMs; // a peak, or the first one
  const kept = Math.exp((atMs - Math.max(nowMs, atMs)) / decayMs);
  return averageMs * kept + observedMs * (1 - kept);
}

/** What is left of an average of `atMs` when nothing has been observed since. */
export function decayedLatency(averageMs: number, atMs: number, nowMs: number, decayMs: number): number {
  return nowMs <= atMs ? averageMs : averageMs * Math.exp((atMs - nowMs) / decayMs);
}
