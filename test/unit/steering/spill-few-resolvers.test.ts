// A step between few large resolvers: what they happen to hold is not what clients ask for.

import test from 'ava';
import { FewResolvers } from '../../support/few-resolvers.ts';
import { withCapacity } from '../../support/spill.ts';
import { modelOf, nearest } from '../../support/steering.ts';

const TARGET = 100;
/** By the index of the model's sites. */
const LONDON = 0;
/** An agent counts for a second, and is heard a second later. */
const LATE_SEC = 2;
const SEEDS = [1, 2, 3, 4];

function model(): ReturnType<typeof withCapacity> {
  const web = [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }] as const;
  const plain = modelOf({ web }, { www: { spill: { priority: 5, maxExtraKm: 20_100 }, root: nearest(0) } });
  const bounded = withCapacity(plain, { london: TARGET, frankfurt: TARGET, newyork: TARGET });
  const capacity = { target: TARGET, max: 1.25 * TARGET };
  return { ...bounded, sites: bounded.sites.map((site) => (site.capacity === null ? site : { ...site, capacity })) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
function deviationOf(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

for (const ttlSec of [3, 10]) {
  test(`plans do not follow resolvers to and fro, each a fifth of what a site takes, at a TTL of ${ttlSec} s`, (t) => {
    const deviations = SEEDS.map((seed) => {
      const world = new FewResolvers(model(), ttlSec, LATE_SEC, seed);
      for (let sec = 0; sec < 60 * ttlSec; sec++) world.second();
      const shares: number[] = [];
      const loads: number[] = [];
      for (let sec = 0; sec < 200 * ttlSec; sec++) {
        loads.push(world.second()[LONDON]!);
        shares.push(world.shareAtHome);
      }
      t.true(Math.abs(mean(loads) - TARGET) < 0.05 * TARGET, `seed ${seed}: ${mean(loads)}`);
      return deviationOf(shares);
    });
    // 0.05 where every report that was 8 % off counted as a change
    t.true(mean(deviations) < 0.035, deviations.join(', '));
  });
}
