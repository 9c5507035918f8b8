import test from 'ava';
import fc from 'fast-check';
import { gcd, MAX_TOTAL, mix, reduce, sum } from '../../../src/steering/share.ts';

const SEED = { seed: 20260611, numRuns: 300 };

test('the greatest common divisor is that of Euclid, with zero as neutral element', (t) => {
  t.is(gcd(12, 18), 6);
  t.is(gcd(0, 7), 7);
  t.is(gcd(997, 1009), 1);
});

test('shares are reduced to smallest whole numbers', (t) => {
  t.deepEqual(reduce([20, 30, 50]), [2, 3, 5]);
  t.deepEqual(reduce([7]), [1]);
});

test('a mixture multiplies nested weights exactly', (t) => {
  const mixed = mix([
    { weight: 997, distribution: { members: [0, 1], weights: [101, 103] } },
    { weight: 1009, distribution: { members: [2], weights: [1] } },
  ]);
  t.deepEqual(mixed.members, [0, 1, 2]);
  t.deepEqual(mixed.weights, [997 * 101, 997 * 103, 1009 * 204]);
});

test('a member in several parts of a mixture gets the sum of its shares', (t) => {
  const mixed = mix([
    { weight: 1, distribution: { members: [4, 5], weights: [1, 1] } },
    { weight: 1, distribution: { members: [5, 4], weights: [1, 3] } },
  ]);
  t.deepEqual(mixed, { members: [4, 5], weights: [5, 3] });
});

test('totals too large for exact arithmetic are rounded to a grain of 2^-38 and lose nobody', (t) => {
  const primes = [65521, 65519, 65497, 65479];
  const mixed = mix(
    primes.map((prime, i) => ({ weight: 65535, distribution: { members: [2 * i, 2 * i + 1], weights: [1, prime - 1] } })),
  );
  const total = sum(mixed.weights);
  t.true(mixed.weights.every((weight) => Number.isInteger(weight) && weight > 0));
  t.true(Math.abs(total - MAX_TOTAL) <= 8);
  primes.forEach((prime, i) => {
    t.true(Math.abs(mixed.weights[2 * i]! / total - 1 / (4 * prime)) < 2 ** -36);
  });
});

test('an exact total above the limit is rounded too', (t) => {
  const weights = reduce([1, 2 ** 39, 2 ** 40]);
  t.is(weights[0], 1);
  t.true(Math.abs(sum(weights) - MAX_TOTAL) <= 3);
});

test('a mixture sums to one and gives each member what the parts give it', (t) => {
  const part = fc.record({
    weight: fc.integer({ min: 1, max: 65535 }),
    distribution: fc
      .uniqueArray(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 65535 })), { minLength: 1, selector: ([member]) => member })
      .map((entries) => ({ members: entries.map(([member]) => member), weights: entries.map(([, weight]) => weight) })),
  });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      const mixed = mix(parts);
      const total = sum(mixed.weights);
      const weightSum = sum(parts.map(({ weight }) => weight));
      return mixed.members.every((member, i) => {
        const share = sum(
          parts.map(({ weight, distribution }) => {
            const at = distribution.members.indexOf(member);
            return at < 0 ? 0 : ((weight / weightSum) * distribution.weights[at]!) / sum(distribution.weights);
          }),
        );
        return Math.abs(mixed.weights[i]! / total - share) < 1e-9;
      });
    }),
    SEED,
  );
  t.pass();
});
