import test from 'ava';
import type { Family } from '../../../src/base/address.ts';
import { EVERYTHING_UP, type HealthView, NO_CHANGE_FORESEEN } from '../../../src/model/health.ts';
import type { Place } from '../../../src/model/place.ts';
import type { LastResort, PolicyNode } from '../../../src/model/steering.ts';
import { factsFor } from '../../../src/steering/build.ts';
import { Decider } from '../../../src/steering/decide.ts';
import { makePlan, type Plan } from '../../../src/steering/plan.ts';
import {
  changing,
  down,
  drained,
  failover,
  modelOf,
  nearest,
  placeAt,
  pool,
  ramping,
  underMark,
  weighted,
} from '../../support/steering.ts';

const model = modelOf(
  {
    web: [
      { site: 'london', has: 'v4' },
      { site: 'frankfurt', has: 'both' },
      { site: 'tokyo', has: 'both', weight: 3 },
    ],
    spare: [{ site: 'sydney' }, { site: 'saopaulo', has: 'v4' }],
    mixed: [{ site: 'london' }, { site: 'newyork', has: 'alias', weight: 2 }],
  },
  {},
);
const ALL_WEB = ['web/london', 'web/frankfurt', 'web/tokyo'];

interface Options {
  family?: Family;
  health?: HealthView;
  place?: Place;
  answers?: number;
  lastResort?: LastResort;
  lastGood?: Plan;
}

function planFor(root: PolicyNode, options: Options = {}): Plan {
  const { family = 4, health = EVERYTHING_UP, place = placeAt('london'), answers = 1 } = options;
  const policy = {
    id: 'p',
    index: 0,
    root,
    pick: 'round-robin' as const,
    answers,
    granularityV4: 24,
    granularityV6: 48,
    lastResort: options.lastResort ?? ({ kind: 'serve-all' } as const),
    spill: null,
  };
  const decider = new Decider(model);
  const decided = decider.decide(root, place, decider.measure(place));
  return makePlan(policy, decided, factsFor(model, family, health), () => options.lastGood);
}

const ids = (members: readonly number[]): string[] => members.map((member) => model.members[member]!.id);

test('members stand by falling share, and no change is foreseen', (t) => {
  const plan = planFor(pool(0));
  t.deepEqual(ids(plan.members), ['web/tokyo', 'web/london', 'web/frankfurt']);
  t.deepEqual(plan.weights, [3, 1, 1]);
  t.like(plan, { kind: 'answer', lastResort: null, ttlSec: NO_CHANGE_FORESEEN });
});

test('a blank member loses its share to the others of the choice', (t) => {
  const plan = planFor(pool(0), { family: 6 });
  t.deepEqual(ids(plan.members), ['web/tokyo', 'web/frankfurt']);
  t.deepEqual(plan.weights, [3, 1]);
  const nested = planFor(
    weighted([
      [1, nearest(0, 700)],
      [1, pool(1)],
    ]),
    { family: 6 },
  );
  t.deepEqual(
    [ids(nested.members), nested.weights],
    [
      ['web/frankfurt', 'spare/sydney'],
      [1, 1],
    ],
  );
});

test('a nearest site without IPv6 gives NODATA instead of sending dual-stack clients far away', (t) => {
  t.deepEqual(ids(planFor(nearest(0)).members), ['web/london']);
  t.like(planFor(nearest(0), { family: 6 }), { kind: 'nodata', lastResort: null, members: [], reserve: [] });
});

test('a nearest site that is down is no reason for NODATA', (t) => {
  const health = down(model, ['web/london']);
  t.deepEqual(ids(planFor(nearest(0), { family: 6, health }).members), ['web/frankfurt']);
});

test('a member down in one family is dead for that family alone', (t) => {
  const health = down(model, ['web/frankfurt'], 6);
  t.deepEqual(ids(planFor(pool(0), { family: 6, health }).members), ['web/tokyo']);
  t.is(planFor(pool(0), { health }).members.length, 3);
});

test('the reserve is kept only for answers of several, without blanks, aliases and repetitions', (t) => {
  t.deepEqual(planFor(nearest(0)).reserve, []);
  t.deepEqual(ids(planFor(nearest(0), { answers: 2 }).reserve), ['web/frankfurt', 'web/tokyo']);
  const far = placeAt('sydney');
  t.deepEqual(ids(planFor(nearest(0), { answers: 2, family: 6, place: far }).reserve), ['web/frankfurt']);
  t.deepEqual(planFor(nearest(2), { answers: 2 }).reserve, []);
  const twice = weighted([
    [1, nearest(0)],
    [1, nearest(0, 700)],
  ]);
  t.deepEqual(ids(planFor(twice, { answers: 3 }).reserve), ['web/tokyo']);
  t.deepEqual(planFor(failover([pool(0), pool(1)]), { answers: 8 }).reserve, []);
});

test('an alias serves both families beside addresses', (t) => {
  for (const family of [4, 6] as const) {
    t.deepEqual(ids(planFor(pool(2), { family }).members), ['mixed/newyork', 'mixed/london']);
  }
});

test('serve-all answers as if everything were up', (t) => {
  const plan = planFor(nearest(0), { health: down(model, ALL_WEB) });
  t.like(plan, { kind: 'answer', lastResort: 'serve-all', members: [0] });
  t.like(planFor(nearest(0), { health: down(model, ALL_WEB), family: 6 }), { kind: 'nodata', lastResort: 'serve-all' });
});

test('last-good repeats the last plan that had something up, and serves all if there is none', (t) => {
  const lastResort = { kind: 'last-good' } as const;
  const health = down(model, ALL_WEB);
  const lastGood = planFor(pool(0), { health: down(model, ['web/tokyo']) });
  t.deepEqual(planFor(pool(0), { health, lastResort, lastGood }), { ...lastGood, lastResort: 'last-good' });
  t.is(planFor(pool(0), { health, lastResort }).lastResort, 'serve-all');
});

test('fallback answers with what is up in another pool, or with all of it', (t) => {
  const lastResort = { kind: 'fallback', pool: 1 } as const;
  const health = down(model, ALL_WEB);
  t.deepEqual(ids(planFor(pool(0), { health, lastResort }).members), ['spare/sydney', 'spare/saopaulo']);
  t.deepEqual(ids(planFor(pool(0), { health, lastResort, family: 6 }).members), ['spare/sydney']);
  const allButOne = down(model, [...ALL_WEB, 'spare/sydney']);
  t.deepEqual(ids(planFor(pool(0), { health: allButOne, lastResort }).members), ['spare/saopaulo']);
  t.like(planFor(pool(0), { health: allButOne, lastResort, family: 6 }), { kind: 'nodata', lastResort: 'fallback' });
  const nothing = down(model, [...ALL_WEB, 'spare/sydney', 'spare/saopaulo']);
  t.like(planFor(pool(0), { health: nothing, lastResort }), { kind: 'answer', lastResort: 'fallback', weights: [1, 1] });
});

test('nodata and servfail say so', (t) => {
  const health = down(model, ALL_WEB);
  t.like(planFor(pool(0), { health, lastResort: { kind: 'nodata' } }), { kind: 'nodata', lastResort: 'nodata' });
  t.like(planFor(pool(0), { health, lastResort: { kind: 'servfail' } }), { kind: 'servfail', lastResort: 'servfail' });
  t.is(planFor(pool(0), { lastResort: { kind: 'servfail' } }).lastResort, null);
});

test('a last resort passes over members that were taken out, unless nobody else is there', (t) => {
  const out = (ids: readonly string[]) => drained(model, ids, down(model, [...ALL_WEB, 'spare/sydney', 'spare/saopaulo']));
  t.deepEqual(ids(planFor(nearest(0), { health: out(['web/london']) }).members), ['web/frankfurt']);
  t.deepEqual(ids(planFor(nearest(0), { health: out(ALL_WEB) }).members), ['web/london']);
  const lastGood = planFor(pool(0));
  const again = (health: HealthView) => planFor(pool(0), { health, lastResort: { kind: 'last-good' }, lastGood });
  t.deepEqual(ids(again(out(['web/tokyo'])).members), ['web/london', 'web/frankfurt']);
  t.is(again(out(['web/tokyo'])).lastResort, 'last-good');
  t.is(again(out(ALL_WEB)).lastResort, 'serve-all');
  const lastResort = { kind: 'fallback', pool: 1 } as const;
  t.deepEqual(ids(planFor(pool(0), { health: out(['spare/sydney']), lastResort }).members), ['spare/saopaulo']);
});

test('a drained member is not even in the reserve', (t) => {
  const health = drained(model, ['web/frankfurt']);
  t.deepEqual(ids(planFor(nearest(0), { health, answers: 3 }).reserve), ['web/tokyo']);
});

test('an answer is kept until anything could change that the decision looked at', (t) => {
  const seconds = { 'web/london': 40, 'web/frankfurt': 30, 'web/tokyo': 20, 'spare/sydney': 10, 'spare/saopaulo': 50 };
  const ttl = (root: PolicyNode, health = changing(model, seconds), options: Options = {}): number =>
    planFor(root, { health, ...options }).ttlSec;
  t.is(ttl(pool(0)), 20);
  t.is(ttl(nearest(0)), 40);
  t.is(ttl(nearest(0, 700)), 30);
  t.is(ttl(nearest(0), changing(model, seconds, down(model, ['web/london']))), 30);
  t.is(ttl(nearest(0), changing(model, seconds, ramping(model, { 'web/london': 100 }))), 30);
  t.is(ttl(failover([nearest(0), pool(1)])), 40);
  t.is(ttl(failover([pool(1), pool(0)])), 10);
  t.is(ttl(failover([pool(0), pool(1)]), changing(model, seconds, underMark(model, ['web']))), 10);
  t.is(ttl(failover([pool(1), nearest(0)]), changing(model, seconds, underMark(model, ['spare']))), 10);
  t.is(
    ttl(
      weighted([
        [1, nearest(0)],
        [0, pool(1)],
      ]),
    ),
    10,
  );
});

test('an answer of several is kept no longer than its reserve', (t) => {
  const health = changing(model, { 'web/london': 40, 'web/tokyo': 20 });
  t.is(planFor(nearest(0), { health }).ttlSec, 40);
  t.is(planFor(nearest(0), { health, answers: 2 }).ttlSec, 20);
  t.is(planFor(failover([nearest(0)]), { health, answers: 2 }).ttlSec, 20);
});

test('a last resort is kept until anything could come back', (t) => {
  const health = changing(model, { 'web/tokyo': 7, 'spare/sydney': 5 }, down(model, ALL_WEB));
  const ttl = (lastResort: LastResort): number => planFor(nearest(0), { health, lastResort, lastGood: planFor(pool(0)) }).ttlSec;
  t.is(ttl({ kind: 'serve-all' }), 7);
  t.is(ttl({ kind: 'last-good' }), 7);
  t.is(ttl({ kind: 'nodata' }), 7);
  t.is(ttl({ kind: 'servfail' }), 7);
  t.is(ttl({ kind: 'fallback', pool: 1 }), 5);
});

test('members of weight 0 answer no longer than until one with weight could come back', (t) => {
  const idle = modelOf({ web: [{ site: 'london', weight: 0 }, { site: 'tokyo' }] }, { p: { root: nearest(0) } });
  const health = changing(idle, { 'web/london': 30, 'web/tokyo': 3 }, down(idle, ['web/tokyo']));
  const decider = new Decider(idle);
  const decided = decider.decide(nearest(0), placeAt('london'), decider.measure(placeAt('london')));
  t.is(makePlan(idle.policies[0]!, decided, factsFor(idle, 4, health), () => undefined).ttlSec, 3);
});
