// Fractions of the mass, from 0 to 1, exact while their denominators are small (those of ramps and weights are), else rounded
// to 2^-26, which is finer than any schedule. Equal inputs give equal bits everywhere.

import { gcd, MAX_TOTAL } from './share.ts';

/** 0 <= num <= den. */
export interface Fraction {
  readonly num: number;
  readonly den: number;
}

export const ONE: Fraction = { num: 1, den: 1 };
export const NOTHING: Fraction = { num: 0, den: 1 };

/** Products of two denominators are exact doubles. */
const MOST_DEN = 2 ** 26;

/** A fraction above zero stays above zero. */
export function fraction(num: number, den: number): Fraction {
  const divisor = gcd(den, num);
  if (den / divisor <= MOST_DEN) return { num: num / divisor, den: den / divisor };
  return fraction(num === 0 ? 0 : Math.max(1, Math.round((num / den) * MOST_DEN)), MOST_DEN);
}

export const times = (a: Fraction, b: Fraction): Fraction => fraction(a.num * b.num, a.den * b.den);

/** What is left of `a` after a part `b` of it is gone. */
export const without = (a: Fraction, b: Fraction): Fraction => fraction(a.num * (b.den - b.num), a.den * b.den);

export const max = (a: Fraction, b: Fraction): Fraction => (a.num * b.den >= b.num * a.den ? a : b);

/** Positive whole numbers in the ratio of weight times fraction, all above zero. */
export function toWhole(parts: readonly { readonly weight: number; readonly of: Fraction }[]): number[] {
  let common = 1;
  for (const { of } of parts) {
    if (common <= MAX_TOTAL) common *= of.den / gcd(common, of.den);
  }
  const scale = Math.min(common, MAX_TOTAL);
  return parts.map(({ weight, of }) => Math.max(1, Math.round((weight * of.num * scale) / of.den)));
}
