// From the limits of spill to answers: shares, scopes and words.

import test from 'ava';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import { NOWHERE } from '../../../src/model/place.ts';
import type { Policy } from '../../../src/model/steering.ts';
import { buildSteering } from '../../../src/steering/build.ts';
import { explain, explanationToText } from '../../../src/steering/explain.ts';
import { ONE } from '../../../src/steering/fraction.ts';
import { SteeringImage } from '../../../src/steering/image.ts';
import { Cursors, Picked, pick } from '../../../src/steering/pick.ts';
import { spillLimits } from '../../../src/steering/spill.ts';
import { capacityNow } from '../../../src/steering/spill-demand.ts';
import { ADMIT_ALL, admit, coarsen } from '../../../src/steering/spill-limits.ts';
import { reasonToText, spillReasons } from '../../../src/steering/spill-reasons.ts';
import { canSpill } from '../../../src/steering/spilling.ts';
import { clientsAt, SpillWorld, withCapacity } from '../../support/spill.ts';
import { down, drained, failover, modelOf, nearest, ramping, siteIndex, underMark, weighted } from '../../support/steering.ts';

const DEPTH = 12;
const NETWORKS = 4000;
const SPILLS = { spill: { priority: 5, maxExtraKm: 20_100 } } as const;
const BELGIANS = clientsAt('london', 'BE', 4);

/** Belgium asks 60 of London, which can take 45 of it: a quarter spills to Frankfurt. */
function worldOf(policy: Partial<Policy> = {}, asked = 60): SpillWorld {
  const model = withCapacity(
    modelOf(
      { web: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }] },
      { www: { ...SPILLS, root: nearest(0), ...policy } },
    ),
    { london: 45, frankfurt: 100, newyork: 100 },
  );
  const world = new SpillWorld(model, [BELGIANS, clientsAt('frankfurt', 'DE')]);
  world.settle([asked, 10]);
  return world;
}

const imageFor = (world: SpillWorld, health = EVERYTHING_UP): SteeringImage =>
  new SteeringImage(buildSteering(world.model, world.table, health, undefined, spillLimits(world.state)));

function picks(world: SpillWorld, image: SteeringImage, place = 0): { members: number[]; scope: number } {
  const cursors = new Cursors();
  const out = new Picked();
  const octets = new Uint8Array(4);
  const members = Array.from({ length: NETWORKS }, (_, i) => {
    octets.set([10, i >> 4, (i << 4) & 0xff, 1]);
    pick(image, cursors, 0, world.cells[place]!, DEPTH, 4, 4, octets, 0, out);
    return out.member[0]!;
  });
  return { members, scope: out.scope };
}

const shareOf = (members: readonly number[], member: number): number =>
  members.filter((m) => m === member).length / members.length;

test('a class that is parted is answered for networks of the policy, one that is not for its whole leaf', (t) => {
  const world = worldOf();
  const image = imageFor(world);
  t.is(picks(world, image, 0).scope, 20);
  t.is(picks(world, image, 1).scope, DEPTH);
});

test('round robin answers in the shares of the plan', (t) => {
  const world = worldOf();
  const { members } = picks(world, imageFor(world));
  t.true(Math.abs(shareOf(members, 1) - 0.25) < 0.02, `${shareOf(members, 1)}`);
});

test('sticky clients move once: those who stay are those who stayed', (t) => {
  const before = worldOf({ pick: 'sticky' });
  const after = worldOf({ pick: 'sticky' }, 90);
  const [early, late] = [before, after].map((world) => picks(world, imageFor(world)).members);
  const moved = shareOf(early!, 1);
  t.true(Math.abs(moved - 0.25) < 0.04);
  t.true(shareOf(late!, 1) > moved);
  t.true(early!.every((member, i) => member === 0 || late![i] === 1));
});

test('an explanation tells what spill lets a site take', (t) => {
  const world = worldOf();
  const limits = spillLimits(world.state)[0]!.get(world.classOf(0));
  const text = explanationToText(explain(world.model, 0, BELGIANS, 4, EVERYTHING_UP, undefined, limits));
  t.regex(text, /kept +web\/london \(weight 1\): up; spill: takes 7\d\.\d % of what it would, the rest moves on/);
  t.regex(text, /kept +web\/frankfurt \(weight 1\): up, for what the nearer groups cannot take yet/);
});

test('limits give way to health: who is left answers, whatever the limits say', (t) => {
  const world = worldOf();
  const { members } = picks(world, imageFor(world, down(world.model, ['web/frankfurt', 'web/newyork'])));
  t.is(shareOf(members, 0), 1);
  const gone = picks(world, imageFor(world, down(world.model, ['web/london'])));
  t.is(shareOf(gone.members, 0), 0);
});

test('limits and slow start and drain compose', (t) => {
  const world = worldOf();
  const half = picks(world, imageFor(world, ramping(world.model, { 'web/london': 500 }))).members;
  t.true(Math.abs(shareOf(half, 0) - 0.375) < 0.02, `${shareOf(half, 0)}`);
  t.is(shareOf(picks(world, imageFor(world, drained(world.model, ['web/frankfurt']))).members, 1), 0);
});

test('a group that is shut out altogether stands by as reserve', (t) => {
  const limits = new Map([[siteIndex('london'), 0]]);
  const nobody = admit({ members: [0], weights: [1] }, ONE, () => siteIndex('london'), limits);
  t.deepEqual([nobody.distribution.members, nobody.room.num, nobody.shutOut], [[], 0, [0]]);
  const all = admit({ members: [0], weights: [1] }, ONE, () => siteIndex('tokyo'), limits);
  t.deepEqual([all.distribution.members, all.shutOut], [[0], []]);
});

test('limits that shut everybody out are void', (t) => {
  const world = worldOf();
  const closed = new Map([['nearest0', new Map(world.model.sites.map(({ index }) => [index, 0]))]]);
  const { shares, lastResort } = explain(world.model, 0, BELGIANS, 4, EVERYTHING_UP, undefined, closed);
  t.deepEqual([shares.map(({ member }) => member), lastResort], [['web/london'], null]);
});

test('shares of split plans are rounded to thousandths, by largest remainder, and nothing rounds to nothing at all', (t) => {
  const entries = [
    { member: 0, weight: 1_000_000 },
    { member: 1, weight: 500_000 },
    { member: 2, weight: 10 },
  ];
  coarsen(entries);
  t.deepEqual(entries, [
    { member: 0, weight: 683 },
    { member: 1, weight: 341 },
  ]);
});

test('reasons name the site, its excess, who moves where and how much farther', (t) => {
  const world = worldOf();
  const [reason, ...others] = spillReasons(world.outcome!);
  t.deepEqual(others, []);
  t.regex(reasonToText(reason!), /^london over target by 3\d %: 2\d % of BE 52,4 to frankfurt, extra \d+ km$/);
  t.true(reason!.moves[0]!.sinceMs > 1_000_000);
  t.regex(reasonToText({ ...reason!, wanted: 40 }), /^london makes room for others: /);
  t.regex(reasonToText({ ...reason!, target: 0 }), /^london over target by all of it: /);
  t.regex(reasonToText({ ...reason!, moves: Array.from({ length: 5 }, () => reason!.moves[0]!) }), /; and 2 more$/);
});

test('capacity is as reported while reports are fresh, else as configured, else not known', (t) => {
  const site = { id: 'x', index: 0, latitude: 0, longitude: 0, capacity: { max: 100, target: 80 } };
  const report = { current: 1, target: 50, max: 60, ageMs: 0 };
  t.deepEqual(capacityNow(site, report), { target: 50, max: 60 });
  t.deepEqual(capacityNow(site, { ...report, target: null }), { target: 48, max: 60 });
  t.deepEqual(capacityNow(site, { ...report, target: 90 }), { target: 60, max: 60 });
  t.deepEqual(capacityNow(site, { ...report, ageMs: 10_000 }), { target: 80, max: 100 });
  t.deepEqual(capacityNow(site, { ...report, target: Number.NaN, max: -3 }), { target: 80, max: 100 });
  t.is(capacityNow({ ...site, capacity: null }, null), null);
  t.deepEqual(capacityNow({ ...site, capacity: null }, { ...report, max: null }), { target: 50, max: Number.POSITIVE_INFINITY });
});

test('a policy spills if it may and a site of its tree has a capacity', (t) => {
  const model = modelOf(
    { a: [{ site: 'london' }], b: [{ site: 'tokyo' }] },
    {
      p: { ...SPILLS, root: failover([nearest(0), weighted([[1, nearest(1)]])]) },
      off: { root: nearest(0) },
    },
  );
  const bounded = withCapacity(model, { tokyo: 5 });
  t.deepEqual(
    model.policies.map((policy) => canSpill(model, policy)),
    [false, false],
  );
  t.deepEqual(
    bounded.policies.map((policy) => canSpill(bounded, policy)),
    [true, false],
  );
});

test('pools under their marks are passed over, as evaluation does, and come back if nothing else is left', (t) => {
  const model = withCapacity(
    modelOf(
      { a: [{ site: 'london' }], b: [{ site: 'newyork' }] },
      {
        www: { ...SPILLS, root: failover([nearest(0), weighted([[1, nearest(1)]])]) },
        odd: { ...SPILLS, root: weighted([[0, failover([nearest(0), nearest(1)])]]) },
      },
    ),
    { london: 10, newyork: 10 },
  );
  const sitesOf = (world: SpillWorld, policy: number): string[] => {
    const { map } = world;
    const item = map.owners.findIndex((owners) => owners.some((owner) => owner.policy === policy));
    return [...map.site.subarray(map.first[item]!, map.first[item + 1]!)].map((rank) => model.sites[map.siteOfRank[rank]!]!.id);
  };
  t.deepEqual(sitesOf(new SpillWorld(model, [BELGIANS]), 0), ['london']);
  t.deepEqual(sitesOf(new SpillWorld(model, [BELGIANS], underMark(model, ['a'])), 0), ['newyork']);
  t.deepEqual(sitesOf(new SpillWorld(model, [BELGIANS], underMark(model, ['a', 'b'])), 0), ['london']);
  t.deepEqual(sitesOf(new SpillWorld(model, [BELGIANS]), 1), ['london', 'newyork']);
});

test('clients at an unknown place spill too, to whoever has room', (t) => {
  const model = withCapacity(
    modelOf({ web: [{ site: 'london' }, { site: 'frankfurt', weight: 3 }] }, { www: { ...SPILLS, root: nearest(0) } }),
    { london: 100, frankfurt: 20 },
  );
  const world = new SpillWorld(model, [NOWHERE]);
  world.settle([60]);
  t.true(Math.abs(world.shareOf(0, 'frankfurt') - 1 / 3) < 0.03);
  const limit = [...spillLimits(world.state)[0]!.values()][0]!.get('nearest0')!.get(siteIndex('frankfurt'))!;
  t.true(limit < ADMIT_ALL);
});

test('when a capacity is no longer known, clients come home', (t) => {
  const world = worldOf();
  const home = new SpillWorld({ ...world.model, sites: world.model.sites.map((s) => ({ ...s, capacity: null })) }, [BELGIANS]);
  t.is(home.map.itemCount, 0);
});
