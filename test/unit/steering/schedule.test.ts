import test from 'ava';
import fc from 'fast-check';
import { MAX_STEPS, makeSchedule } from '../../../src/steering/schedule.ts';
import { mix, reduce, sum } from '../../../src/steering/share.ts';

/** Largest distance of any member's count from its exact share over all prefixes of `rounds` rounds. */
function worstDeviation(weights: readonly number[], steps: number, rounds = 1): number {
  const total = sum(weights);
  const schedule = makeSchedule(weights, total, steps);
  const counts = weights.map(() => 0);
  let worst = 0;
  for (let n = 1; n <= steps * rounds; n++) {
    counts[schedule[(n - 1) % steps]!]!++;
    for (let i = 0; i < weights.length; i++) worst = Math.max(worst, Math.abs(counts[i]! - (n * weights[i]!) / total));
  }
  return worst;
}

test('a lone member is every step', (t) => {
  t.deepEqual([...makeSchedule([1], 1, 1)], [0]);
});

test('steps are interleaved, not bunched', (t) => {
  t.deepEqual([...makeSchedule([1, 1, 1], 3, 3)], [0, 1, 2]);
  t.deepEqual([...makeSchedule([5, 1, 1], 7, 7)], [0, 0, 0, 1, 0, 0, 2]);
});

test('every prefix of every round is within one of the exact shares', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 9 }), (raw) => {
      const weights = reduce(raw);
      return worstDeviation(weights, sum(weights), 2) < 1;
    }),
    { seed: 11, numRuns: 200 },
  );
  t.pass();
});

test('prefixes are within one too when the denominator is larger than the schedule', (t) => {
  const awkward = mix([
    { weight: 997, distribution: { members: [0, 1, 2], weights: [101, 103, 107] } },
    { weight: 1009, distribution: { members: [3, 4, 5], weights: [101, 103, 107] } },
    { weight: 1013, distribution: { members: [6, 7, 8], weights: [101, 103, 107] } },
  ]);
  t.is(sum(awkward.weights), 3019 * 311);
  t.true(worstDeviation(awkward.weights, MAX_STEPS) < 1);
  t.true(worstDeviation([1, 2 ** 37, 2 ** 36 - 3], MAX_STEPS) < 1);
});

test('many members of one weight come in turn', (t) => {
  const weights = new Array<number>(500).fill(1);
  t.deepEqual([...makeSchedule(weights, 500, 500)], [...weights.keys()]);
});
