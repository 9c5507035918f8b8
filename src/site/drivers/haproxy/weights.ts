// Weights 0..65535 in the 0..256 that HAProxy has. A server that gets something keeps at least 1.

const MOST = 256;

/** Of the servers of one service, in their order. Unchanged if all fit. */
export function haproxyWeights(weights: readonly number[]): number[] {
  const most = Math.max(0, ...weights);
  if (most <= MOST) return [...weights];
  return weights.map((weight) => (weight === 0 ? 0 : Math.max(1, Math.round((weight * MOST) / most))));
}
