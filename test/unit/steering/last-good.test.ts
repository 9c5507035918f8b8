import test from 'ava';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import type { SteeringModel } from '../../../src/model/steering.ts';
import { type Decided, Decider } from '../../../src/steering/decide.ts';
import { PLAN, type SteeringImage } from '../../../src/steering/image.ts';
import { identityOf, LastGood } from '../../../src/steering/last-good.ts';
import { down, failover, imageOf, type MemberSpec, modelOf, nearest, placeAt, pool, weighted } from '../../support/steering.ts';

const LAST_GOOD = { lastResort: { kind: 'last-good' } } as const;
const WEB: readonly MemberSpec[] = [
  { site: 'london', weight: 2 },
  { site: 'tokyo', weight: 4 },
  { site: 'sydney', weight: 4, has: 'v4' },
];
const ALL = ['web/london', 'web/tokyo', 'web/sydney'];

const www = (web: readonly MemberSpec[] = WEB, before: Record<string, readonly MemberSpec[]> = {}): SteeringModel =>
  modelOf({ ...before, web }, { www: { root: pool(Object.keys(before).length), ...LAST_GOOD } });

function decidedFor(model: SteeringModel): Decided {
  const decider = new Decider(model);
  return decider.decide(model.policies[0]!.root, placeAt('london'), decider.measure(placeAt('london')));
}

function find(image: SteeringImage, model: SteeringModel, family: 4 | 6 = 4, name = 'www') {
  const plan = new LastGood(image, model).find(name, identityOf(decidedFor(model), model), family);
  return plan && { kind: plan.kind, shares: plan.members.map((member, i) => `${model.members[member]!.id}:${plan.weights[i]}`) };
}

test('the plan made while something was up is found again', (t) => {
  const model = www();
  const { image } = imageOf(model, [], down(model, ['web/tokyo']));
  t.deepEqual(find(image, model), { kind: 'answer', shares: ['web/sydney:2', 'web/london:1'] });
  t.deepEqual(find(image, model, 6), { kind: 'answer', shares: ['web/london:1'] });
});

test('it stays found for as long as everything is down', (t) => {
  const model = www();
  const good = imageOf(model, [], down(model, ['web/tokyo'])).image;
  const bad = imageOf(model, [], down(model, ALL), good).image;
  const worse = imageOf(model, [], down(model, ALL), bad).image;
  t.deepEqual(find(worse, model), { kind: 'answer', shares: ['web/sydney:2', 'web/london:1'] });
});

test('after a reload members are known by their ids; those that are gone or lost the family are left out', (t) => {
  const { image } = imageOf(www(), [], EVERYTHING_UP);
  const reordered = www([WEB[2]!, WEB[0]!], { other: [{ site: 'newyork' }] });
  t.deepEqual(find(image, reordered), { kind: 'answer', shares: ['web/sydney:2', 'web/london:1'] });
  const v6only = www([{ site: 'london', has: 'v6' }]);
  t.is(find(image, v6only), undefined);
});

test('nothing is found under another name, for another decision, or where a last resort was already at work', (t) => {
  const model = www();
  const { image } = imageOf(model, [], EVERYTHING_UP);
  t.is(find(image, model, 4, 'api'), undefined);
  const renamed = modelOf({ shop: WEB }, { www: { root: pool(0), ...LAST_GOOD } });
  t.is(find(image, renamed), undefined);
  t.is(find(imageOf(model, [], down(model, ALL)).image, model), undefined);
});

test('a plan of NODATA is a plan too', (t) => {
  const model = www([{ site: 'london', has: 'v4' }]);
  const { image } = imageOf(model, [], EVERYTHING_UP);
  t.deepEqual(find(image, model, 6), { kind: 'nodata', shares: [] });
});

test('the reserve is found again as well', (t) => {
  const model = modelOf({ web: WEB }, { www: { root: nearest(0), answers: 3, ...LAST_GOOD } });
  const { image } = imageOf(model, [placeAt('london')], EVERYTHING_UP);
  const plan = new LastGood(image, model).find('www', identityOf(decidedFor(model), model), 4);
  t.deepEqual([plan!.members, plan!.reserve], [[0], [1, 2]]);
  t.is(image.words[image.plansAt + image.words[image.slotsAt + 2]! * PLAN.WORDS + PLAN.RESERVE_COUNT], 2);
});

test('an identity tells decisions apart, but not the order in which a group was written', (t) => {
  const model = modelOf({ web: WEB, other: WEB }, {});
  const reversed = modelOf({ web: [...WEB].reverse(), other: WEB }, {});
  const decide = (of: SteeringModel, root: Parameters<typeof failover>[0][number]) => {
    const decider = new Decider(of);
    return identityOf(decider.decide(root, placeAt('london'), decider.measure(placeAt('london'))), of).join();
  };
  const roots = [pool(0), pool(1), nearest(0), nearest(1), failover([pool(0)]), weighted([[1, pool(0)]])];
  t.is(new Set(roots.map((root) => decide(model, root))).size, roots.length);
  t.is(decide(model, nearest(0, 40_000)), decide(reversed, nearest(0, 40_000)));
});
