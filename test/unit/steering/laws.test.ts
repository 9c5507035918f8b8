// The laws of steering (see docs/architecture.md), over random trees, places and health.

import test from 'ava';
import fc from 'fast-check';
import { EVERYTHING_UP, type HealthView } from '../../../src/model/health.ts';
import { NOWHERE, type Place } from '../../../src/model/place.ts';
import type { Policy, PolicyNode, SteeringModel } from '../../../src/model/steering.ts';
import { serves } from '../../../src/model/steering.ts';
import { factsFor } from '../../../src/steering/build.ts';
import { Decider } from '../../../src/steering/decide.ts';
import { makePlan, type Plan } from '../../../src/steering/plan.ts';
import { sum } from '../../../src/steering/share.ts';
import {
  failover,
  type MemberSpec,
  map,
  modelOf,
  nearest,
  placeAt,
  pool,
  SITES,
  type SiteName,
  weighted,
} from '../../support/steering.ts';

const RUNS = { seed: 20260704, numRuns: 600 };

const site = fc.constantFrom<SiteName>(...SITES);
const member: fc.Arbitrary<MemberSpec> = fc.record({
  site,
  weight: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: 65535 }) }),
  has: fc.constantFrom('both', 'both', 'v4', 'v6', 'alias'),
});
const pools = fc.array(fc.array(member, { minLength: 1, maxLength: 5 }), { minLength: 3, maxLength: 3 });

/** Weighted children have distinct pools or not, at random; depth is bounded. */
const { tree } = fc.letrec<{ tree: PolicyNode }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    fc.nat(2).map((index) => pool(index)),
    fc
      .tuple(fc.nat(2), fc.constantFrom(0, 700, 6000), fc.integer({ min: -99, max: 99 }))
      .map(([index, band, bias]) => nearest(index, band, { tokyo: bias })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((children) => failover(children)),
    fc.array(fc.tuple(fc.nat(1000), tie('tree')), { minLength: 1, maxLength: 3 }).map((children) => weighted(children)),
    fc.tuple(tie('tree'), tie('tree')).map(([gb, otherwise]) => map({ countries: new Map([['GB', gb]]), otherwise })),
  ),
}));
const place: fc.Arbitrary<Place> = fc.oneof(
  fc.constant(NOWHERE),
  fc.tuple(site, fc.constantFrom('GB', null)).map(([at, country]) => placeAt(at, { country })),
);
const family = fc.constantFrom<4 | 6>(4, 6);
const downMask = fc.nat(2 ** 15 - 1);

/** Health in which members recover, pools are under their marks, and members are drained at random. */
const frailty = fc.record({
  mask: downMask,
  drained: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, downMask),
  shares: fc.array(fc.constantFrom(1000, 1000, 100, 166, 500, 916), { minLength: 15, maxLength: 15 }),
  lowPools: fc.nat(7),
});
type Frailty = typeof frailty extends fc.Arbitrary<infer T> ? T : never;
const frail = ({ mask, drained, shares, lowPools }: Frailty): HealthView => ({
  ...EVERYTHING_UP,
  isUp: (index) => ((mask | drained) & (1 << index)) === 0,
  isOrderedOut: (index) => (drained & (1 << index)) !== 0,
  weightShare: (index) => shares[index]!,
  isPoolUp: (index) => (lowPools & (1 << index)) === 0,
  ttlSec: (index) => 1 + index,
});

const healthOf = (mask: number): HealthView => ({ ...EVERYTHING_UP, isUp: (index) => (mask & (1 << index)) === 0 });

function build(specs: readonly (readonly MemberSpec[])[], root: PolicyNode): SteeringModel {
  const named = specs.map((list) => list.map((spec, i) => ({ ...spec, name: `m${i}` })));
  return modelOf(Object.fromEntries(named.map((list, i) => [`pool${i}`, list])), { p: { root, answers: 8 } });
}

function planOf(model: SteeringModel, at: Place, asked: 4 | 6, health: HealthView): Plan {
  const policy: Policy = model.policies[0]!;
  const decider = new Decider(model);
  const decided = decider.decide(policy.root, at, decider.measure(at));
  return makePlan(policy, decided, factsFor(model, asked, health), () => undefined);
}

function shareOf(plan: Plan, index: number): number {
  const at = plan.members.indexOf(index);
  return at < 0 ? 0 : plan.weights[at]! / sum(plan.weights);
}

test('mass sums to one over members that can answer, each once, and the reserve is apart from them', (t) => {
  fc.assert(
    fc.property(pools, tree, place, family, frailty, (specs, root, at, asked, fate) => {
      const model = build(specs, root);
      const plan = planOf(model, at, asked, frail(fate));
      if (plan.kind !== 'answer') return plan.members.length === 0 && plan.reserve.length === 0;
      const mass = sum(plan.members.map((index) => shareOf(plan, index)));
      const named = [...plan.members, ...plan.reserve];
      return (
        Math.abs(mass - 1) < 1e-9 &&
        plan.weights.every((weight) => Number.isInteger(weight) && weight > 0) &&
        new Set(named).size === named.length &&
        named.every((index) => serves(model.members[index]!, asked))
      );
    }),
    RUNS,
  );
  t.pass();
});

test('nothing goes to a member that is down or drained, unless a last resort says so', (t) => {
  fc.assert(
    fc.property(pools, tree, place, family, frailty, (specs, root, at, asked, fate) => {
      const health = frail(fate);
      const plan = planOf(build(specs, root), at, asked, health);
      return plan.lastResort !== null || [...plan.members, ...plan.reserve].every((index) => health.isUp(index, asked));
    }),
    RUNS,
  );
  t.pass();
});

test('a last resort gives nothing to a drained member while it could name another', (t) => {
  fc.assert(
    fc.property(pools, tree, place, family, frailty, (specs, root, at, asked, fate) => {
      const health = frail(fate);
      const plan = planOf(build(specs, root), at, asked, health);
      const isOut = (index: number): boolean => health.isOrderedOut(index, asked);
      const named = [...plan.members, ...plan.reserve];
      return plan.lastResort === null || named.every(isOut) || !named.some(isOut);
    }),
    RUNS,
  );
  t.pass();
});

test('what recovers is not what makes a last resort necessary, nor is a watermark', (t) => {
  fc.assert(
    fc.property(pools, tree, place, family, frailty, (specs, root, at, asked, fate) => {
      return planOf(build(specs, root), at, asked, frail({ ...fate, mask: 0, drained: 0 })).lastResort === null;
    }),
    RUNS,
  );
  t.pass();
});

test('an answer is never kept longer than until a member of it could change', (t) => {
  fc.assert(
    fc.property(pools, tree, place, family, frailty, (specs, root, at, asked, fate) => {
      const plan = planOf(build(specs, root), at, asked, frail(fate));
      return plan.lastResort !== null || [...plan.members, ...plan.reserve].every((index) => plan.ttlSec <= 1 + index);
    }),
    RUNS,
  );
  t.pass();
});

test('a last resort is used only if no member of the family or of the other one could be chosen', (t) => {
  fc.assert(
    fc.property(pools, tree, place, family, (specs, root, at, asked) => {
      return planOf(build(specs, root), at, asked, EVERYTHING_UP).lastResort === null;
    }),
    RUNS,
  );
  t.pass();
});

test('the same inputs give the same plan, whatever the order in which rules were written', (t) => {
  fc.assert(
    fc.property(pools, fc.array(tree, { minLength: 3, maxLength: 3 }), downMask, (specs, [a, b, c], mask) => {
      const forwards = map({
        countries: new Map([
          ['GB', a!],
          ['FR', b!],
        ]),
        otherwise: c!,
      });
      const backwards = map({
        countries: new Map([
          ['FR', b!],
          ['GB', a!],
        ]),
        otherwise: c!,
      });
      const plans = [forwards, backwards].map((root) =>
        planOf(build(specs, root), placeAt('london', { country: 'GB' }), 4, healthOf(mask)),
      );
      t.deepEqual(plans[0], plans[1]);
    }),
    { ...RUNS, numRuns: 200 },
  );
});

test("raising a member's weight never lowers its share", (t) => {
  fc.assert(
    fc.property(
      pools,
      tree,
      place,
      family,
      frailty,
      fc.nat(14),
      fc.integer({ min: 1, max: 65535 }),
      (specs, root, at, asked, fate, pickAt, more) => {
        const model = build(specs, root);
        const index = pickAt % model.members.length;
        const heavier = {
          ...model,
          members: model.members.map((m) => (m.index === index ? { ...m, weight: m.weight + more } : m)),
        };
        const before = planOf(model, at, asked, frail(fate));
        const after = planOf(heavier, at, asked, frail(fate));
        return shareOf(after, index) >= shareOf(before, index) - 1e-6;
      },
    ),
    RUNS,
  );
  t.pass();
});

test('a member that goes down only raises the shares of the others', (t) => {
  fc.assert(
    fc.property(pools, tree, place, family, downMask, fc.nat(14), (specs, root, at, asked, mask, pickAt) => {
      const model = build(specs, root);
      const index = pickAt % model.members.length;
      fc.pre(serves(model.members[index]!, asked));
      const before = planOf(model, at, asked, healthOf(mask & ~(1 << index)));
      const after = planOf(model, at, asked, healthOf(mask | (1 << index)));
      if (after.lastResort !== null || after.kind === 'nodata') return true;
      return model.members.every(
        (other) => other.index === index || shareOf(after, other.index) >= shareOf(before, other.index) - 1e-9,
      );
    }),
    RUNS,
  );
  t.pass();
});
