import test from 'ava';
import { nextStepMs, startingPart } from '../../../src/balance/slow-start.ts';

const RULE = { windowMs: 60_000, aggression: 1, floorPercent: 10 };

test('a recovered server starts with a tenth of its weight and has all of it after the window', (t) => {
  t.deepEqual(
    [0, 4999, 10_000, 30_000, 59_999, 60_000, Number.POSITIVE_INFINITY].map((elapsedMs) =>
      Math.round(1000 * startingPart(elapsedMs, RULE)),
    ),
    [100, 100, 167, 500, 917, 1000, 1000],
  );
});

test('with more aggression it grows faster at first', (t) => {
  t.is(startingPart(15_000, { ...RULE, aggression: 2 }), 0.5);
  t.true(startingPart(15_000, { ...RULE, aggression: 0.5 }) < 0.25);
});

test('without a window all of it is there at once', (t) => {
  t.is(startingPart(0, { ...RULE, windowMs: 0 }), 1);
  t.is(nextStepMs(0, { ...RULE, windowMs: 0 }), Number.POSITIVE_INFINITY);
});

test('the part stays exactly until the next step, and twelve steps are all', (t) => {
  for (const windowMs of [60_000, 7001, 12]) {
    const rule = { ...RULE, windowMs };
    let steps = 0;
    for (let atMs = 0; atMs !== Number.POSITIVE_INFINITY; steps++) {
      const nextMs = nextStepMs(atMs, rule);
      t.true(nextMs > atMs);
      if (nextMs !== Number.POSITIVE_INFINITY) t.is(startingPart(nextMs - 1, rule), startingPart(atMs, rule));
      atMs = nextMs;
    }
    t.is(steps, 13);
  }
});

test('a start that lies ahead is the start', (t) => {
  t.is(startingPart(-5000, RULE), 0.1);
  t.is(nextStepMs(-5000, RULE), 5000);
});
