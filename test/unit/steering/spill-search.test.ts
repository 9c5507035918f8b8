// Paths are sought among near sites and moves that have changed only. What is found must be what a search of everything finds, to the
// last unit of load: here is that search, as plainly as it can be written.

import test from 'ava';
import fc from 'fast-check';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import { NOWHERE } from '../../../src/model/place.ts';
import type { Member, SteeringModel } from '../../../src/model/steering.ts';
import { Classifier } from '../../../src/steering/classes.ts';
import { Flows, naturalFlow } from '../../../src/steering/spill-flow.ts';
import { SpillAtlas, type SpillMap } from '../../../src/steering/spill-map.ts';

const SITES = 20;
const PLACES = 25;
const LEVEL_KM = 100_000;

/** Sites and clients all over the world; one policy is more important than the other, and some sites are of one tie group. */
function mapOf(random: () => number): SpillMap {
  const latitude = (): number => random() * 130 - 60;
  const longitude = (): number => random() * 360 - 180;
  const sites = Array.from({ length: SITES }, (_, index) => ({
    id: `s${index}`,
    index,
    latitude: latitude(),
    longitude: longitude(),
    capacity: { target: 1, max: 1 },
  }));
  const target = { kind: 'addresses', v4: Uint8Array.of(192, 0, 2, 1), v6: null } as const;
  const members: Member[] = [0, 1].flatMap((pool) =>
    sites.map(({ index: site }) => ({
      id: `${pool}/${site}`,
      index: pool * SITES + site,
      pool,
      site,
      weight: 1 + (site % 3),
      target,
    })),
  );
  const model: SteeringModel = {
    sites,
    members,
    pools: [0, 1].map((index) => ({
      id: `p${index}`,
      index,
      members: members.filter(({ pool }) => pool === index).map((member) => member.index),
    })),
    policies: [0, 1].map((index) => ({
      id: `p${index}`,
      index,
      root: { kind: 'nearest', path: `p${index}.nearest`, pool: index, tieBandKm: 200, biasPercent: {} },
      pick: 'round-robin',
      answers: 1,
      granularityV4: 20,
      granularityV6: 44,
      lastResort: { kind: 'serve-all' },
      spill: { priority: 4 + index, maxExtraKm: 20_100 },
    })),
  };
  const classifier = new Classifier(model);
  for (let i = 0; i < PLACES; i++) classifier.cellOf({ ...NOWHERE, country: 'GB', latitude: latitude(), longitude: longitude() });
  return new SpillAtlas(model, classifier.table()).map(EVERYTHING_UP);
}

interface Plans {
  readonly map: SpillMap;
  readonly flow: Float64Array;
  readonly natural: Float64Array;
  readonly load: Float64Array;
  readonly isBounded: Uint8Array;
}

/** The cheapest move of all items from one site to another: kilometres and slots. */
function cheapestMove({ map, flow, natural }: Plans, a: number, b: number, leastKm: number): [number, number, number] {
  let best: [number, number, number] = [Number.POSITIVE_INFINITY, -1, -1];
  const lowest = Math.min(...map.priority);
  for (let from = 0; from < flow.length; from++) {
    if (map.site[from] !== a || flow[from]! <= 0) continue;
    const item = map.itemOfSlot[from]!;
    const worthKm = LEVEL_KM * (map.priority[item]! - lowest);
    const price = (slot: number, isGuest: boolean): number => (isGuest ? map.costKm[slot]! + 1 : map.costKm[slot]! - worthKm);
    for (let to = map.first[item]!; to < map.first[item + 1]!; to++) {
      if (map.site[to] !== b) continue;
      const km = price(to, flow[to]! >= natural[to]!) - price(from, flow[from]! > natural[from]!);
      if (Math.max(leastKm, km) < best[0]) best = [Math.max(leastKm, km), from, to];
    }
  }
  return best;
}

/** All sites are looked at in every search, and all moves before each. */
function relievePlainly(plans: Plans, ceiling: Float64Array, budget: Float64Array, isFromRest: boolean): boolean {
  const { flow, natural, load, isBounded } = plans;
  const ranks = Array.from(load.keys()).filter((rank) => isBounded[rank] === 1);
  const farness = new Float64Array(load.length);
  let farthest = 0;
  for (;;) {
    const sources = ranks.filter((rank) => load[rank]! - ceiling[rank]! >= 1 && budget[rank]! >= 1);
    if (sources.length === 0) return false;
    const cost = new Float64Array(load.length).fill(Number.POSITIVE_INFINITY);
    for (const rank of sources) cost[rank] = -farness[rank]!;
    const cameBy = new Map<number, readonly [rank: number, from: number, to: number]>();
    const open = new Set(ranks);
    let sink = -1;
    let least = Number.POSITIVE_INFINITY;
    for (;;) {
      let next = -1;
      for (const rank of open) if (cost[rank]! < least && (next === -1 || cost[rank]! < cost[next]!)) next = rank;
      if (next === -1) break;
      open.delete(next);
      const all = cost[next]! + farness[next]! - farthest;
      if (cameBy.has(next) && ceiling[next]! - load[next]! >= 1 && all < least) {
        least = all;
        sink = next;
      }
      for (const rank of open) {
        const [km, from, to] = cheapestMove(plans, next, rank, isFromRest ? Number.NEGATIVE_INFINITY : 0);
        const reached = cost[next]! + farness[next]! + km - farness[rank]!;
        if (reached >= cost[rank]!) continue;
        cost[rank] = reached;
        cameBy.set(rank, [next, from, to]);
      }
    }
    if (sink === -1) return true;
    if (isFromRest) {
      for (let rank = 0; rank < load.length; rank++) farness[rank]! += Math.min(cost[rank]!, least);
      farthest += least;
    }
    let amount = Math.floor(ceiling[sink]! - load[sink]!);
    let source = sink;
    for (let step = cameBy.get(source); step !== undefined; step = cameBy.get(source)) {
      const [, from, to] = step;
      const excess = flow[from]! - natural[from]!;
      const lack = natural[to]! - flow[to]!;
      amount = Math.min(amount, excess > 0 ? excess : flow[from]!, lack > 0 ? lack : Number.POSITIVE_INFINITY);
      source = step[0];
    }
    amount = Math.min(amount, Math.floor(load[source]! - ceiling[source]!), Math.floor(budget[source]!));
    budget[source]! -= amount;
    for (let step = cameBy.get(sink); step !== undefined; step = cameBy.get(step[0])) {
      const [, from, to] = step;
      flow[from]! -= amount;
      flow[to]! += amount;
      load[plans.map.site[from]!]! -= amount;
      load[plans.map.site[to]!]! += amount;
    }
  }
}

test('what is moved is what a search of all moves and all sites would move', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_147_483_646 }),
      fc.boolean(),
      fc.constantFrom(0.3, 0.8, 1.1, 2),
      (start, isFromRest, fullness) => {
        // Park and Miller's generator
        let seed = start;
        const random = (): number => {
          seed = (seed * 48_271) % 2_147_483_647;
          return seed / 2_147_483_647;
        };
        const map = mapOf(random);
        const demand = Float64Array.from({ length: map.itemCount }, () => Math.round(random() ** 3 * 1000));
        const natural = naturalFlow(map, demand);
        const flow = natural.slice();
        const load = new Float64Array(SITES);
        for (const [slot, value] of flow.entries()) load[map.site[slot]!]! += value;
        const isBounded = Uint8Array.from(load, () => (random() < 0.1 ? 0 : 1));
        const mean = demand.reduce((a, b) => a + b, 0) / SITES / fullness;
        const ceiling = Float64Array.from(load, () => Math.floor(mean * (0.5 + random())));
        const plain: Plans = { map, flow: flow.slice(), natural, load: load.slice(), isBounded };
        const flows = new Flows(map, demand, flow, load, isBounded, isFromRest, natural);
        for (const rise of [1, 1.05, 1.3]) {
          const bounds = ceiling.map((value) => Math.floor(value * rise));
          const budget = load.map((value) => value * 0.7);
          const budgetPlainly = budget.slice();
          t.is(flows.relieve(bounds, budget), relievePlainly(plain, bounds, budgetPlainly, isFromRest));
          t.deepEqual(budget, budgetPlainly);
          t.deepEqual(flows.load, plain.load);
          t.deepEqual(flows.flow, plain.flow);
        }
      },
    ),
    { numRuns: 12, seed: 7 },
  );
});
