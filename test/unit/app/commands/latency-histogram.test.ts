// Percentiles from constant space, against the same percentiles of the sorted values.

import test from 'ava';
import { LatencyHistogram } from '../../../../src/app/commands/latency-histogram.ts';
import { Random } from '../../../support/random.ts';

function histogramOf(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

test('percentiles of values of every size are at most 1/64 above the exact ones', (t) => {
  const random = new Random(7);
  const values = Array.from({ length: 10_000 }, () => random.below(2 ** random.below(31)));
  const sorted = values.toSorted((a, b) => a - b);
  const histogram = histogramOf(values);
  for (const share of [0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = sorted[Math.ceil(values.length * share) - 1]!;
    const found = histogram.percentile(share, values.length)!;
    t.true(found >= exact && found <= exact * (1 + 1 / 64), `${share}: ${found} for ${exact}`);
  }
});

test('values below 128 microseconds are exact', (t) => {
  const histogram = histogramOf(Array.from({ length: 128 }, (_, i) => i));
  for (const i of [1, 17, 63, 64, 65, 127]) t.is(histogram.percentile((i + 1) / 128, 128), i);
});

test('queries that were not answered count as endless', (t) => {
  const histogram = histogramOf(Array.from({ length: 98 }, () => 5));
  t.is(histogram.percentile(0.98, 100), 5);
  t.is(histogram.percentile(0.99, 100), null);
  t.is(histogram.percentile(1, 100), null);
});

test('without queries there are no percentiles', (t) => {
  t.is(new LatencyHistogram().percentile(0.5, 0), null);
});

test('values beyond the last bucket keep their maximum', (t) => {
  t.is(histogramOf([2 ** 60]).percentile(1, 1), 2 ** 60);
});
