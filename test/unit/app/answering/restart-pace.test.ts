import test from 'ava';
import { RestartPace } from '../../../../src/app/answering/restart-pace.ts';

test('the first successor starts soon, and each that dies in turn waits twice as long, up to half a minute', (t) => {
  const pace = new RestartPace();
  const delays = Array.from({ length: 9 }, (_, i) => pace.died(i, 0).delayMs);
  t.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('a worker that has lived for a minute is replaced soon again, one that has not is not', (t) => {
  const pace = new RestartPace();
  pace.died(0, 0);
  pace.died(1000, 0);
  t.is(pace.died(70_000, 59_999).delayMs, 2000);
  t.is(pace.died(140_000, 60_000).delayMs, 500);
});

test('deaths are said at once, then once a minute with their number', (t) => {
  const pace = new RestartPace();
  const said = [0, 500, 20_000, 59_999, 60_000, 61_000, 119_999, 120_000].map((nowMs) => pace.died(nowMs, 0).deathsToSay);
  t.deepEqual(said, [1, 0, 0, 0, 4, 0, 0, 3]);
});
