import test from 'ava';
import { EVERYTHING_UP, type HealthView } from '../../../src/model/health.ts';
import type { Place } from '../../../src/model/place.ts';
import type { PolicyNode } from '../../../src/model/steering.ts';
import { Decider } from '../../../src/steering/decide.ts';
import { evaluate } from '../../../src/steering/evaluate.ts';
import { standings } from '../../../src/steering/standing.ts';
import { down, failover, modelOf, nearest, placeAt, pool, ramping, underMark, weighted } from '../../support/steering.ts';

const model = modelOf(
  {
    web: [
      { site: 'london', weight: 30 },
      { site: 'frankfurt', weight: 10 },
      { site: 'newyork', weight: 20 },
      { site: 'tokyo', weight: 0 },
      { site: 'sydney', weight: 0 },
    ],
    api: [{ site: 'london' }, { site: 'tokyo' }],
    solo: [{ site: 'saopaulo' }],
  },
  {},
);

/** The distribution as `id:weight`, then the reserve. */
function run(root: PolicyNode, health: HealthView = EVERYTHING_UP, place: Place = placeAt('london')): string {
  const decider = new Decider(model);
  const decided = decider.decide(root, place, decider.measure(place));
  const { distribution, reserve } = evaluate(decided, { model, standings: standings(model, 4, health) });
  const id = (member: number): string => model.members[member]!.id.split('/')[1]!;
  const shares = distribution.members.map((member, i) => `${id(member)}:${distribution.weights[i]}`);
  return [...shares, ...(reserve.length > 0 ? ['|'] : []), ...reserve.map(id)].join(' ');
}

test('a pool shares by weight among its members that are up', (t) => {
  t.is(run(pool(0)), 'london:3 frankfurt:1 newyork:2');
  t.is(run(pool(0), down(model, ['web/london'])), 'frankfurt:1 newyork:2');
});

test('members of weight 0 get something only if all that has weight is down, and then share equally', (t) => {
  const allWeightedDown = down(model, ['web/london', 'web/frankfurt', 'web/newyork']);
  t.is(run(pool(0), allWeightedDown), 'tokyo:1 sydney:1');
  t.is(run(nearest(0), allWeightedDown), 'tokyo:1 | sydney');
  t.is(run(nearest(0), EVERYTHING_UP, placeAt('tokyo')), 'frankfurt:1 | london newyork');
});

test('a pool with nothing up is dead', (t) => {
  t.is(run(pool(2), down(model, ['solo/saopaulo'])), '');
});

test('the nearest group that is up gets everything, the later groups stand by in their order', (t) => {
  t.is(run(nearest(0)), 'london:1 | frankfurt newyork');
  t.is(run(nearest(0, 700)), 'london:3 frankfurt:1 | newyork');
  t.is(run(nearest(0, 700), down(model, ['web/london'])), 'frankfurt:1 | newyork');
  t.is(run(nearest(0, 700), down(model, ['web/london', 'web/frankfurt'])), 'newyork:1');
});

test('within a group that stands by, heavier members come first', (t) => {
  t.is(run(nearest(0, 700), EVERYTHING_UP, placeAt('newyork')), 'newyork:1 | london frankfurt');
});

test('failover takes the first child that is up and lends nobody from later children', (t) => {
  const root = failover([pool(2), pool(1), pool(0)]);
  t.is(run(root), 'saopaulo:1');
  t.is(run(root, down(model, ['solo/saopaulo'])), 'london:1 tokyo:1');
  t.is(run(root, down(model, ['solo/saopaulo', 'api/london', 'api/tokyo'])), 'london:3 frankfurt:1 newyork:2');
  t.is(run(failover([pool(2)]), down(model, ['solo/saopaulo'])), '');
});

test('weighted multiplies the masses of its children', (t) => {
  t.is(
    run(
      weighted([
        [3, pool(1)],
        [1, pool(2)],
      ]),
    ),
    'london:3 tokyo:3 saopaulo:2',
  );
  t.is(
    run(
      weighted([
        [1, nearest(0)],
        [1, nearest(1)],
      ]),
    ),
    'london:1 london:1 | frankfurt newyork tokyo',
  );
});

test('dead children of a weighted node lose their mass to the others in proportion', (t) => {
  const root = weighted([
    [5, pool(2)],
    [3, pool(1)],
    [1, pool(0)],
  ]);
  t.is(run(root, down(model, ['solo/saopaulo', 'web/frankfurt', 'web/newyork'])), 'london:3 tokyo:3 london:2');
  t.is(run(weighted([[1, pool(2)]]), down(model, ['solo/saopaulo'])), '');
});

test('children of weight 0 get something only if all others are dead', (t) => {
  const root = weighted([
    [1, pool(2)],
    [0, pool(1)],
  ]);
  t.is(run(root), 'saopaulo:1');
  t.is(run(root, down(model, ['solo/saopaulo'])), 'london:1 tokyo:1');
});

test('a recovering member of a pool gets its part, and the others what it may not have yet', (t) => {
  t.is(run(pool(0), ramping(model, { 'web/london': 500 })), 'london:1 frankfurt:1 newyork:2');
});

test('a recovering nearest site gets its part, and the next one the rest', (t) => {
  t.is(run(nearest(0), ramping(model, { 'web/london': 100 })), 'london:1 frankfurt:9 | newyork');
  const both = ramping(model, { 'web/london': 500, 'web/frankfurt': 500 });
  t.is(run(nearest(0), both), 'london:2 frankfurt:1 newyork:1');
});

test('if everything recovers at once, together they get everything', (t) => {
  const all = Object.fromEntries(model.members.map(({ id }) => [id, 100]));
  t.is(run(pool(0), ramping(model, all)), 'london:3 frankfurt:1 newyork:2');
  t.is(run(pool(2), ramping(model, all)), 'saopaulo:1');
});

test('failover gives to later children what a recovering one cannot take', (t) => {
  const root = failover([pool(2), pool(1)]);
  t.is(run(root, ramping(model, { 'solo/saopaulo': 200 })), 'saopaulo:1 london:2 tokyo:2');
  t.is(run(root, ramping(model, { 'solo/saopaulo': 200 }, down(model, ['api/london', 'api/tokyo']))), 'saopaulo:1');
});

test('a recovering child of a weighted node counts for less', (t) => {
  const root = weighted([
    [1, pool(2)],
    [1, pool(1)],
  ]);
  t.is(run(root, ramping(model, { 'solo/saopaulo': 500 })), 'saopaulo:1 london:1 tokyo:1');
});

test('for a failover a pool under its watermark is dead, for everybody else it is not', (t) => {
  const health = underMark(model, ['solo']);
  t.is(run(failover([pool(2), pool(1)]), health), 'london:1 tokyo:1');
  t.is(run(failover([weighted([[1, pool(2)]]), nearest(1)]), health), 'london:1 | tokyo');
  t.is(run(failover([failover([pool(2)]), pool(1)]), health), 'london:1 tokyo:1');
  t.is(run(pool(2), health), 'saopaulo:1');
  t.is(run(weighted([[1, pool(2)]]), health), 'saopaulo:1');
});

test('if watermarks leave a failover nothing, it does without them', (t) => {
  const health = underMark(model, ['solo', 'api']);
  t.is(run(failover([pool(2), pool(1)]), health), 'saopaulo:1');
  t.is(run(failover([failover([pool(2)]), pool(1)]), health), 'saopaulo:1');
  t.is(run(failover([pool(2), pool(1)]), underMark(model, ['solo', 'api'], down(model, ['solo/saopaulo']))), 'london:1 tokyo:1');
});
