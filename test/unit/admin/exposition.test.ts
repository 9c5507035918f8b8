// What Prometheus is told, as text.

import test from 'ava';
import { Exposition } from '../../../src/admin/exposition.ts';
import { COUNTER_FACTS, type CounterName } from '../../../src/metrics/counters.ts';
import { HISTOGRAMS } from '../../../src/metrics/gauges.ts';

const NOTHING = {
  counters: Object.fromEntries(Object.keys(COUNTER_FACTS).map((name) => [name, 0])) as Record<CounterName, number>,
  gauges: [],
  tallies: [],
  histograms: [],
};
const METRIC = 'meridian_site_client_rtt_seconds';
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.includes(METRIC));

test('a histogram is told by cumulative buckets, its sum and its count, for each of its labels', async (t) => {
  const counts: readonly number[] = [...HISTOGRAMS.CLIENT_RTT.bounds.map((_, i) => (i === 1 ? 3 : 0)), 2];
  const lines = linesOf(
    await new Exposition().text({
      ...NOTHING,
      histograms: [
        { histogram: 'CLIENT_RTT', labels: ['fra'], counts, sum: 4.5 },
        { histogram: 'CLIENT_RTT', labels: ['lon'], counts: counts.map(() => 0), sum: 0 },
      ],
    }),
  );
  t.true(lines.includes(`# TYPE ${METRIC} histogram`));
  const fra = lines.filter((line) => line.includes('site="fra"'));
  t.is(fra[0], `${METRIC}_bucket{le="0.001",site="fra"} 0`);
  t.is(fra[1], `${METRIC}_bucket{le="0.0025",site="fra"} 3`);
  t.is(fra.at(-4), `${METRIC}_bucket{le="1.28",site="fra"} 3`);
  t.deepEqual(fra.slice(-3), [
    `${METRIC}_bucket{le="+Inf",site="fra"} 5`,
    `${METRIC}_sum{site="fra"} 4.5`,
    `${METRIC}_count{site="fra"} 5`,
  ]);
  t.true(lines.includes(`${METRIC}_count{site="lon"} 0`));
});

test('a histogram that nobody feeds is described, and has no values', async (t) => {
  t.deepEqual(
    linesOf(await new Exposition().text(NOTHING)).map((line) => line.split(' ')[1]),
    ['HELP', 'TYPE'],
  );
});
