// Tallies: latency buckets, quantiles and roll-ups.

import test from 'ava';
import fc from 'fast-check';
import { FAMILY_SHIFT, LATENCY_MOST_US } from '../../../src/fleet/fleet.ts';
import { TypeScriptKernel } from '../../../src/fleet/kernel.ts';
import { entryOf, type RollUp, rollUp } from '../../../src/fleet/tallies.ts';
import { OUTCOME } from '../../../src/model/probe.ts';
import { batchOf, fleetShape, type Row } from '../../support/fleet.ts';

const row = (given: Partial<Row>): Row => ({ target: 0, prober: 0, what: OUTCOME.OK, latencyUs: 1_000, atSec: 1, ...given });

async function rolledUp(rows: readonly Row[]): Promise<ReturnType<typeof rollUp>> {
  const kernel = new TypeScriptKernel(fleetShape({ siteOfTarget: Uint16Array.of(0, 1, 1), sites: 2 }));
  const { tallies } = await kernel.pass(batchOf(rows), 1);
  return rollUp(tallies, 2, 3);
}

const counts = ({ successes, failures, notChecked }: RollUp): number[] => [successes, failures, notChecked];

test('greater latencies never fall into lower buckets', (t) => {
  const anyLatency = fc.integer({ min: 1, max: LATENCY_MOST_US });
  fc.assert(
    fc.property(anyLatency, anyLatency, (a, b) => a > b || entryOf(0, a) <= entryOf(0, b)),
    { seed: 1 },
  );
  t.is(entryOf(0, 1), 0);
  t.is(entryOf(0, LATENCY_MOST_US), 95);
});

test('results are counted for their site, for the region of their prober, and for both', async (t) => {
  const { sites, regions, cells } = await rolledUp([
    row({}),
    row({ target: 1, prober: 1, what: OUTCOME.TIMEOUT }),
    row({ target: 2, prober: 1 }),
    row({ target: 2, prober: 2, what: OUTCOME.NOT_CHECKED }),
  ]);
  t.deepEqual(sites.map(counts), [
    [1, 0, 0],
    [1, 1, 1],
  ]);
  t.deepEqual(regions.map(counts), [
    [1, 0, 0],
    [1, 1, 0],
    [0, 0, 1],
  ]);
  t.deepEqual(cells[1]!.map(counts), [
    [0, 0, 0],
    [1, 1, 0],
  ]);
});

test('both address families are in a roll-up', async (t) => {
  const { sites } = await rolledUp([
    row({}),
    row({ what: 1 << FAMILY_SHIFT }),
    row({ what: (1 << FAMILY_SHIFT) | OUTCOME.RESET }),
  ]);
  t.deepEqual(counts(sites[0]!), [2, 1, 0]);
});

test('a quantile is at least the exact one and at most a quarter above', async (t) => {
  const anyLatencies = fc.array(fc.integer({ min: 4, max: 2_000_000 }), { minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(anyLatencies, async (latencies) => {
      const { sites } = await rolledUp(latencies.map((latencyUs) => row({ latencyUs })));
      const sorted = latencies.toSorted((a, b) => a - b);
      for (const [percent, found] of [
        [50, sites[0]!.p50Us],
        [90, sites[0]!.p90Us],
        [99, sites[0]!.p99Us],
      ] as const) {
        const exact = sorted[Math.ceil((sorted.length * percent) / 100) - 1]!;
        t.true(found! > exact && found! <= exact * 1.25, `p${percent}: ${found}, exactly ${exact}`);
      }
    }),
    { seed: 2, numRuns: 50 },
  );
});

test('without a success there are no quantiles', async (t) => {
  const { sites } = await rolledUp([row({ what: OUTCOME.REFUSED })]);
  t.like(sites[0], { p50Us: null, p90Us: null, p99Us: null });
});

test('the smoothed latency starts at the first success and moves an eighth of the way with each', async (t) => {
  const kernel = new TypeScriptKernel(fleetShape());
  await kernel.pass(batchOf([row({ latencyUs: 1_000 }), row({ what: OUTCOME.TIMEOUT, latencyUs: 9 })]), 1);
  t.is(kernel.columns.ewma[0], 16_000);
  await kernel.pass(batchOf([row({ latencyUs: 1_800 })]), 2);
  t.is(kernel.columns.ewma[0], 17_600);
});
