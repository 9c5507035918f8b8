import test from 'ava';
import { OutlierDetector } from '../../../src/balance/outlier.ts';
import type { OutlierRule } from '../../../src/model/site.ts';

const RULE: OutlierRule = {
  consecutiveFailures: 5,
  intervalMs: 10_000,
  ejectionMs: 30_000,
  mostEjectionMs: 100_000,
  mostEjectedPercent: 10,
  leastRequests: 100,
  leastServers: 5,
  deviations: 1.9,
};

function detectorOf(servers: number, differs: Partial<OutlierRule> = {}): OutlierDetector {
  const detector = new OutlierDetector({ ...RULE, ...differs });
  detector.configure(Array.from({ length: servers }, (_, slot) => slot));
  return detector;
}

/** Whether the last of so many failures in a row ejected it. */
function fail(detector: OutlierDetector, slot: number, times = 5, nowMs = 0): boolean {
  let isEjected = false;
  for (let i = 0; i < times; i++) isEjected = detector.observe(slot, true, nowMs);
  return isEjected;
}

function serve(detector: OutlierDetector, slot: number, requests: number, failures: number): void {
  for (let i = 0; i < requests; i++) detector.observe(slot, i % Math.ceil(requests / failures) === 0, 0);
}

test('five failures in a row eject a server, a success between them does not let it come to that', (t) => {
  const detector = detectorOf(10);
  t.false(fail(detector, 3, 4));
  detector.observe(3, false, 0);
  t.false(fail(detector, 3, 4));
  t.true(detector.observe(3, true, 0));
  t.true(detector.isEjected(3));
  t.false(detector.observe(3, true, 0), 'once is enough');
});

test('it is back at the end of the interval in which its time is over', (t) => {
  const detector = detectorOf(10);
  fail(detector, 3);
  t.false(detector.sweep(29_999));
  t.true(detector.isEjected(3));
  t.true(detector.sweep(30_000));
  t.false(detector.isEjected(3));
});

test('each further ejection is longer, up to the most; intervals without make it shorter again', (t) => {
  const detector = detectorOf(10);
  let nowMs = 0;
  for (const ejectionMs of [30_000, 60_000, 90_000, 100_000]) {
    t.true(fail(detector, 3, 5, nowMs));
    t.false(detector.sweep(nowMs + ejectionMs - 1));
    t.true(detector.sweep(nowMs + ejectionMs));
    nowMs += ejectionMs;
  }
  for (let i = 0; i < 3; i++) detector.sweep(nowMs);
  t.true(fail(detector, 3, 5, nowMs));
  t.false(detector.sweep(nowMs + 59_999));
  t.true(detector.sweep(nowMs + 60_000));
});

test('no more than a tenth is ejected at once, but one always', (t) => {
  const twenty = detectorOf(20);
  t.deepEqual([fail(twenty, 1), fail(twenty, 2), fail(twenty, 3)], [true, true, false]);
  const three = detectorOf(3);
  t.deepEqual([fail(three, 1), fail(three, 2)], [true, false]);
});

test('the last server is never ejected', (t) => {
  t.false(fail(detectorOf(1), 0));
  const two = detectorOf(2, { mostEjectedPercent: 100 });
  t.deepEqual([fail(two, 0), fail(two, 1)], [true, false]);
});

test('a success rate far below that of the others ejects at the end of the interval', (t) => {
  const detector = detectorOf(10, { consecutiveFailures: 0 });
  for (let slot = 0; slot < 10; slot++) serve(detector, slot, 200, slot === 4 ? 60 : 2);
  t.false(detector.isEjected(4));
  t.true(detector.sweep(10_000));
  t.true(detector.isEjected(4));
  t.false(detector.isEjected(5));
});

test('with few servers or few requests the success rate says nothing', (t) => {
  const few = detectorOf(4, { consecutiveFailures: 0 });
  for (let slot = 0; slot < 4; slot++) serve(few, slot, 200, slot === 1 ? 200 : 1);
  t.false(few.sweep(10_000));
  const quiet = detectorOf(10, { consecutiveFailures: 0 });
  for (let slot = 0; slot < 10; slot++) serve(quiet, slot, 99, slot === 1 ? 99 : 1);
  t.false(quiet.sweep(10_000));
});

test('an interval counts only its own requests', (t) => {
  const detector = detectorOf(10, { consecutiveFailures: 0 });
  for (let slot = 0; slot < 10; slot++) serve(detector, slot, 90, slot === 4 ? 90 : 1);
  t.false(detector.sweep(10_000));
  for (let slot = 0; slot < 10; slot++) serve(detector, slot, 90, slot === 4 ? 90 : 1);
  t.false(detector.sweep(20_000));
  t.is(detector.sweepAtMs, 30_000);
});

test('servers that are gone are forgotten and do not count as ejected', (t) => {
  const detector = detectorOf(5);
  fail(detector, 3);
  detector.configure([0, 1, 2, 4]);
  t.false(detector.isEjected(3));
  t.true(fail(detector, 2));
  t.false(detector.observe(3, true, 0), 'nothing is known of it');
});
