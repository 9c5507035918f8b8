// What a spill step does, on a few sites and clients.

import test from 'ava';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import type { SteeringModel } from '../../../src/model/steering.ts';
import { spillLimits } from '../../../src/steering/spill.ts';
import { clientsAt, SpillWorld, withCapacity } from '../../support/spill.ts';
import { down, failover, map, modelOf, nearest, type PolicySpec, pool, ramping, weighted } from '../../support/steering.ts';

const SPILLS = { spill: { priority: 5, maxExtraKm: 20_100 } } as const;
const WEB = [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }] as const;
const one = (policy: PolicySpec, targets = { london: 100, frankfurt: 100, newyork: 100 }): SteeringModel =>
  withCapacity(modelOf({ web: WEB }, { www: { ...SPILLS, ...policy } }), targets);
/** Irish clients lose more by leaving London for Frankfurt than Belgian ones do. */
const PLACES = [
  clientsAt('london', 'IE', -6),
  clientsAt('london', 'BE', 4),
  clientsAt('frankfurt', 'DE'),
  clientsAt('newyork', 'US'),
];

test('nobody moves while every site is under its target', (t) => {
  const world = new SpillWorld(one({ root: nearest(0) }), PLACES);
  const { state } = world.settle([60, 30, 50, 50]);
  t.true(spillLimits(state).every((classes) => classes.size === 0));
});

test('only the excess moves, and those first who lose least', (t) => {
  const world = new SpillWorld(one({ root: nearest(0) }), PLACES);
  world.settle([60, 60, 50, 50]);
  t.is(world.shareOf(0, 'london'), 1);
  t.true(Math.abs(60 * world.shareOf(1, 'frankfurt') - 20) < 1.5, `${60 * world.shareOf(1, 'frankfurt')}`);
  t.is(world.shareOf(2, 'frankfurt'), 1);
});

test('a neighbour is filled to its target and no further; what is left goes to the next', (t) => {
  const world = new SpillWorld(one({ root: nearest(0) }), PLACES);
  world.settle([90, 90, 60, 20]);
  const load = world.received([90, 90, 60, 20], 'plans');
  t.true(load[0]! < 101 && load[1]! < 101 && load[2]! < 101, `${load}`);
  t.true(world.shareOf(1, 'newyork') + world.shareOf(0, 'newyork') > 0.4);
});

test('when everything is full, all sites are above their targets by the same share', (t) => {
  const world = new SpillWorld(one({ root: nearest(0) }, { london: 100, frankfurt: 50, newyork: 200 }), PLACES);
  world.settle([300, 100, 20, 70]);
  const load = world.received([300, 100, 20, 70], 'plans');
  const over = [load[0]! / 100, load[1]! / 50, load[2]! / 200];
  t.true(Math.max(...over) / Math.min(...over) < 1.1, `${over}`);
});

test('when everything is full, a site that wavers within what is bearable moves nobody', (t) => {
  const world = new SpillWorld(one({ root: nearest(0) }), PLACES);
  const demand = [130, 70, 140, 100];
  world.settle(demand);
  let changes = 0;
  for (let i = 0; i < 200; i++) {
    const before = Array.from(world.state.admit);
    const [london, frankfurt, newyork] = world.received(demand, 'held');
    const wavering = 1 + 0.02 * (i < 100 ? 1 : -1);
    world.step(demand, { london: london! * wavering, frankfurt: frankfurt! / wavering, newyork: newyork! });
    if (before.some((admit, slot) => admit !== world.state.admit[slot])) changes++;
  }
  t.is(changes, 0);
});

test('clients come back when their site has room again', (t) => {
  const world = new SpillWorld(one({ root: nearest(0) }), PLACES);
  world.settle([60, 80, 20, 20]);
  t.true(world.shareOf(1, 'frankfurt') > 0.4);
  world.settle([30, 40, 20, 20]);
  t.is(world.shareOf(1, 'frankfurt'), 0);
});

test('a fenced class never leaves its fence, however full it is', (t) => {
  const model = withCapacity(
    modelOf(
      { eu: [{ site: 'london' }, { site: 'frankfurt' }], all: WEB },
      { www: { ...SPILLS, root: map({ countries: new Map([['BE', nearest(0, 0, {}, 'fence')]]), otherwise: nearest(1) }) } },
    ),
    { london: 50, frankfurt: 50, newyork: 1000 },
  );
  const world = new SpillWorld(model, PLACES);
  world.settle([10, 200, 10, 10]);
  t.is(world.shareOf(1, 'newyork'), 0);
  t.true(world.shareOf(0, 'newyork') > 0.9);
});

test('load moves inside a child of weighted, never between children', (t) => {
  const model = withCapacity(
    modelOf(
      { web: WEB, canary: [{ site: 'london', name: 'canary' }] },
      {
        www: {
          ...SPILLS,
          root: weighted([
            [9, nearest(0)],
            [1, pool(1)],
          ]),
        },
      },
    ),
    { london: 50, frankfurt: 500, newyork: 500 },
  );
  const world = new SpillWorld(model, PLACES);
  world.settle([0, 100, 0, 0]);
  t.true(Math.abs(world.shareOf(1, 'london') - 0.5) < 0.02);
  t.true(Math.abs(world.shareOf(1, 'frankfurt') - 0.5) < 0.02);
});

test('an active-passive pair spills to the passive site only what the active one cannot take', (t) => {
  const model = withCapacity(
    modelOf({ a: [{ site: 'london' }], b: [{ site: 'newyork' }] }, { www: { ...SPILLS, root: failover([pool(0), pool(1)]) } }),
    { london: 100, newyork: 100 },
  );
  const world = new SpillWorld(model, PLACES);
  world.settle([60, 60, 0, 0]);
  t.true(Math.abs(world.received([60, 60, 0, 0], 'plans')[2]! - 20) < 2);
});

test('policies of lower priority move first', (t) => {
  const model = withCapacity(
    modelOf(
      { web: WEB, bulk: WEB.map((m) => ({ ...m, name: `bulk-${m.site}` })) },
      {
        www: { root: nearest(0), spill: { priority: 9, maxExtraKm: 20_100 } },
        bulk: { root: nearest(1), spill: { priority: 1, maxExtraKm: 20_100 } },
      },
    ),
    { london: 100, frankfurt: 100, newyork: 100 },
  );
  const world = new SpillWorld(model, PLACES);
  world.settle([70, 0, 0, 0]);
  t.is(world.shareOf(0, 'london', 0), 1);
  t.true(Math.abs(world.shareOf(0, 'london', 1) - 30 / 70) < 0.05);
});

test('nobody is sent farther than the policy allows', (t) => {
  const model = one({ root: nearest(0), spill: { priority: 5, maxExtraKm: 1000 } }, { london: 50, frankfurt: 50, newyork: 1000 });
  const world = new SpillWorld(model, PLACES);
  world.settle([100, 100, 0, 0]);
  t.is(world.received([100, 100, 0, 0], 'plans')[2], 0);
});

test('the loss of a site is answered before its load arrives elsewhere', (t) => {
  const model = one({ root: nearest(0) });
  const world = new SpillWorld(model, PLACES);
  const demand = [50, 40, 80, 20];
  world.settle(demand);
  world.setHealth(down(model, ['web/frankfurt']));
  const { loadBefore, loadAfter } = world.step(demand, { london: 90, newyork: 20 });
  const london = world.map.rankOfSite[0]!;
  t.true(loadBefore[london]! > 160);
  t.true(loadAfter[london]! < 101, `${loadBefore} ${loadAfter} ${world.outcome!.demand}`);
});

test('a site in slow start is filled no further than its share', (t) => {
  const model = one({ root: nearest(0) });
  const world = new SpillWorld(model, PLACES, ramping(model, { 'web/frankfurt': 300 }));
  world.settle([100, 100, 0, 0]);
  t.true(world.received([100, 100, 0, 0], 'plans')[1]! < 31);
});

test('a tie group shares its overload before anybody farther gets any', (t) => {
  const model = withCapacity(
    modelOf(
      { web: [{ site: 'london', weight: 3 }, { site: 'frankfurt', weight: 1 }, { site: 'newyork' }] },
      {
        www: { ...SPILLS, root: nearest(0, 1000) },
      },
    ),
    { london: 60, frankfurt: 60, newyork: 1000 },
  );
  const world = new SpillWorld(model, PLACES);
  world.settle([0, 100, 0, 0]);
  t.true(Math.abs(world.shareOf(1, 'london') - 0.6) < 0.02, `${world.shareOf(1, 'london')}`);
  t.is(world.shareOf(1, 'newyork'), 0);
});

test('the same world under other names and in another order spills alike', (t) => {
  const world = new SpillWorld(one({ root: nearest(0) }), PLACES);
  const other = new SpillWorld(one({ root: nearest(0) }), PLACES.toReversed());
  const demand = [90, 90, 60, 20];
  world.settle(demand);
  other.settle(demand.toReversed());
  t.is(world.shareOf(1, 'newyork'), other.shareOf(2, 'newyork'));
  t.is(world.shareOf(1, 'frankfurt'), other.shareOf(2, 'frankfurt'));
});

test('with nothing but silence nobody moves', (t) => {
  const world = new SpillWorld(one({ root: nearest(0) }), PLACES);
  for (let i = 0; i < 10; i++) world.step([500, 500, 500, 500], {});
  t.true(spillLimits(world.state).every((classes) => classes.size === 0));
  t.truthy(EVERYTHING_UP);
});
