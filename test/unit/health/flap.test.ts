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
    const report = watch({ ...WORLD, seed, lengthMs: 10 * DAY_MS, fateAt: failing(0.3) });
    t.true(mostInAnHour(report) <= 4, `seed ${seed}: ${mostInAnHour(report)} changes in one hour`);
  }
});

test('in its first hour, which the guard needs to see it flap, that holds for 98 of 100 such targets, and none does much worse', (t) => {
  const SEEDS = 300;
  for (const vantagePoints of [3, 5]) {
    const changes = Array.from({ length: SEEDS }, (_, seed) => {
      return watch({ ...WORLD, vantagePoints, seed: seed + 1, lengthMs: HOUR_MS, fateAt: failing(0.3) }).changesMs.length;
    });
    t.true(changes.filter((count) => count <= 4).length >= 0.98 * SEEDS);
    t.true(Math.max(...changes) <= 7);
  }
});

test('strays cost a target that fails a tenth of its checks little, even with a single vantage point', (t) => {
  const { downMs } = watch({ ...WORLD, vantagePoints: 1, fateAt: failing(0.1) });
  t.true(downMs < 0.01 * WORLD.lengthMs, `${downMs / WORLD.lengthMs} of the time`);
});

test('law: whatever share of its checks a target fails, it changes verdict no more often with the guard than without', (t) => {
  for (const vantagePoints of [1, 2, 3, 5]) {
    for (let percent = 5; percent < 100; percent += 5) {
      const world = { ...WORLD, vantagePoints, seed: percent, lengthMs: DAY_MS, fateAt: failing(percent / 100) };
      const [guarded, free] = [watch(world), watch({ ...world, isGuarded: false })];
      t.true(guarded.changesMs.length <= free.changesMs.length, `${percent} % of ${vantagePoints}`);
      t.true(guarded.downMs >= free.downMs, `${percent} % of ${vantagePoints}`);
    }
  }
});

test('a target that fails a sixth of its checks at random is down for less than a hundredth of the time', (t) => {
  for (const seed of [1, 2, 3]) {
    const { downMs } = watch({ ...WORLD, seed, fateAt: failing(1 / 6) });
    t.true(downMs < 0.01 * WORLD.lengthMs, `seed ${seed}: ${downMs / WORLD.lengthMs} of the time`);
  }
});

test('without the guard the same target changes verdict more often than that', (t) => {
  const { changesMs } = watch({ ...WORLD, isGuarded: false, lengthMs: 10 * DAY_MS, fateAt: failing(0.3) });
  t.true(changesMs.length > 4 * 24 * 10);
});

test('a target that dies and comes back every minute is held down after its third outage', (t) => {
  const fateAt: World['fateAt'] = (startMs) => (startMs % 60_000 < 30_000 ? FINE : REFUSED);
  const report = watch({ ...WORLD, lengthMs: 6 * HOUR_MS, fateAt });
  t.is(report.changesMs.length, 5);
  t.true(report.changesMs.at(-1)! < 4 * 60_000);
  t.true(watch({ ...WORLD, lengthMs: 6 * HOUR_MS, fateAt, isGuarded: false }).changesMs.length > 600);
});

test('an outage of a sound target is over as soon as two checks succeed, guard or not', (t) => {
  const fateAt: World['fateAt'] = (startMs) => (startMs > 100_000 && startMs < 400_000 ? REFUSED : FINE);
  const guarded = watch({ ...WORLD, lengthMs: HOUR_MS, fateAt });
  t.deepEqual(guarded, watch({ ...WORLD, lengthMs: HOUR_MS, fateAt, isGuarded: false }));
  t.is(guarded.changesMs.length, 2);
  t.true(guarded.changesMs[1]! - 400_000 < 8000);
});

test('two outages of a sound target a minute apart are over as soon as two checks succeed, guard or not', (t) => {
  const fateAt: World['fateAt'] = (startMs) => {
    const isOut = (startMs > 100_000 && startMs < 130_000) || (startMs > 160_000 && startMs < 190_000);
    return isOut ? REFUSED : FINE;
  };
  const guarded = watch({ ...WORLD, lengthMs: HOUR_MS, fateAt });
  t.deepEqual(guarded, watch({ ...WORLD, lengthMs: HOUR_MS, fateAt, isGuarded: false }));
  t.is(guarded.changesMs.length, 4);
});

test('of three deployments within an hour none is punished, and of three within ten minutes the third with a minute', (t) => {
  const OUT_MS = 30_000;
  const mendedAfterMs = (everyMs: number): number[] => {
    const isOut = (atMs: number): boolean => atMs >= everyMs && atMs < 4 * everyMs && atMs % everyMs < OUT_MS;
    const fateAt: World['fateAt'] = (startMs) => (isOut(startMs) ? REFUSED : FINE);
    const { changesMs } = watch({ ...WORLD, lengthMs: 2 * HOUR_MS, fateAt });
    return [1, 2, 3].map((nth) => changesMs[2 * nth - 1]! - (nth * everyMs + OUT_MS));
  };
  for (const afterMs of mendedAfterMs(HOUR_MS / 3)) t.true(afterMs < 8000, `${afterMs} ms`);
  const [first, second, third] = mendedAfterMs(200_000);
  t.true(first! < 8000 && second! < 8000 && third! < 100_000, `${first}, ${second}, ${third} ms`);
});

test('a target that was held and then answers every check is back within 202 seconds', (t) => {
  const soundMs = HOUR_MS;
  for (let seed = 1; seed <= 20; seed++) {
    const fateAt: World['fateAt'] = (startMs, chance) => (startMs < soundMs && chance < 0.6 ? REFUSED : FINE);
    const { changesMs } = watch({ ...WORLD, seed, lengthMs: soundMs + 600_000, fateAt });
    const backMs = changesMs.at(-1)! - soundMs;
    t.true(changesMs.length % 2 === 0 && backMs > 60_000, `seed ${seed}: it was not held`);
    t.true(backMs <= 1.1 * 202_000 + 5500, `seed ${seed}: ${backMs} ms`);
  }
});

test('nothing happens to a target that answers', (t) => {
  t.is(mostInAnHour(watch({ ...WORLD, lengthMs: DAY_MS })), 0);
});

test('a refused connection is a verdict as soon as ever while the guards of all probers hold a target that is up', (t) => {
  // three outages for each prober, each seen by that one alone: the verdict stays up
  const [slotMs, outageMs] = [20_000, 12_000];
  const [diesMs, livesMs] = [215_000, 235_000];
  const fateAt: World['fateAt'] = (startMs, _, prober) => {
    const slot = Math.floor(startMs / slotMs);
    const isOut = slot >= 1 && slot <= 9 && slot % 3 === prober && startMs % slotMs < outageMs;
    return isOut || (startMs >= diesMs && startMs < livesMs) ? REFUSED : FINE;
  };
  for (let seed = 1; seed <= 100; seed++) {
    const [downMs, upMs, ...more] = watch({ ...WORLD, seed, lengthMs: HOUR_MS, fateAt }).changesMs;
    t.deepEqual(more, []);
    t.true(downMs! >= diesMs && downMs! <= diesMs + 7700, `seed ${seed}: down at ${downMs} ms`);
    t.true(upMs! > livesMs + 60_000, `seed ${seed}: it was not held`);
  }
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
