// Numbers as other programs print them, strictly: what is not a plain, finite number that can be a load is none.

const COUNT = /^(?:0|[1-9]\d{0,15})$/;

/** A count in decimal digits, at most 2^53 - 1; undefined if it is not one. */
export function countOf(text: string): number | undefined {
  const value = COUNT.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A finite number of 0 or more; undefined if it is not one. */
export const loadOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
