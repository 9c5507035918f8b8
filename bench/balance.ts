// What one choice costs, by algorithm and number of servers: CPU time of choosing, with the counting of what begins and ends that
// goes with it, and by how much the heap grew; and what it takes to make the tables anew. No sockets. Run with
//   node --expose-gc dist/bench/balance.js [choices per round, default 100,000]

import { Balancer } from '../src/balance/balancer.ts';
import type { Algorithm } from '../src/model/site.ts';
import { ALGORITHMS, balancingOf, keysOf, serversOf } from '../test/support/balance.ts';
import { describeMachine } from './machine.ts';
import { printTable } from './support.ts';

const SIZES = [10, 100, 1000];
/** The least of so many rounds is shown: what others do on the machine only adds. */
const ROUNDS = 5;
/** Always under way, so that there is something to compare. */
const UNDER_WAY = 500;
const CHOICES = Number(process.argv[2] ?? 100_000);
/** Few enough that the young generation is not collected meanwhile. */
const ALLOCATION_CHOICES = 5000;
const KEYS = keysOf(4096);

/** As site/ does; a generator of our own would be measured along. */
const random = Math.random;

class Service {
  readonly balancer: Balancer;
  readonly #running = new Int32Array(UNDER_WAY);
  #at = 0;
  #nowMs = 1000;

  constructor(algorithm: Algorithm, servers: number) {
    this.balancer = new Balancer(balancingOf(algorithm));
    this.balancer.configure(
      serversOf(servers, (i) => ({ weight: 1 + (i % 3) })),
      this.#nowMs,
    );
    for (let i = 0; i < UNDER_WAY; i++) {
      this.#running[i] = this.balancer.choose(KEYS[i]!, this.#nowMs, random);
      this.balancer.table.begin(this.#running[i]!);
    }
    for (let slot = 0; slot < servers; slot++) {
      this.balancer.table.observeLatency(slot, 5 + (slot % 7), false, this.#nowMs);
      this.balancer.table.addOctets(slot, 1000 + slot, this.#nowMs);
      this.balancer.report(slot, new Map([['cpu', (slot % 10) / 10]]), this.#nowMs);
    }
  }

  /** The oldest of what is under way ends, and another begins. */
  run(choices: number): void {
    const { table } = this.balancer;
    for (let i = 0; i < choices; i++) {
      table.end(this.#running[this.#at]!);
      const slot = this.balancer.choose(KEYS[i & 4095]!, this.#nowMs, random);
      table.begin(slot);
      this.#running[this.#at] = slot;
      if (++this.#at === UNDER_WAY) this.#at = 0;
    }
  }

  /** CPU time in us of a choice after a change of health, which makes the tables anew. */
  rebuildUs(): number {
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      this.balancer.setUp(0, round % 2 === 1);
      const before = process.cpuUsage();
      this.balancer.choose(1, this.#nowMs, random);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, user + system);
    }
    return least;
  }
}

function nsPerChoice(service: Service): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    service.run(CHOICES);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, ((user + system) * 1000) / CHOICES);
  }
  return least;
}

function octetsPerChoice(service: Service): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    service.run(ALLOCATION_CHOICES);
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown);
  }
  return least / ALLOCATION_CHOICES;
}

describeMachine([]);
console.log(
  `CPU ns per choice, begin and end, least of ${ROUNDS} rounds of ${CHOICES}; heap octets per choice at the most servers;`,
);
console.log(`CPU us to make the tables of the most servers anew. All code is warm for all algorithms, ${UNDER_WAY} under way.\n`);
for (const algorithm of ALGORITHMS) new Service(algorithm, 10).run(CHOICES);
const rows = ALGORITHMS.map((small) => {
  const algorithm: Algorithm = small.kind === 'maglev' ? { ...small, tableSize: 65_537 } : small;
  const services = SIZES.map((size) => new Service(algorithm, size));
  const largest = services.at(-1)!;
  const times = services.map((service) => nsPerChoice(service).toFixed(0));
  return [algorithm.kind, ...times, octetsPerChoice(largest).toFixed(1), largest.rebuildUs().toFixed(0)];
});
printTable([['algorithm', ...SIZES.map((size) => `${size} servers`), 'heap B', 'tables, us'], ...rows]);
