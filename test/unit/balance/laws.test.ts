// What holds for every algorithm, over random services, health and counts.

import test from 'ava';
import fc from 'fast-check';
import { Balancer } from '../../../src/balance/balancer.ts';
import type { Algorithm, SiteServer } from '../../../src/model/site.ts';
import { ALGORITHMS, balancingOf, randomOf, serverOf } from '../../support/balance.ts';

const CHOICES = 40;

const server = fc.record({
  weight: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: 300 }) }),
  priority: fc.nat(2),
  maxActive: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(5) }),
  isUp: fc.boolean(),
  load: fc.double({ min: 0, max: 1, noNaN: true }),
});
type World = readonly (typeof server extends fc.Arbitrary<infer T> ? T : never)[];
const world: fc.Arbitrary<World> = fc.array(server, { minLength: 1, maxLength: 12 });

const serversOf = (list: World): SiteServer[] => list.map((one, i) => serverOf(`s${i}`, one));

function balancerOf(algorithm: Algorithm, list: World, panicPercent: number): Balancer {
  const balancer = new Balancer(balancingOf(algorithm, { panicPercent }));
  const slots = balancer.configure(serversOf(list), 0);
  for (const [i, { isUp, load }] of list.entries()) {
    balancer.setUp(slots[i]!, isUp);
    balancer.table.reportLoad(slots[i]!, load, 0);
  }
  return balancer;
}

/** Slots chosen one after another, each counted as under way, ending after a few more. */
function run(balancer: Balancer, seed: number): number[] {
  const random = randomOf(seed);
  const chosen: number[] = [];
  const running: number[] = [];
  for (let i = 0; i < CHOICES; i++) {
    const slot = balancer.choose(Math.floor(random() * 2 ** 32), i, random);
    chosen.push(slot);
    if (slot >= 0) {
      balancer.table.begin(slot);
      running.push(slot);
    }
    if (running.length > 8) {
      const ended = running.shift()!;
      balancer.table.end(ended);
      balancer.observe(ended, 10 + random() * 90, random() < 0.1, i);
    }
  }
  return chosen;
}

for (const [index, algorithm] of ALGORITHMS.entries()) {
  const runs = { seed: 100 + index, numRuns: 60 };
  const seeds = fc.integer({ min: 1, max: 10 ** 6 });

  test(`${algorithm.kind}: a server that is down is never chosen, if there is no panic`, (t) => {
    fc.assert(
      fc.property(world, seeds, (list, seed) =>
        run(balancerOf(algorithm, list, 0), seed).every((slot) => slot < 0 || list[slot]!.isUp),
      ),
      runs,
    );
    t.pass();
  });

  test(`${algorithm.kind}: with panic, a server that is down is chosen only in a priority that panics`, (t) => {
    fc.assert(
      fc.property(world, seeds, (list, seed) => {
        const balancer = balancerOf(algorithm, list, 50);
        const chosen = run(balancer, seed);
        const priorities = [...new Set(list.map(({ priority }) => priority))].sort((a, b) => a - b);
        return chosen.every(
          (slot) => slot < 0 || list[slot]!.isUp || balancer.shares[priorities.indexOf(list[slot]!.priority)]!.isPanic,
        );
      }),
      runs,
    );
    t.pass();
  });

  test(`${algorithm.kind}: a server of weight 0 is never chosen`, (t) => {
    fc.assert(
      fc.property(world, seeds, (list, seed) =>
        run(balancerOf(algorithm, list, 50), seed).every((slot) => slot < 0 || list[slot]!.weight > 0),
      ),
      runs,
    );
    t.pass();
  });

  test(`${algorithm.kind}: no limit is ever exceeded, and nobody is refused while a server that may be chosen has room`, (t) => {
    fc.assert(
      fc.property(world, seeds, (list, seed) => {
        const balancer = balancerOf(algorithm, list, 0);
        const random = randomOf(seed);
        for (let i = 0; i < CHOICES; i++) {
          const slot = balancer.choose(Math.floor(random() * 2 ** 32), i, random);
          if (slot >= 0) {
            balancer.table.begin(slot);
            if (balancer.table.columns.active[slot]! > (list[slot]!.maxActive ?? Number.POSITIVE_INFINITY)) return false;
          } else if (list.some(({ weight, isUp }, other) => weight > 0 && isUp && balancer.table.isFree(other))) return false;
        }
        return true;
      }),
      runs,
    );
    t.pass();
  });

  test(`${algorithm.kind}: the same happens again with the same random numbers`, (t) => {
    fc.assert(
      fc.property(world, seeds, (list, seed) => {
        const [one, other] = [0, 1].map(() => run(balancerOf(algorithm, list, 50), seed).join());
        return one === other;
      }),
      { ...runs, numRuns: 20 },
    );
    t.pass();
  });

  test(`${algorithm.kind}: counts of begun and ended add up`, (t) => {
    fc.assert(
      fc.property(world, seeds, (list, seed) => {
        const balancer = balancerOf(algorithm, list, 50);
        run(balancer, seed);
        const active = balancer.table.columns.active.reduce((sum, one) => sum + one, 0);
        return balancer.table.groupActive.reduce((sum, one) => sum + one, 0) === active;
      }),
      { ...runs, numRuns: 20 },
    );
    t.pass();
  });
}
