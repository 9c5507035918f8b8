// The laws of spill (src/steering/spill.ts), over random worlds, demands and reports.

import test from 'ava';
import fc from 'fast-check';
import type { LoadReport } from '../../../src/model/capacity.ts';
import { EVERYTHING_UP, type HealthView } from '../../../src/model/health.ts';
import type { Place } from '../../../src/model/place.ts';
import type { PolicyNode, SteeringModel } from '../../../src/model/steering.ts';
import { loadOptimumSolver } from '../../../src/sim/optimum.ts';
import { buildSteering } from '../../../src/steering/build.ts';
import { explain } from '../../../src/steering/explain.ts';
import { SteeringImage } from '../../../src/steering/image.ts';
import { spillLimits, spillStep } from '../../../src/steering/spill.ts';
import { Flows } from '../../../src/steering/spill-flow.ts';
import type { Origins } from '../../../src/steering/spill-origins.ts';
import { recordOf, stateFrom } from '../../../src/steering/spill-state.ts';
import { SpillWorld, withCapacity } from '../../support/spill.ts';
import { failover, modelOf, nearest, placeAt, pool, SITES, type SiteName, siteIndex, weighted } from '../../support/steering.ts';

const RUNS = { seed: 20261121, numRuns: 40 };
const WEB = SITES.map((site) => ({ site }));

const place: fc.Arbitrary<Place> = fc
  .tuple(fc.integer({ min: -55, max: 65 }), fc.integer({ min: -179, max: 179 }), fc.constantFrom('AA', 'BB', 'CC', 'DD'))
  .map(([latitude, longitude, country]) => ({ ...placeAt('london', { country }), latitude, longitude }));
const places = fc.array(place, { minLength: 2, maxLength: 12 });
const demands = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 12, maxLength: 12 });
const targets = fc.record(Object.fromEntries(SITES.map((site) => [site, fc.integer({ min: 0, max: 400 })]))) as fc.Arbitrary<
  Record<SiteName, number>
>;
/** Of sizes that can be compared: what a large site gives away is many times what a tiny one is. */
const likeTargets = fc.record(
  Object.fromEntries(SITES.map((site) => [site, fc.integer({ min: 100, max: 400 })])),
) as fc.Arbitrary<Record<SiteName, number>>;
const tree: fc.Arbitrary<{ root: PolicyNode; isPlain: boolean }> = fc.constantFrom(
  { root: nearest(0), isPlain: true },
  { root: nearest(0, 1500, { tokyo: 30 }), isPlain: false },
  { root: failover([nearest(1), nearest(0)]), isPlain: false },
  {
    root: weighted([
      [3, nearest(0)],
      [1, nearest(1)],
    ]),
    isPlain: false,
  },
  { root: pool(0), isPlain: false },
);

function build(root: PolicyNode, bounds: Record<SiteName, number>): SteeringModel {
  const model = modelOf(
    {
      web: WEB,
      eu: [
        { site: 'london', name: 'a' },
        { site: 'frankfurt', name: 'b', weight: 3 },
      ],
    },
    { www: { root, spill: { priority: 5, maxExtraKm: 20_100 } } },
  );
  return withCapacity(model, bounds);
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

test('cheapest paths give the optimum that a linear program finds', async (t) => {
  const solve = (await loadOptimumSolver())!;
  fc.assert(
    fc.property(places, demands, targets, (list, demand, bounds) => {
      const world = new SpillWorld(build(nearest(0), bounds), list);
      const { map } = world;
      const amounts = new Float64Array(map.itemCount);
      for (const [item, owners] of map.owners.entries()) {
        const [owner] = owners;
        for (const [i] of list.entries()) if (world.classOf(i) === owner!.class) amounts[item]! += demand[i]!;
      }
      const ceiling = Float64Array.from(map.siteOfRank, (site) => world.model.sites[site]!.capacity!.target);
      fc.pre(total([...amounts]) <= total([...ceiling]));
      const flow = Float64Array.from(map.natural, (share, slot) => {
        const item = map.first.findIndex((first, i) => slot >= first && slot < map.first[i + 1]!);
        return share * amounts[item]!;
      });
      const load = new Float64Array(ceiling.length);
      for (const [slot, value] of flow.entries()) load[map.site[slot]!]! += value;
      const flows = new Flows(map, amounts, flow, load, new Uint8Array(load.length).fill(1), true);
      t.false(flows.relieve(ceiling, new Float64Array(load.length).fill(Number.POSITIVE_INFINITY)));
      t.true(load.every((value, rank) => value <= ceiling[rank]!));

      // a guest costs a kilometre more, so that who need not move does not
      const price = (slot: number): number => map.costKm[slot]! + (map.natural[slot] === 0 ? 1 : 0);
      const costKm = map.owners.map((_, item) => {
        const row: (number | null)[] = load.map(() => 0) as unknown as number[];
        for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) row[map.site[slot]!] = price(slot);
        return [...row];
      });
      const best = solve({ supply: [...amounts], capacity: [...ceiling], costKm });
      const ours = flow.reduce((sum, value, slot) => sum + value * price(slot), 0);
      const least = best.meanKm * total([...amounts]);
      return Math.abs(ours - least) <= 1e-6 * Math.max(1, least);
    }),
    RUNS,
  );
});

test('shares sum to one, and no site is above its target while another that its clients may use has room', (t) => {
  fc.assert(
    fc.property(places, demands, likeTargets, tree, (list, demand, bounds, { root, isPlain }) => {
      const world = new SpillWorld(build(root, bounds), list);
      const outcome = world.settle(demand, {}, 200);
      const { map } = world;
      for (let item = 0; item < map.itemCount; item++) {
        const sent = total([...outcome.flow.subarray(map.first[item]!, map.first[item + 1]!)]);
        if (Math.abs(sent - outcome.demand[item]!) > 1e-3 * Math.max(1, outcome.demand[item]!)) return false;
      }
      const need = total(list.map((_, i) => demand[i]!));
      const room = total([...outcome.target]);
      if (!isPlain || need > 0.95 * room) return true;
      return outcome.loadAfter.every((load, rank) => load <= outcome.target[rank]! * 1.03);
    }),
    RUNS,
  );
  t.pass();
});

test('a full world shares its overload: nobody is far above the others who could take more', (t) => {
  fc.assert(
    fc.property(places, demands, (list, demand) => {
      const need = total(list.map((_, i) => demand[i]!));
      fc.pre(need > 60);
      const bound = need / SITES.length / 2;
      const world = new SpillWorld(
        build(nearest(0), Object.fromEntries(SITES.map((s) => [s, bound])) as Record<SiteName, number>),
        list,
      );
      const { loadAfter } = world.settle(demand, {}, 150);
      return loadAfter.every((load) => load <= bound * 2.3);
    }),
    { ...RUNS, numRuns: 30 },
  );
  t.pass();
});

const figure = fc.constantFrom(0, -5, 40, 4000, Number.NaN, Number.POSITIVE_INFINITY, 1e300);
const report: fc.Arbitrary<LoadReport | null> = fc.option(
  fc.record({
    current: figure,
    target: fc.option(figure),
    max: fc.option(figure),
    ageMs: fc.constantFrom(0, 9000, 60_000, -1, Number.NaN),
  }),
);

const sample: fc.Arbitrary<Origins | null> = fc.option(
  fc.record({
    cells: fc.array(fc.constantFrom(0, 1, 2, 3, 7, -1, Number.NaN, 1e9), { maxLength: 4 }),
    parts: fc.array(figure, { minLength: 4, maxLength: 4 }),
  }),
);

test('whatever is reported, every class has an answer, with shares that are shares', (t) => {
  fc.assert(
    fc.property(
      places,
      tree,
      targets,
      fc.array(
        fc.tuple(
          fc.array(figure, { minLength: 12, maxLength: 12 }),
          fc.array(report, { minLength: 6, maxLength: 6 }),
          fc.array(sample, { minLength: 6, maxLength: 6 }),
        ),
        { minLength: 1, maxLength: 6 },
      ),
      (list, { root }, bounds, steps) => {
        const world = new SpillWorld(build(root, bounds), list);
        for (const [i, [queries, reports, samples]] of steps.entries()) {
          const named = Object.fromEntries(SITES.flatMap((site, s) => (reports[s] === null ? [] : [[site, reports[s]!]])));
          // clocks apart: sometimes time goes backwards
          const origins = Object.fromEntries(SITES.flatMap((site, s) => (samples[s] === null ? [] : [[site, samples[s]!]])));
          world.step(queries.slice(0, list.length), named, i % 3 === 2 ? -7 : 5, origins);
          const image = new SteeringImage(
            buildSteering(world.model, world.table, EVERYTHING_UP, undefined, spillLimits(world.state)),
          );
          if (image.widestPlan < 1 || ![...image.weights].every((weight) => Number.isFinite(weight) && weight >= 0)) return false;
          if (world.state.held.some((share) => !(share >= 0 && share <= 1.000001))) return false;
        }
        return true;
      },
    ),
    RUNS,
  );
  t.pass();
});

test('plans say what the step concluded', (t) => {
  fc.assert(
    fc.property(places, demands, targets, tree, (list, demand, bounds, { root }) => {
      const world = new SpillWorld(build(root, bounds), list);
      world.settle(demand, {}, 40);
      const limits = spillLimits(world.state);
      return list.every((at, i) => {
        const kind = world.classOf(i);
        // the place that stands for the class decides; another one of the class has the same tree
        const { shares } = explain(world.model, 0, at, 4, EVERYTHING_UP, undefined, limits[0]!.get(kind));
        const bySite = new Map<string, number>();
        for (const { site, weight, total: all } of shares) bySite.set(site, (bySite.get(site) ?? 0) + weight / all);
        if (world.outcome!.demand.every((value) => value === 0)) return true;
        const planned = SITES.map((site) => world.shareOf(i, site));
        if (total(planned) === 0) return true;
        return SITES.every((site, s) => Math.abs((bySite.get(site) ?? 0) - planned[s]!) < 0.01);
      });
    }),
    RUNS,
  );
  t.pass();
});

test('a member that goes down between steps gets nothing, and somebody always answers', (t) => {
  fc.assert(
    fc.property(places, demands, targets, tree, fc.nat(7), fc.nat(7), (list, demand, bounds, { root }, a, b) => {
      const world = new SpillWorld(build(root, bounds), list);
      world.settle(demand, {}, 40);
      const limits = spillLimits(world.state);
      const health: HealthView = { ...EVERYTHING_UP, isUp: (member) => member !== a && member !== b };
      return list.every((at, i) => {
        const { shares, lastResort } = explain(world.model, 0, at, 4, health, undefined, limits[0]!.get(world.classOf(i)));
        const ids = [world.model.members[a]!.id, world.model.members[b]!.id];
        return shares.length > 0 && lastResort === null && shares.every(({ member }) => !ids.includes(member));
      });
    }),
    RUNS,
  );
  t.pass();
});

test('servers that number sites and classes otherwise conclude the same', (t) => {
  fc.assert(
    fc.property(
      places,
      demands,
      targets,
      fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 }),
      (list, demand, bounds, keys) => {
        const order = list.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
        const model = build(nearest(0), bounds);
        const turned: SteeringModel = {
          ...model,
          sites: model.sites.toReversed().map((site, index) => ({ ...site, index })),
          members: model.members.map((member) => ({ ...member, site: model.sites.length - 1 - member.site })),
        };
        const one = new SpillWorld(model, list);
        const other = new SpillWorld(
          turned,
          order.map((i) => list[i]!),
        );
        for (let i = 0; i < 10; i++) {
          const reports = Object.fromEntries(SITES.map((site) => [site, bounds[site] * 1.2]));
          one.step(demand.slice(0, list.length), reports);
          // reports are given by name here and found by index there
          const mirrored = Object.fromEntries(SITES.map((site, s) => [SITES[SITES.length - 1 - s]!, bounds[site] * 1.2]));
          other.step(
            order.map((j) => demand[j]!),
            mirrored,
          );
        }
        return list.every((_, i) => {
          const there = order.indexOf(i);
          return SITES.every((site) => {
            const rank = other.map.rankOfSite[SITES.length - 1 - siteIndex(site)]!;
            const item = other.map.owners.findIndex((owners) => owners.some((o) => o.class === other.classOf(there)));
            let here = 0;
            let all = 0;
            for (let slot = other.map.first[item]!; slot < other.map.first[item + 1]!; slot++) {
              all += other.outcome!.flow[slot]!;
              if (other.map.site[slot] === rank) here += other.outcome!.flow[slot]!;
            }
            return (all === 0 ? 0 : here / all) === one.shareOf(i, site);
          });
        });
      },
    ),
    RUNS,
  );
  t.pass();
});

test('a state that went through a record makes the same next step', (t) => {
  fc.assert(
    fc.property(places, demands, targets, tree, (list, demand, bounds, { root }) => {
      const world = new SpillWorld(build(root, bounds), list);
      world.settle(demand, {}, 20);
      const facts = {
        nowMs: world.nowMs + 2000,
        ttlSec: 30,
        queries: [new Float64Array(world.table.decided[0]!.length).fill(3)],
        reports: SITES.map((site) => ({ current: bounds[site] * 1.3, target: null, max: null, ageMs: 100 })),
      };
      const record = JSON.parse(JSON.stringify(recordOf(world.state)));
      const restored = stateFrom(world.map, record, facts.nowMs);
      t.deepEqual(spillStep(restored, facts), spillStep(world.state, facts));
    }),
    { ...RUNS, numRuns: 25 },
  );
});

test('a step in the columns of an outcome that nobody reads any more concludes the same', (t) => {
  fc.assert(
    fc.property(places, demands, targets, tree, (list, demand, bounds, { root }) => {
      const world = new SpillWorld(build(root, bounds), list);
      world.settle(demand, {}, 20);
      const facts = (steps: number) => ({
        nowMs: world.nowMs + steps * 2000,
        ttlSec: 30,
        queries: [new Float64Array(world.table.decided[0]!.length).fill(3)],
        reports: SITES.map((site) => ({ current: bounds[site] * 1.3, target: null, max: null, ageMs: 100 })),
      });
      const spare = spillStep(world.state, facts(1));
      const last = spillStep(world.state, facts(2));
      const afresh = spillStep(last.state, facts(3));
      const used = spillStep(last.state, facts(3), spare);
      t.is(used.state.admit, spare.state.admit);
      t.deepEqual(used, afresh);
    }),
    { ...RUNS, numRuns: 25 },
  );
});
