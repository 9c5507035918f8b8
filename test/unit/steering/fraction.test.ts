import test from 'ava';
import fc from 'fast-check';
import { fraction, max, NOTHING, ONE, times, toWhole, without } from '../../../src/steering/fraction.ts';
import { sum } from '../../../src/steering/share.ts';

test('fractions are exact and reduced while denominators are small', (t) => {
  t.deepEqual(fraction(100, 1000), { num: 1, den: 10 });
  t.deepEqual(fraction(0, 7), NOTHING);
  t.deepEqual(times(fraction(1, 3), fraction(3, 5)), { num: 1, den: 5 });
  t.deepEqual(without(ONE, fraction(1, 3)), { num: 2, den: 3 });
  t.deepEqual(without(fraction(1, 2), ONE), NOTHING);
  t.deepEqual(max(fraction(2, 3), fraction(3, 5)), { num: 2, den: 3 });
});

test('large denominators are rounded, and what was above zero stays so', (t) => {
  const tiny = fraction(1, 2 ** 40);
  t.deepEqual(tiny, { num: 1, den: 2 ** 26 });
  const odd = fraction(2 ** 39 - 7, 2 ** 40 - 3);
  t.true(odd.den <= 2 ** 26 && Math.abs(odd.num / odd.den - 0.5) < 2 ** -26);
  t.deepEqual(fraction(0, 2 ** 40 + 1), NOTHING);
});

test('whole numbers are in the ratio of the parts', (t) => {
  t.deepEqual(
    toWhole([
      { weight: 3, of: fraction(1, 2) },
      { weight: 1, of: ONE },
      { weight: 2, of: fraction(1, 3) },
    ]),
    [9, 6, 4],
  );
});

test('law: chains of fractions lose no mass beyond rounding', (t) => {
  const rooms = fc.array(fc.tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 1000, max: 70_000_000 })), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(rooms, (list) => {
      let left = ONE;
      let taken = 0;
      const masses = list.map(([num, den]) => {
        const mass = times(left, fraction(num, den));
        left = without(left, fraction(num, den));
        taken += mass.num / mass.den;
        return mass;
      });
      const whole = toWhole(masses.map((of) => ({ weight: 1, of })));
      const ratios = whole.every((value, i) => Math.abs(value / sum(whole) - masses[i]!.num / masses[i]!.den / taken) < 1e-6);
      return Math.abs(taken + left.num / left.den - 1) < 1e-6 && ratios;
    }),
    { seed: 20261121, numRuns: 500 },
  );
  t.pass();
});
