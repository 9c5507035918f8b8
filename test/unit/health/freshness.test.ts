import test from 'ava';
import { freshSec, voteExpiryMs } from '../../../src/health/freshness.ts';
import { DEFAULT_CADENCE } from '../../support/flap-lab.ts';

test('a vote outlives two missed checks and a time limit', (t) => {
  t.is(freshSec(DEFAULT_CADENCE), 19);
});

test('a vote expires at a whole second, as it does in the columns of an aggregator', (t) => {
  t.is(voteExpiryMs(100_999, DEFAULT_CADENCE), 119_000);
  t.is(voteExpiryMs(100_000, DEFAULT_CADENCE), 119_000);
});

test('a fraction of a second counts as a whole one', (t) => {
  t.is(freshSec({ ...DEFAULT_CADENCE, intervalMs: 500, timeoutMs: 400 }), 2);
});
