import test from 'ava';
import { decayedLatency, peakEwma } from '../../../src/balance/latency.ts';

test('the first observation is the average', (t) => {
  t.is(peakEwma(Number.NaN, 0, 40, 1000, 5000), 40);
});

test('a peak counts at once and whole', (t) => {
  t.is(peakEwma(40, 1000, 900, 1001, 5000), 900);
});

test('the way down takes the time constant: after it, e^-1 of the peak is left', (t) => {
  t.is(peakEwma(900, 1000, 0, 6000, 5000).toFixed(6), (900 / Math.E).toFixed(6));
});

test('the average stays between what it was and what was observed', (t) => {
  for (const elapsedMs of [0, 1, 100, 10_000, 10 ** 9]) {
    const average = peakEwma(900, 1000, 40, 1000 + elapsedMs, 5000);
    t.true(average >= 40 && average <= 900, String(average));
  }
});

test('an observation from the past changes nothing that is newer', (t) => {
  t.is(peakEwma(900, 1000, 40, 400, 5000), 900);
  t.is(decayedLatency(900, 1000, 400, 5000), 900);
});

test('without observations the average falls, and nothing stays nothing', (t) => {
  t.is(decayedLatency(900, 1000, 6000, 5000).toFixed(6), (900 / Math.E).toFixed(6));
  t.is(decayedLatency(Number.NaN, 0, 6000, 5000), Number.NaN);
});
