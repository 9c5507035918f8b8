import test from 'ava';
import { Breaker } from '../../../src/balance/breaker.ts';
import type { BreakerRule } from '../../../src/model/site.ts';

const RULE: BreakerRule = {
  windowMs: 10_000,
  leastRequests: 20,
  failurePercent: 50,
  openMs: 10_000,
  mostOpenMs: 60_000,
  trials: 3,
};

/** A breaker that opened at `atMs`. */
function openedAt(atMs: number): Breaker {
  const breaker = new Breaker(RULE);
  for (let i = 0; i < 20; i++) breaker.observe(true, atMs);
  return breaker;
}

test('it opens when half of enough requests have failed, not before', (t) => {
  const breaker = new Breaker(RULE);
  for (let i = 0; i < 10; i++) t.false(breaker.observe(false, 100));
  for (let i = 0; i < 9; i++) t.false(breaker.observe(true, 200));
  t.is(breaker.state(200), 'closed');
  t.true(breaker.observe(true, 200));
  t.is(breaker.state(200), 'open');
});

test('a few requests prove nothing, even if all have failed', (t) => {
  const breaker = new Breaker(RULE);
  for (let i = 0; i < 19; i++) breaker.observe(true, 0);
  t.is(breaker.state(0), 'closed');
});

test('what is older than the window does not count', (t) => {
  const breaker = new Breaker(RULE);
  for (let i = 0; i < 19; i++) breaker.observe(true, 0);
  for (let i = 0; i < 19; i++) breaker.observe(true, 10_000);
  t.is(breaker.state(10_000), 'closed');
  for (let i = 0; i < 10; i++) breaker.observe(true, 12_000);
  t.is(breaker.state(12_000), 'open', '19 + 1 within the window were enough');
});

test('a long silence empties the window, and a clock that goes back does no harm', (t) => {
  const breaker = new Breaker(RULE);
  for (let i = 0; i < 19; i++) breaker.observe(true, 5000);
  breaker.observe(true, 10 ** 9);
  t.is(breaker.state(10 ** 9), 'closed');
  for (let i = 0; i < 18; i++) breaker.observe(true, 0);
  t.is(breaker.state(10 ** 9), 'closed');
  breaker.observe(true, 0);
  t.not(breaker.state(0), 'closed');
});

test('after its time it is half-open, and closes after the trials have succeeded', (t) => {
  const breaker = openedAt(1000);
  t.is(breaker.state(10_999), 'open');
  t.is(breaker.halfOpenAtMs(5000), 11_000);
  t.is(breaker.state(11_000), 'half-open');
  t.is(breaker.halfOpenAtMs(11_000), Number.POSITIVE_INFINITY);
  t.false(breaker.observe(false, 11_000));
  t.false(breaker.observe(false, 11_001));
  t.true(breaker.observe(false, 11_002));
  t.is(breaker.state(11_002), 'closed');
  t.is(breaker.halfOpenAtMs(11_002), Number.POSITIVE_INFINITY);
});

test('results of requests from before do not count while it is open', (t) => {
  const breaker = openedAt(0);
  for (let i = 0; i < 5; i++) t.false(breaker.observe(false, 5000));
  t.is(breaker.state(10_000), 'half-open');
  t.false(breaker.observe(false, 10_000));
  t.is(breaker.state(10_000), 'half-open');
});

test('a trial that fails opens it again, for twice as long each time, up to the most', (t) => {
  const breaker = openedAt(0);
  let atMs = 10_000;
  for (const openMs of [20_000, 40_000, 60_000, 60_000]) {
    t.true(breaker.observe(true, atMs));
    t.is(breaker.halfOpenAtMs(atMs), atMs + openMs);
    atMs += openMs;
  }
});

test('a server that fails again soon after is kept away for longer, one that fails much later is not', (t) => {
  for (const [quietMs, openMs] of [
    [9000, 20_000],
    [11_000, 10_000],
  ] as const) {
    const breaker = openedAt(0);
    for (let i = 0; i < 3; i++) breaker.observe(false, 10_000);
    const againMs = 10_000 + quietMs;
    for (let i = 0; i < 20; i++) breaker.observe(true, againMs);
    t.is(breaker.halfOpenAtMs(againMs), againMs + openMs);
  }
});

test('successes before a trial that failed do not count later', (t) => {
  const breaker = openedAt(0);
  for (let i = 0; i < 2; i++) breaker.observe(false, 10_000);
  breaker.observe(true, 10_000);
  for (let i = 0; i < 2; i++) t.false(breaker.observe(false, 30_000));
  t.true(breaker.observe(false, 30_000));
});
