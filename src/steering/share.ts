// Shares as integers: a distribution is a list of members with positive whole weights, so that equal inputs give equal
// bits on every server and a schedule can meet the shares exactly. Nested weights multiply, so totals grow; they stay
// exact as long as the reduced total is at most MAX_TOTAL and are rounded to that grain (4e-12 of the mass) beyond.

/** Members with their weights, in parallel; every weight is a positive integer, none are listed twice. No member = no mass. */
export interface Distribution {
  readonly members: readonly number[];
  readonly weights: readonly number[];
}

export const NO_MASS: Distribution = { members: [], weights: [] };

/** 2^38: the product with a schedule position (at most 2^14) is still an exact double. */
export const MAX_TOTAL: number = 2 ** 38;

export function gcd(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y !== 0) {
    const rest = x % y;
    x = y;
    y = rest;
  }
  return x;
}

export function sum(weights: readonly number[]): number {
  let total = 0;
  for (const weight of weights) total += weight;
  return total;
}

/** The same shares in smallest whole numbers, rounded if their total would exceed MAX_TOTAL; none becomes zero. */
export function reduce(weights: readonly number[]): number[] {
  const divisor = weights.reduce(gcd, 0);
  const total = sum(weights) / divisor;
  if (total <= MAX_TOTAL) return weights.map((weight) => weight / divisor);
  return weights.map((weight) => Math.max(1, Math.round((weight / divisor / total) * MAX_TOTAL)));
}

/** One part of a mixture: `weight` (positive integer) of the mass is spread as `distribution` says. */
export interface Part {
  readonly weight: number;
  readonly distribution: Distribution;
}

/** The mixture of some distributions, each with mass; a member that occurs in several parts gets the sum. */
export function mix(parts: readonly Part[]): Distribution {
  const masses = new Map<number, number>();
  const scales = scalesOf(parts);
  parts.forEach(({ distribution }, p) => {
    distribution.members.forEach((member, i) => {
      masses.set(member, (masses.get(member) ?? 0) + Math.max(1, Math.round(distribution.weights[i]! * scales[p]!)));
    });
  });
  return { members: [...masses.keys()], weights: reduce([...masses.values()]) };
}

/** Factors that bring the parts to one denominator: whole numbers if the products are exact doubles, else near enough. */
function scalesOf(parts: readonly Part[]): number[] {
  const totals = parts.map((part) => sum(part.distribution.weights));
  const weightSum = sum(parts.map((part) => part.weight));
  let common = 1; // least common multiple of the totals; growth stops where doubles stop being exact
  for (const total of totals) {
    if (common * weightSum <= Number.MAX_SAFE_INTEGER) common *= total / gcd(common, total);
  }
  if (common * weightSum <= Number.MAX_SAFE_INTEGER) return parts.map((part, p) => part.weight * (common / totals[p]!));
  return parts.map((part, p) => (part.weight / weightSum / totals[p]!) * MAX_TOTAL);
}
