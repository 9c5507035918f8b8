import test from 'ava';
import fc from 'fast-check';
import { type PriorityWeight, priorityShares } from '../../../src/balance/priority.ts';

const weightOf = (healthy: number, total = 100): PriorityWeight => ({ total, healthy });
const percents = (weights: readonly PriorityWeight[], panicPercent = 50): number[] =>
  priorityShares(weights, 1.4, panicPercent).map(({ share }) => Math.round(share * 100));
const panics = (weights: readonly PriorityWeight[], panicPercent = 50): boolean[] =>
  priorityShares(weights, 1.4, panicPercent).map(({ isPanic }) => isPanic);

test('the first priority keeps everything until more than 2 of 7 of it are gone', (t) => {
  t.deepEqual(percents([weightOf(100), weightOf(100)]), [100, 0]);
  t.deepEqual(percents([weightOf(72), weightOf(100)]), [100, 0]);
  t.deepEqual(percents([weightOf(71), weightOf(100)]), [99, 1]);
});

test('only what it lacks goes on, in order', (t) => {
  t.deepEqual(percents([weightOf(50), weightOf(100)]), [70, 30]);
  t.deepEqual(percents([weightOf(25), weightOf(25), weightOf(100)]), [35, 35, 30]);
  t.deepEqual(percents([weightOf(0), weightOf(100)]), [0, 100]);
});

test('if all together are not enough, they share in proportion', (t) => {
  t.deepEqual(percents([weightOf(20), weightOf(20)]), [50, 50]);
  t.deepEqual(percents([weightOf(30), weightOf(10)]), [75, 25]);
});

test('a priority panics below half of its weight, if the others cannot make up for it', (t) => {
  t.deepEqual(panics([weightOf(49)]), [true]);
  t.deepEqual(panics([weightOf(50)]), [false]);
  t.deepEqual(panics([weightOf(10), weightOf(100)]), [false, false]);
  t.deepEqual(panics([weightOf(10), weightOf(50)]), [true, false]);
  t.deepEqual(panics([weightOf(10)], 0), [false]);
});

test('if nobody is healthy, all share by weight in panic, and nobody has anything without', (t) => {
  t.deepEqual(percents([weightOf(0, 300), weightOf(0, 100)]), [75, 25]);
  t.deepEqual(panics([weightOf(0), weightOf(0)]), [true, true]);
  t.deepEqual(percents([weightOf(0), weightOf(0)], 0), [0, 0]);
});

test('a priority without weight has no share and no panic', (t) => {
  t.deepEqual(percents([weightOf(0, 0), weightOf(10, 10)]), [0, 100]);
  t.deepEqual(panics([weightOf(0, 0), weightOf(0, 10)]), [false, true]);
  t.deepEqual(percents([weightOf(0, 0)]), [0]);
  t.deepEqual(percents([]), []);
});

test('shares add up to one, and none is below zero', (t) => {
  const weights = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 1000 })).map(([total, part]) => ({
      total,
      healthy: Math.floor((total * part) / 1000),
    })),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(weights, fc.double({ min: 1, max: 3, noNaN: true }), (list, factor) => {
      const shares = priorityShares(list, factor, 50).map(({ share }) => share);
      const sum = shares.reduce((total, share) => total + share, 0);
      return Math.abs(sum - 1) < 1e-9 && shares.every((share) => share >= 0 && share <= 1 + 1e-9);
    }),
    { seed: 3, numRuns: 300 },
  );
  t.pass();
});
