import test from 'ava';
import { NOWHERE, type Place } from '../../../src/model/place.ts';
import type { PolicyNode } from '../../../src/model/steering.ts';
import { type Decided, Decider } from '../../../src/steering/decide.ts';
import { failover, map, modelOf, nearest, placeAt, pool, weighted } from '../../support/steering.ts';

const model = modelOf(
  {
    web: [{ site: 'london' }, { site: 'tokyo' }, { site: 'newyork' }],
    standby: [{ site: 'sydney' }],
  },
  {},
);
const decider = new Decider(model);
const decide = (root: PolicyNode, place: Place): Decided => decider.decide(root, place, decider.measure(place));

test('maps vanish, nearest nodes become groups of members, the rest keeps its form', (t) => {
  const root = failover([
    map({
      countries: new Map([
        [
          'GB',
          weighted([
            [3, nearest(0)],
            [0, pool(1)],
          ]),
        ],
      ]),
      otherwise: pool(1, 'elsewhere'),
    }),
    pool(1, 'last'),
  ]);
  t.deepEqual(decide(root, placeAt('london', { country: 'GB' })), {
    kind: 'failover',
    path: 'failover',
    children: [
      {
        kind: 'weighted',
        path: 'weighted',
        weights: [3, 0],
        children: [
          { kind: 'nearest', path: 'nearest0', pool: 0, groups: [[0], [2], [1]] },
          { kind: 'pool', path: 'pool1', pool: 1 },
        ],
      },
      { kind: 'pool', path: 'last', pool: 1 },
    ],
  });
  t.like(decide(root, NOWHERE), { children: [{ path: 'elsewhere' }, { path: 'last' }] });
});

test('nodes that order the same sites alike share one ranking', (t) => {
  const first = nearest(0, 100, { tokyo: 5 }) as Extract<PolicyNode, { kind: 'nearest' }>;
  const alike = nearest(0, 100, { tokyo: 5, sydney: 50 }) as typeof first;
  const unlike = nearest(0, 200, { tokyo: 5 }) as typeof first;
  t.is(decider.rankingOf(first), decider.rankingOf(alike), 'a bias for a site without member does not matter');
  t.not(decider.rankingOf(first), decider.rankingOf(unlike));
  t.is(decider.rankingOf(first), decider.rankingOf(first));
});
