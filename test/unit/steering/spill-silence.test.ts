// What is believed of a site whose agents say nothing, from what DNS servers are asked.

import test from 'ava';
import { clientsAt, SpillWorld, withCapacity } from '../../support/spill.ts';
import { modelOf, nearest } from '../../support/steering.ts';

const TEN_MINUTES = 600;
const POOLS = { web: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }] } as const;
const POLICIES = { www: { spill: { priority: 5, maxExtraKm: 20_100 }, root: nearest(0) } } as const;
const PLACES = [clientsAt('london', 'IE', -6), clientsAt('frankfurt', 'DE'), clientsAt('newyork', 'US')];

/** London and Frankfurt receive what their clients bring, New York would receive `demand[2]` and says nothing from now on. */
function silentNewYork(demand: readonly number[]) {
  const world = new SpillWorld(withCapacity(modelOf(POOLS, POLICIES), { london: 100, frankfurt: 100, newyork: 100 }), PLACES);
  world.settle(demand);
  return {
    world,
    pass(seconds: number, asked: readonly number[], brought: readonly number[]): void {
      for (let i = 0; i < seconds; i++) {
        const [london, frankfurt] = world.received(brought, 'held');
        world.step(asked, { london: london!, frankfurt: frankfurt! });
      }
    },
    believed: () => world.outcome!.loadBefore[world.map.rankOfSite[2]!]!,
  };
}

test('while no server is heard, queries are unknown and not none', (t) => {
  const demand = [60, 60, 50];
  const { pass, believed } = silentNewYork(demand);
  pass(TEN_MINUTES, [0, 0, 0], demand);
  pass(5, demand, demand);
  t.true(Math.abs(believed() - 50) < 5, `${believed()}`);
});

test('servers that are cut off and come back change nothing that is believed of a silent site', (t) => {
  const demand = [60, 60, 50];
  const { pass, believed } = silentNewYork(demand);
  pass(TEN_MINUTES, [20, 20, 17], demand);
  t.true(Math.abs(believed() - 50) < 5, `${believed()}`);
  pass(TEN_MINUTES, demand, demand);
  t.true(Math.abs(believed() - 50) < 5, `${believed()}`);
});

test('a crowd that has spilled from a site is seen to leave while the site is silent', (t) => {
  const crowded = [20, 20, 150];
  const { world, pass } = silentNewYork(crowded);
  t.true(world.shareOf(2, 'newyork') < 0.8, `${world.shareOf(2, 'newyork')}`);
  pass(TEN_MINUTES, crowded, crowded);
  pass(2 * TEN_MINUTES, [20, 20, 50], [20, 20, 50]);
  t.is(world.shareOf(2, 'newyork'), 1);
});
