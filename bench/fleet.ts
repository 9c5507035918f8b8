// The fleet aggregator: one million targets seen by five probers, five million results a pass, in TypeScript and in C++ with
// one and two threads, against a STREAM-like copy in the same run. Rounds are interleaved; figures are medians.
//   npm run bench:fleet                    the figures and the verdicts
//   npm run bench:fleet -- --schedules     static, dynamic and guided sharing of blocks over two threads
//   npm run bench:fleet -- --targets N     another number of targets

import { parseArgs } from 'node:util';
import type { Batch, FleetKernel, FleetShape } from '../src/fleet/fleet.ts';
import { TypeScriptKernel } from '../src/fleet/kernel.ts';
import { loadNativeFleet, type NativeOptions } from '../src/fleet/native.ts';
import { rollUp } from '../src/fleet/tallies.ts';
import { OUTCOME } from '../src/model/probe.ts';

const PROBERS = 5;
const SITES = 50;
const REGION_OF_PROBER = Uint8Array.of(0, 0, 1, 1, 2);
const REGIONS = 3;
const INTERVAL_SEC = 5;
/** Many, because a pass takes less time than a neighbour on the host may take from it. */
const ROUNDS = 41;
const ARRIVAL_ROUNDS = 9;
const TYPESCRIPT_ROUNDS = 3;
/** Of the targets, those in trouble; of the checks of all others, those that fail. */
const TROUBLED = 0.002;
const LOST = 0.001;
const COPY_OCTETS = 512 * 2 ** 20;
/** A pass cannot do with less: a result is read (15), opinion and streak are read (2), time and EWMA read and written (16). */
const OCTETS_PER_RESULT = 33;
/** Verdict and site of a target are read. */
const OCTETS_PER_TARGET = 5;

const { values } = parseArgs({ options: { schedules: { type: 'boolean' }, targets: { type: 'string' } } });
const targets = Number(values.targets ?? 1_000_000);
const results = targets * PROBERS;
const shape: FleetShape = {
  siteOfTarget: Uint16Array.from({ length: targets }, (_, target) => Math.floor((target * SITES) / targets)),
  sites: SITES,
  regionOfProber: REGION_OF_PROBER,
  regions: REGIONS,
  damping: { rise: 2, fall: 3, isGuarded: true },
  quorum: { votes: 3, regions: 2 },
  freshSec: 3 * INTERVAL_SEC,
};

let seed = 1;
/** Park and Miller's generator: the same data in every run. */
function random(): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

const native = loadNativeFleet();
if (native.addon === undefined) {
  console.error(`the fleet addon is missing: ${native.reason}`);
  process.exit(1);
}
const { addon, open, batch: emptyBatch } = native;

/** One sweep, in the order of targets: the order in which a fleet's mailbox of fixed places is read. */
function sweep(): Batch {
  const batch = emptyBatch(results);
  let row = 0;
  for (let target = 0; target < targets; target++) {
    const isTroubled = random() < TROUBLED;
    for (let prober = 0; prober < PROBERS; prober++, row++) {
      const fails = random() < (isTroubled ? 0.7 : LOST);
      batch.target[row] = target;
      batch.prober[row] = prober;
      batch.what[row] = fails ? OUTCOME.TIMEOUT : OUTCOME.OK;
      batch.latencyUs[row] = 2_000 * (1 + prober) * Math.exp(random() + random() - random());
    }
  }
  return batch;
}

/** The same results in the order in which they may arrive. */
function shuffled(batch: Batch): Batch {
  const order = Uint32Array.from({ length: results }, (_, row) => row);
  for (let row = results - 1; row > 0; row--) {
    const other = Math.floor(random() * (row + 1));
    const held = order[row]!;
    order[row] = order[other]!;
    order[other] = held;
  }
  const moved = emptyBatch(results);
  for (let row = 0; row < results; row++) {
    moved.target[row] = batch.target[order[row]!]!;
    moved.prober[row] = batch.prober[order[row]!]!;
    moved.what[row] = batch.what[order[row]!]!;
    moved.latencyUs[row] = batch.latencyUs[order[row]!]!;
  }
  return moved;
}

interface Entry {
  readonly name: string;
  readonly kernel: FleetKernel;
  readonly batches: readonly Batch[];
  readonly rounds: number;
  readonly tookMs: number[];
  /** CPU time of all threads of this process: what a busy machine does not change. */
  readonly cpuMs: number[];
  nowSec: number;
}

const entry = (name: string, kernel: FleetKernel, batches: readonly Batch[], rounds = ROUNDS): Entry => ({
  name,
  kernel,
  batches,
  rounds,
  tookMs: [],
  cpuMs: [],
  nowSec: 1_000,
});

async function runAll(entries: readonly Entry[]): Promise<void> {
  // one round that is not counted: code is compiled, votes are no longer unknown
  for (let round = 0; round <= ROUNDS; round++) {
    for (const one of entries) {
      if (round > one.rounds) continue;
      const batch = one.batches[round % one.batches.length]!;
      one.nowSec += INTERVAL_SEC;
      batch.atSec.fill(one.nowSec);
      const cpu = process.cpuUsage();
      const start = performance.now();
      await one.kernel.pass(batch, one.nowSec);
      if (round === 0) continue;
      one.tookMs.push(performance.now() - start);
      const { user, system } = process.cpuUsage(cpu);
      one.cpuMs.push((user + system) / 1_000);
    }
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const medianMs = ({ tookMs }: Entry): number => median(tookMs);
/** As STREAM takes the best of its rounds: what the program can do, whoever else was on the machine in the others. */
const bestMs = ({ tookMs }: Entry): number => Math.min(...tookMs);
const octetsPerSec = (one: Entry): number => ((results * OCTETS_PER_RESULT + targets * OCTETS_PER_TARGET) / bestMs(one)) * 1_000;

function line(one: Entry, note = ''): void {
  const spread = `${bestMs(one).toFixed(1)}..${Math.max(...one.tookMs).toFixed(1)}`;
  const rate = (results / medianMs(one) / 1_000).toFixed(1);
  const took = `${medianMs(one).toFixed(1).padStart(8)} ms (${spread}), CPU ${median(one.cpuMs).toFixed(1)} ms`;
  console.log(`${one.name.padEnd(34)} ${took}, ${rate} M results/s${note}`);
}

function verdict(what: string, value: number, unit: string, aim: number, isEnough: boolean): void {
  console.log(`${isEnough ? 'MET ' : 'MISS'}  ${what}: ${value.toFixed(2)} ${unit}, aim ${aim}`);
}

const opened = (options: NativeOptions): FleetKernel => open(shape, options);
console.log(`${targets} targets x ${PROBERS} probers, ${SITES} sites, ${REGIONS} regions, ${addon.numaNodes} NUMA node(s)`);
const sorted = [sweep(), sweep()];

if (values.schedules) {
  const schedules = ['static', 'dynamic', 'guided'] as const;
  const entries = schedules.map((schedule) => entry(`C++, 2 threads, ${schedule}`, opened({ threads: 2, schedule }), sorted));
  await runAll(entries);
  for (const one of entries) line(one);
  for (const one of entries) one.kernel.close();
} else {
  const typescript = entry('TypeScript', new TypeScriptKernel(shape), sorted, TYPESCRIPT_ROUNDS);
  const one = entry('C++, 1 thread', opened({ threads: 1 }), sorted);
  const two = entry('C++, 2 threads', opened({ threads: 2 }), sorted);
  const mixed = [shuffled(sorted[0]!)];
  const arrival = entry('C++, 2 threads, order of arrival', opened({ threads: 2 }), mixed, ARRIVAL_ROUNDS);
  const arrivalTs = entry('TypeScript, order of arrival', new TypeScriptKernel(shape), mixed, TYPESCRIPT_ROUNDS);
  const copies = [1, 2].map((threads) => addon.copyOctetsPerSec(COPY_OCTETS, threads, 5));
  await runAll([typescript, one, two, arrivalTs, arrival]);
  const copiesAfter = [1, 2].map((threads) => addon.copyOctetsPerSec(COPY_OCTETS, threads, 5));
  const copy = copies.map((speed, i) => Math.max(speed, copiesAfter[i]!));
  const share = (of: Entry, threads: number): number => octetsPerSec(of) / copy[threads - 1]!;
  const bandwidth = (of: Entry, threads: number): string =>
    `, ${(octetsPerSec(of) / 1e9).toFixed(1)} GB/s, ${(100 * share(of, threads)).toFixed(0)} % of a copy by as many threads`;
  for (const threads of [1, 2]) console.log(`copy, ${threads} thread(s)  ${(copy[threads - 1]! / 1e9).toFixed(1)} GB/s`);
  line(typescript);
  line(one, bandwidth(one, 1));
  line(two, bandwidth(two, 2));
  line(arrivalTs);
  line(arrival);
  const { tallies } = await two.kernel.pass(sorted[0]!, two.nowSec);
  const start = performance.now();
  rollUp(tallies, SITES, REGIONS);
  console.log(`roll-up of ${SITES} sites x ${REGIONS} regions: ${(performance.now() - start).toFixed(1)} ms`);
  const gain = medianMs(typescript) / medianMs(one);
  verdict('1 thread against TypeScript', gain, 'x', 4, gain >= 4);
  const scaling = bestMs(one) / bestMs(two);
  verdict(
    `2 threads against 1, best rounds (medians ${(medianMs(one) / medianMs(two)).toFixed(2)} x)`,
    scaling,
    'x',
    1.8,
    scaling >= 1.8,
  );
  verdict('share of the copy, 1 thread', share(one, 1), '', 0.5, share(one, 1) >= 0.5);
  verdict('share of the copy, 2 threads', share(two, 2), '', 0.5, share(two, 2) >= 0.5);
  verdict('a full pass, 2 threads', medianMs(two), 'ms', 100, medianMs(two) < 100);
  for (const { kernel } of [one, two, arrival]) kernel.close();
}
