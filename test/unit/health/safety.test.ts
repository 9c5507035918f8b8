// What an order would do is foreseen, and refused if it breaks a rule; what makes things no worse never is.

import test from 'ava';
import { HealthBook } from '../../../src/health/book.ts';
import { foresee, type SafetyForecast } from '../../../src/health/safety.ts';
import { VoteTable } from '../../../src/health/votes.ts';
import type { SafetySettings } from '../../../src/model/admin.ts';
import { DEFAULT_HEALTH } from '../../../src/model/health.ts';
import type { SteeringModel } from '../../../src/model/steering.ts';
import type { Override } from '../../../src/model/verdict.ts';
import { modelOf } from '../../support/steering.ts';
import { orderOf, targetsOf, voteOf } from '../../support/votes.ts';

const NOW = 1_000_000;
const NO_RULES: SafetySettings = { leastSites: 0, leastCapacityPercent: 0, mostMovedPercent: 100 };
const model = modelOf(
  {
    web: [
      { site: 'london', weight: 5 },
      { site: 'frankfurt', weight: 3 },
      { site: 'tokyo', weight: 2 },
    ],
  },
  {},
);

/** Facts with the members of these targets seen down. */
function factsOf(steering: SteeringModel, down: readonly string[] = []) {
  const votes = new VoteTable();
  for (const target of down) {
    for (const prober of ['a', 'b', 'c']) {
      votes.add(voteOf(prober, false, { target, atMs: NOW, expiresMs: NOW + 60_000, region: prober }));
    }
  }
  const book = new HealthBook(steering, targetsOf(steering), DEFAULT_HEALTH, votes, null);
  book.setProbers(['a', 'b', 'c']);
  return book.conclude(NOW);
}

interface Case {
  readonly present?: readonly Override[];
  readonly down?: readonly string[];
  readonly steering?: SteeringModel;
  readonly rules?: Partial<SafetySettings>;
}

function foreseen(
  proposed: readonly Override[],
  { present = [], down = [], steering = model, rules = {} }: Case = {},
): SafetyForecast {
  return foresee(steering, factsOf(steering, down), present, proposed, NOW, { ...NO_RULES, ...rules });
}

const brokenBy = (...asked: Parameters<typeof foreseen>): string[] => foreseen(...asked).broken.map(({ rule }) => rule);

test('what serves before and after is told by sites, capacity and what moves', (t) => {
  const { sitesServing, capacityPercent, movedPercent } = foreseen([orderOf('web/london', 'drain')]);
  t.deepEqual(sitesServing, { before: 3, after: 2 });
  t.deepEqual(capacityPercent, { before: 100, after: 50 });
  t.is(movedPercent, 50);
});

test('what the checks see down does not serve, and cannot move', (t) => {
  const { sitesServing, movedPercent } = foreseen([orderOf('web/london', 'down')], { down: ['web/london#4', 'web/london#6'] });
  t.deepEqual(sitesServing, { before: 2, after: 2 });
  t.is(movedPercent, 0);
});

test('a member that is down over one family still serves over the other', (t) => {
  t.is(foreseen([], { down: ['web/london#4'] }).sitesServing.before, 3);
});

test('each rule refuses what breaks it, in words that say by how much', (t) => {
  const down = [orderOf('web/london', 'down')];
  t.deepEqual(brokenBy(down, { rules: { leastSites: 3 } }), ['leastSites']);
  t.deepEqual(brokenBy(down, { rules: { leastSites: 2 } }), []);
  t.deepEqual(brokenBy(down, { rules: { leastCapacityPercent: 51 } }), ['leastCapacityPercent']);
  t.deepEqual(brokenBy(down, { rules: { leastCapacityPercent: 50 } }), []);
  t.deepEqual(brokenBy(down, { rules: { mostMovedPercent: 49 } }), ['mostMovedPercent']);
  t.deepEqual(brokenBy(down, { rules: { mostMovedPercent: 50 } }), []);
  const [broken] = foreseen(down, { rules: { leastSites: 3 } }).broken;
  t.is(broken!.message, '2 sites would serve, at least 3 must (now 3)');
});

test('who is below the mark already may still do what makes it no worse', (t) => {
  const rules = { leastSites: 3, leastCapacityPercent: 90 };
  const present = [orderOf('web/tokyo', 'down', { id: 'a' })];
  t.deepEqual(brokenBy(present, { present, rules }), []);
  t.deepEqual(brokenBy([], { present, rules }), []);
  t.deepEqual(brokenBy([...present, orderOf('web/london', 'drain', { id: 'b' })], { present, rules }), [
    'leastSites',
    'leastCapacityPercent',
  ]);
});

test('taking back an order that keeps a member up is judged like any other change', (t) => {
  const present = [orderOf('web/london', 'up')];
  const down = ['web/london#4', 'web/london#6'];
  t.deepEqual(brokenBy([], { present, down, rules: { leastSites: 3 } }), ['leastSites']);
});

test('without rules nothing is broken', (t) => {
  t.deepEqual(foresee(model, factsOf(model), [], [orderOf('*', 'down')], NOW, null).broken, []);
});

test('the configured capacity counts if each site has one', (t) => {
  const capacities = [100, 300, 400];
  const sites = model.sites.map((site) => ({ ...site, capacity: { target: 1, max: capacities[site.index] ?? 200 } }));
  const { capacityPercent } = foreseen([orderOf('web/london', 'down')], { steering: { ...model, sites } });
  const used = model.members.map(({ site }) => sites[site]!.capacity.max);
  const all = used.reduce((sum, max) => sum + max, 0);
  t.is(capacityPercent.after, Math.round((1000 * (all - used[0]!)) / all) / 10);
});

test('a site whose members have no weight counts for nothing, unless nobody has any', (t) => {
  const weightless = { ...model, members: model.members.map((member) => ({ ...member, weight: 0 })) };
  t.is(foreseen([orderOf('web/london', 'down')], { steering: weightless }).movedPercent, 33.3);
});

test('where nothing serves nothing moves', (t) => {
  const present = [orderOf('*', 'down')];
  t.is(foreseen(present, { present }).movedPercent, 0);
});
