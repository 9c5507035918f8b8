// What a query costs when it comes alone: CPU per answered query at fixed rates far from saturation, where waking up is most of it.
// All servers run at once, each on the same core and idle but for its turn; the load, sent on time whether or not answers come, is
// on the other core. The CPU is that of all threads, in nanoseconds from the scheduler (/proc/PID/task/TID/schedstat): what the
// kernel does for a query outside of the server's threads, waking the core up for one, is nobody's.
//
// Run: npm run bench:paced    (about six minutes; --rates, --rounds, --seconds, --servers, --mixes change that)
// `--against DIR` adds the Meridian of another checkout, compiled, to compare a change with what was before it.

import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { choose, describePeers, numberOf, PEERS, prepareContest, qualify, runContest, startPeer } from './contest.ts';
import { type LoadFigures, runLoad } from './load-generator.ts';
import { describeMachine } from './machine.ts';
import { MIXES, type Mix, suits } from './mixes.ts';
import { meridianOf } from './peers/meridian.ts';
import type { Peer } from './peers/peer.ts';
import { median, printTable, processTree, type Running, readProc } from './support.ts';

/** Whom the others are measured by, the first of them that takes part. */
const YARDSTICKS = ['gdnsd', 'echo'];
const WARM_UP_QUERIES = 150_000;
const WARM_UP_SEC = 2;
/** What a measurement takes besides its seconds; only for the estimate. */
const BETWEEN_SEC = 0.3;

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly rates: readonly number[];
  readonly peers: readonly Peer[];
  readonly mixes: readonly Mix[];
}

interface Figures {
  readonly cpuUs: number;
  /** Times that a thread of the server went to sleep, for each query. */
  readonly sleeps: number;
  readonly load: LoadFigures;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      rates: { type: 'string', default: '1000,5000,20000,50000' },
      servers: { type: 'string', default: 'echo,meridian,gdnsd,knot,nsd' },
      mixes: { type: 'string', default: 'names' },
      against: { type: 'string' },
    },
  });
  const { against } = values;
  return {
    rounds: numberOf('--rounds', values.rounds, 100),
    seconds: numberOf('--seconds', values.seconds, 60),
    rates: values.rates.split(',').map((text) => numberOf('--rates', text, 1_000_000)),
    peers: [
      ...choose(PEERS, values.servers, '--servers'),
      ...(against === undefined ? [] : [meridianOf(resolve(against), `Meridian of ${against}`)]),
    ],
    mixes: choose(MIXES, values.mixes, '--mixes'),
  };
}

/** Nanoseconds of CPU that the living threads of a server have used, and the times that they went to sleep. */
function usage(pid: number): { cpuNs: number; sleeps: number } {
  let cpuNs = 0;
  let sleeps = 0;
  for (const one of processTree(pid)) {
    for (const thread of readdirSync(`/proc/${one}/task`)) {
      cpuNs += Number(readProc(one, `task/${thread}/schedstat`).split(' ')[0]);
      sleeps += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readProc(one, `task/${thread}/status`))?.[1] ?? 0);
    }
  }
  return { cpuNs, sleeps };
}

async function measure({ pid }: Running, plan: Parameters<typeof runLoad>[0]): Promise<Figures> {
  const before = usage(pid);
  const load = await runLoad(plan);
  const after = usage(pid);
  return {
    cpuUs: (after.cpuNs - before.cpuNs) / 1000 / load.answered,
    sleeps: (after.sleeps - before.sleeps) / load.answered,
    load,
  };
}

async function main(directory: string, options: Options): Promise<void> {
  const { rounds, seconds, rates } = options;
  const { content, mixes } = prepareContest(directory, options.mixes);
  describeMachine(describePeers(options.peers));
  const homes = join(directory, 'servers');
  mkdirSync(homes);
  const peers = await qualify(options.peers, mixes, join(homes, 'trial'), content);
  const minutes = (rounds * peers.length * mixes.length * rates.length * (seconds + BETWEEN_SEC)) / 60;
  console.log(`rounds: ${rounds}, servers: ${peers.length}; this takes about ${minutes.toFixed(1)} minutes\n`);

  const servers: (Running & { readonly peer: Peer; readonly port: number })[] = [];
  for (const peer of peers) servers.push({ ...(await startPeer(peer, join(homes, peer.key), content)), peer });
  for (const { mix, queryFile } of mixes) {
    const entrants = servers.filter(({ peer }) => suits(mix, peer));
    for (const { port } of entrants) {
      await runLoad({ ...mix.load, port, queryFile, seconds: WARM_UP_SEC, count: WARM_UP_QUERIES, window: 128, spins: true });
    }
    const figures = new Map<string, Figures[]>();
    for (let round = 0; round < rounds; round++) {
      for (const rate of rates) {
        for (const server of entrants) {
          const found = await measure(server, { ...mix.load, port: server.port, queryFile, seconds, rate, spins: true });
          const key = `${server.peer.key} ${rate}`;
          figures.set(key, [...(figures.get(key) ?? []), found]);
        }
      }
    }
    print(mix, options, peers, (peer, rate) => figures.get(`${peer.key} ${rate}`));
  }
  for (const server of servers) await server.stop();
}

function print(
  mix: Mix,
  { rounds, seconds, rates }: Options,
  peers: readonly Peer[],
  figuresOf: (peer: Peer, rate: number) => Figures[] | undefined,
): void {
  const yardstick = YARDSTICKS.map((key) => peers.find((peer) => peer.key === key)).find((peer) => peer !== undefined);
  console.log(`### ${mix.title}\n`);
  console.log(
    `Medians of ${rounds} rounds of ${seconds} s.${yardstick === undefined ? '' : ` In brackets, of the CPU of ${yardstick.title} in the same round.`}\n`,
  );
  for (const rate of rates) {
    const measure = yardstick === undefined ? undefined : figuresOf(yardstick, rate);
    const rows = peers.flatMap((peer) => {
      const figures = figuresOf(peer, rate);
      return figures === undefined ? [] : [row(peer, figures, measure)];
    });
    printTable([[`${rate} a second`, 'CPU, us', 'least', 'sleeps', 'p50, us', 'p99', 'lost'], ...rows]);
    console.log();
  }
}

function row(peer: Peer, figures: readonly Figures[], yardstick: readonly Figures[] | undefined): string[] {
  const costs = figures.map(({ cpuUs }) => cpuUs);
  const ratio = yardstick === undefined ? undefined : median(costs.map((cost, i) => cost / yardstick[i]!.cpuUs));
  const latency = (name: 'p50' | 'p99'): string => {
    const us = median(figures.map(({ load }) => load.latencyUs[name] ?? Number.POSITIVE_INFINITY));
    return Number.isFinite(us) ? us.toFixed(0) : 'lost';
  };
  return [
    peer.title,
    `${median(costs).toFixed(2)}${ratio === undefined ? '' : ` (${ratio.toFixed(2)})`}`,
    Math.min(...costs).toFixed(2),
    median(figures.map(({ sleeps }) => sleeps)).toFixed(2),
    latency('p50'),
    latency('p99'),
    String(figures.reduce((sum, { load }) => sum + load.lost, 0)),
  ];
}

await runContest(readOptions, main);
