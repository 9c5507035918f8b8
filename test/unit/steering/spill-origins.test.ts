// What a sample of a site's clients tells of the demand of each class, beside queries that resolvers cache.

import test from 'ava';
import { explainSpill } from '../../../src/steering/spill-explain.ts';
import type { Origins } from '../../../src/steering/spill-origins.ts';
import { outlookOf } from '../../../src/steering/spill-outlook.ts';
import { decodeSpill, encodeSpill } from '../../../src/steering/spill-record.ts';
import { recordOf, stateFrom } from '../../../src/steering/spill-state.ts';
import { clientsAt, SpillWorld, withCapacity } from '../../support/spill.ts';
import { modelOf, nearest } from '../../support/steering.ts';

const POOLS = { web: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }] } as const;
const POLICIES = { www: { spill: { priority: 5, maxExtraKm: 20_100 }, root: nearest(0) } } as const;
/** The first three are nearest to London, the last one to Frankfurt. */
const PLACES = [
  clientsAt('london', 'GB'),
  clientsAt('london', 'IE', -6),
  clientsAt('london', 'IS', -20),
  clientsAt('frankfurt', 'DE'),
];
const FIVE_MINUTES = 300;
const AT_REST = { london: 1000, frankfurt: 1000, newyork: 1000 };

const worldWith = (targets: Readonly<Record<string, number>> = AT_REST): SpillWorld =>
  new SpillWorld(withCapacity(modelOf(POOLS, POLICIES), targets), PLACES);

/** A sample of London's clients: parts by place. */
const sampleOf = (world: SpillWorld, parts: readonly number[]): { london: Origins } => ({
  london: { cells: parts.map((_, place) => world.cells[place]!), parts },
});

function demandAt(world: SpillWorld, place: number): number {
  const { map, outcome } = world;
  const item = map.owners.findIndex((owners) => owners.some((owner) => owner.class === world.classOf(place)));
  return outcome!.demand[item]!;
}

function pass(
  world: SpillWorld,
  seconds: number,
  queries: readonly number[],
  load: number,
  parts: readonly number[] | null,
): void {
  for (let i = 0; i < seconds; i++) {
    world.step(queries, { london: load, frankfurt: 100 }, 1, parts === null ? {} : sampleOf(world, parts));
  }
}

const isNear = (value: number, wanted: number, part = 0.05): boolean => Math.abs(value - wanted) <= wanted * part;

test('of two classes that ask equally often, the one of which four fifths of the sample are brings four fifths of the load', (t) => {
  const world = worldWith();
  pass(world, FIVE_MINUTES, [1, 1, 0, 1], 900, [102, 26]);
  t.true(isNear(demandAt(world, 0), (900 * 102) / 128), `${demandAt(world, 0)}`);
  t.true(isNear(demandAt(world, 1), (900 * 26) / 128), `${demandAt(world, 1)}`);
});

test('what a query counts for is told beside the mean of all, also while the load of all is another than it was', (t) => {
  const world = new SpillWorld(withCapacity(modelOf(POOLS, POLICIES), AT_REST), PLACES.slice(0, 2));
  const told = (): number[] =>
    [0, 1].map(
      (place) => explainSpill(outlookOf(world.outcome!.state, [null, null, null]), 0, world.classOf(place))[0]!.queryWeight,
    );
  pass(world, FIVE_MINUTES, [1, 1], 900, null);
  t.deepEqual(told(), [1, 1]);
  for (const load of [900, 300, 900]) {
    pass(world, load === 300 ? 30 : FIVE_MINUTES, [1, 1], load, [96, 32]);
    const [first, second] = told();
    t.true(isNear(first!, 1.5), `${first}`);
    t.true(isNear(second!, 0.5), `${second}`);
  }
});

test('without a sample each query stands for the same load', (t) => {
  const world = worldWith();
  pass(world, FIVE_MINUTES, [1, 1, 0, 1], 900, null);
  t.true(isNear(demandAt(world, 0), 450));
});

test('one small sample hardly counts', (t) => {
  const world = worldWith();
  pass(world, 5, [1, 1, 0, 1], 900, null);
  pass(world, 1, [1, 1, 0, 1], 900, [1]);
  t.true(isNear(demandAt(world, 0), 450, 0.25), `${demandAt(world, 0)}`);
});

test('what was learnt stays when a site tells its load and no sample any more', (t) => {
  const world = worldWith();
  pass(world, FIVE_MINUTES, [1, 1, 0, 1], 900, [102, 26]);
  pass(world, 2 * FIVE_MINUTES, [1, 1, 0, 1], 900, null);
  t.true(isNear(demandAt(world, 0), (900 * 102) / 128), `${demandAt(world, 0)}`);
});

test('a class that is asked for ten times as often since answers hold for finer networks brings as much as before', (t) => {
  const world = worldWith();
  pass(world, FIVE_MINUTES, [1, 1, 0, 1], 900, [64, 64]);
  for (let minute = 0; minute < 5; minute++) {
    pass(world, 60, [10, 1, 0, 1], 900, [64, 64]);
    t.true(isNear(demandAt(world, 0), 450, 0.1), `${demandAt(world, 0)}`);
  }
});

test('a crowd of one class shows in the sample before it shows in queries', (t) => {
  const world = worldWith();
  pass(world, FIVE_MINUTES, [1, 1, 0, 1], 400, [64, 64]);
  pass(world, FIVE_MINUTES, [1, 1, 0, 1], 800, [96, 32]);
  t.true(isNear(demandAt(world, 0), 600, 0.15), `${demandAt(world, 0)}`);
  t.true(isNear(demandAt(world, 1), 200, 0.15), `${demandAt(world, 1)}`);
});

test('load of clients whose class nobody asks for counts as that of the others there: only those can be moved', (t) => {
  const world = worldWith();
  pass(world, FIVE_MINUTES, [1, 1, 0, 1], 900, [50, 25, 53]);
  t.true(isNear(demandAt(world, 0), 600), `${demandAt(world, 0)}`);
  t.true(isNear(demandAt(world, 1), 300), `${demandAt(world, 1)}`);
});

test('a site sheds what the sample tells that a class brings, not what its queries make of it', (t) => {
  // IS asks as often as GB and brings a ninth of it
  const world = worldWith({ london: 800, frankfurt: 1000, newyork: 1000 });
  const brought = [900, 0, 100, 100];
  for (let i = 0; i < 2 * FIVE_MINUTES; i++) {
    const received = i === 0 ? [1000, 100, 0] : [...world.received(brought, 'held')];
    const home = [brought[0]! * world.shareHeld(0, 'london'), 0, brought[2]! * world.shareHeld(2, 'london')];
    const sample = home.map((amount) => Math.round((128 * amount) / Math.max(1, home[0]! + home[2]!)));
    const [london, frankfurt, newyork] = received;
    world.step([1, 0, 1, 1], { london: london!, frankfurt: frankfurt!, newyork: newyork! }, 1, sampleOf(world, sample));
  }
  const london = world.received(brought, 'plans')[0]!;
  t.true(london <= 800 * 1.05 && london >= 800 * 0.95, `${london}`);
});

test('the record of a step carries what was learnt, and one of a server of before does without', (t) => {
  const world = worldWith();
  pass(world, FIVE_MINUTES, [1, 1, 0, 1], 900, [102, 26]);
  const record = decodeSpill(encodeSpill(recordOf(world.state)))!;
  t.deepEqual(stateFrom(world.map, record, 0).weight, world.state.weight);
  const items = Object.fromEntries(Object.entries(record.items).map(([key, { weight: _, ...item }]) => [key, item]));
  const { sampledSec: _, ...before } = { ...record, items };
  const state = stateFrom(world.map, decodeSpill(encodeSpill(before))!, 0);
  t.true(state.weight.every((weight) => weight === 1));
});

test('samples that cannot be leave finite demand that sums to the load', (t) => {
  const world = worldWith();
  const wrong = [Number.NaN, -5, Number.POSITIVE_INFINITY, 0, 1e300];
  for (const parts of wrong) {
    for (const cell of [0, 1, world.cells[0]!, 1_000_000, -1, Number.NaN]) {
      for (let i = 0; i < 5; i++)
        world.step([1, 1, 0, 1], { london: 900, frankfurt: 100 }, 1, {
          london: { cells: [cell, world.cells[1]!], parts: [parts, 1] },
        });
      t.true(world.outcome!.demand.every((value) => Number.isFinite(value) && value >= 0));
      const sum = world.outcome!.demand.reduce((all, value) => all + value, 0);
      t.true(isNear(sum, 1000, 0.01), `${sum}`);
    }
  }
});
