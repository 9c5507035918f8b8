// The promises of docs/health.md about the defaults, on a simulated clock.

import test from 'ava';
import { BLACK_HOLE, DAY_MS, FINE, failing, HOUR_MS, mostInAnHour, REFUSED, type World, watch } from '../../support/flap-lab.ts';
import { Random } from '../../support/random.ts';

const WORLD = { vantagePoints: 3, isGuarded: true, lengthMs: 30 * DAY_MS, seed: 4711, fateAt: () => FINE };

test('a target that fails a tenth of its checks at random changes verdict less than once a day', (t) => {
  for (const seed of [1, 2, 3]) {
    const { changesMs } = watch({ ...WORLD, seed, fateAt: failing(0.1) });
    t.true(changesMs.length < 30, `seed ${seed}: ${changesMs.length} changes in 30 days`);
  }
});

test('a target that fails three checks of ten at random changes verdict at most four times an hour', (t) => {
  for (const seed of [1, 2, 3]) {
    const { changesMs } = watch({ ...WORLD, seed, lengthMs: 10 * DAY_MS, fateAt: failing(0.3) });
    t.true(changesMs.length <= 4 * 24 * 10, `seed ${seed}: ${changesMs.length} changes in 10 days`);
    // the guard must see it flap before it knows
    const settled = { changesMs: changesMs.filter((atMs) => atMs >= 2 * HOUR_MS), downMs: 0 };
    t.true(mostInAnHour(settled) <= 4);
  }
});

test('without the guard the same target changes verdict more often than that', (t) => {
  const { changesMs } = watch({ ...WORLD, isGuarded: false, lengthMs: 10 * DAY_MS, fateAt: failing(0.3) });
  t.true(changesMs.length > 4 * 24 * 10);
});

test('a target that dies and comes back every minute is held down after its fourth outage', (t) => {
  const fateAt: World['fateAt'] = (startMs) => (startMs % 60_000 < 30_000 ? FINE : REFUSED);
  const report = watch({ ...WORLD, lengthMs: 6 * HOUR_MS, fateAt });
  t.is(report.changesMs.length, 7);
  t.true(report.changesMs.at(-1)! < 5 * 60_000);
  t.true(watch({ ...WORLD, lengthMs: 6 * HOUR_MS, fateAt, isGuarded: false }).changesMs.length > 600);
});

test('an outage of a sound target is over as soon as two checks succeed, guard or not', (t) => {
  const fateAt: World['fateAt'] = (startMs) => (startMs > 100_000 && startMs < 400_000 ? REFUSED : FINE);
  const guarded = watch({ ...WORLD, lengthMs: HOUR_MS, fateAt });
  t.deepEqual(guarded, watch({ ...WORLD, lengthMs: HOUR_MS, fateAt, isGuarded: false }));
  t.is(guarded.changesMs.length, 2);
  t.true(guarded.changesMs[1]! - 400_000 < 8000);
});

test('nothing happens to a target that answers', (t) => {
  t.is(mostInAnHour(watch({ ...WORLD, lengthMs: DAY_MS })), 0);
});

/** The longest time from a fault at any moment until the verdict, over many moments; probers at phases of their own. */
function slowestMs(fault: typeof REFUSED, isStaggered: boolean): number {
  const random = new Random(99);
  let slowest = 0;
  for (let run = 0; run < 500; run++) {
    const faultMs = 20_000 + random.below(10_000);
    const fateAt: World['fateAt'] = (startMs) => (startMs >= faultMs ? fault : FINE);
    const { changesMs } = watch({ ...WORLD, seed: run + 1, lengthMs: 120_000, isStaggered, fateAt });
    slowest = Math.max(slowest, changesMs[0]! - faultMs);
  }
  return slowest;
}

test('a refused connection is a verdict within 8 seconds, whenever it happens and however the probers start', (t) => {
  t.true(slowestMs(REFUSED, false) <= 7700);
  t.true(slowestMs(REFUSED, true) <= 7700);
});

test('a black hole is a verdict within 20 seconds, whenever it happens and however the probers start', (t) => {
  t.true(slowestMs(BLACK_HOLE, false) <= 17_500);
  t.true(slowestMs(BLACK_HOLE, true) <= 17_500);
});
