import test from 'ava';
import { rampDown, rampUp, SETTLED } from '../../../src/health/ramp.ts';

const SLOW_START = 60_000;
const SINCE = 1_000_000;
const up = (afterMs: number, slowStartMs = SLOW_START): number => rampUp(SINCE, SINCE + afterMs, slowStartMs).share;
const down = (afterMs: number, drainMs = SLOW_START): number => rampDown(SINCE, SINCE + afterMs, drainMs).share;

test('a recovered member starts with a tenth of its weight and has all of it after the slow start', (t) => {
  t.deepEqual(
    [0, 4999, 5000, 10_000, 30_000, 55_000, 59_999, 60_000, 10 ** 9].map((afterMs) => up(afterMs)),
    [100, 100, 100, 166, 500, 916, 916, 1000, 1000],
  );
});

test('a member that was never down has nothing to be slow about', (t) => {
  t.is(rampUp(0, 30_000, SLOW_START), SETTLED);
});

test('a drained member loses its weight in as many steps, from the start', (t) => {
  t.deepEqual(
    [0, 4999, 5000, 30_000, 54_999, 55_000, 10 ** 9].map((afterMs) => down(afterMs)),
    [917, 917, 834, 417, 84, 0, 0],
  );
});

test('no time for it means at once', (t) => {
  t.is(up(0, 0), 1000);
  t.is(down(0, 0), 0);
});

test("a moment that lies ahead by another server's clock is the start", (t) => {
  t.is(up(-3000), 100);
  t.is(down(-3000), 917);
});

test('a share stays exactly until its next moment, and changes then', (t) => {
  for (const ramp of [rampUp, rampDown]) {
    for (const lengthMs of [SLOW_START, 7001, 12]) {
      let nowMs = SINCE;
      const shares: number[] = [];
      for (;;) {
        const { share, nextMs, stepMs } = ramp(SINCE, nowMs, lengthMs);
        if (shares.at(-1) !== share) shares.push(share);
        if (nextMs === Number.POSITIVE_INFINITY) break;
        t.true(nextMs > nowMs && nextMs - nowMs <= Math.ceil(stepMs));
        t.is(ramp(SINCE, nextMs - 1, lengthMs).share, share);
        nowMs = nextMs;
      }
      t.is(shares.length, 12);
      t.deepEqual(
        shares,
        [...shares].sort((a, b) => (ramp === rampUp ? a - b : b - a)),
      );
    }
  }
});
