// Whether a second worker costs anything: CPU per answered query of one worker at a moderate rate, and of two workers at twice
// that rate, so that each has as much to do; both on two cores, neither near saturation. The aim is a difference of at most 10 %.
// Run: npm run bench:workers    (two cores; about a minute and a half)

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeBenchZone } from './bench-zone.ts';
import { type LoadPlan, writeQueries } from './load-generator.ts';
import { describeMachine } from './machine.ts';
import { type Part, part } from './measure.ts';
import { MIXES } from './mixes.ts';
import { meridian } from './peers/meridian.ts';
import {
  freePort,
  median,
  moveToLoadCore,
  printTable,
  printVerdict,
  startServer,
  waitForReply,
  withDirectory,
} from './support.ts';
import { writeWorld } from './world.ts';

const ROUNDS = 5;
const SECONDS = 4;
const WARM_UP_SEC = 1.5;
/** Queries a second for each worker: a fifth of what one can do or less, and the sender needs its share of the cores too. */
const RATE = 20_000;
/** Source ports, so that the kernel spreads the queries evenly enough over the workers. */
const SOCKETS = 64;
const MOST = 1.1;
/** A thread that used less than this share of the CPU is no worker that took part. */
const LEAST_SHARE = 0.2;

interface Figures extends Part {
  /** Of the server's CPU time, that of its busiest threads, most first. */
  readonly shares: readonly number[];
}

/** Clock ticks by thread. */
function threadTicks(pid: number): Map<string, number> {
  return new Map(
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const fields = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return [thread, Number(fields[11]) + Number(fields[12])] as const;
    }),
  );
}

async function measureWorkers(
  workers: number,
  home: string,
  content: Parameters<typeof meridian.prepare>[2],
  queryFile: string,
): Promise<Figures> {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
  const port = await freePort();
  const command = meridian.prepare(home, port, content);
  const config = join(home, 'meridian.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('workers: 1', `workers: ${workers}`));
  const server = startServer(command, home, '0,1');
  await waitForReply(port);
  const plan: LoadPlan = { port, queryFile, seconds: SECONDS, rate: RATE * workers, sockets: SOCKETS };
  await part(server, { ...plan, seconds: WARM_UP_SEC });
  const before = threadTicks(server.pid);
  const figures = await part(server, plan);
  const used = [...threadTicks(server.pid)].map(([thread, ticks]) => ticks - (before.get(thread) ?? 0)).sort((a, b) => b - a);
  await server.stop();
  const total = used.reduce((sum, ticks) => sum + ticks, 0);
  return { ...figures, shares: used.map((ticks) => ticks / total) };
}

async function main(directory: string): Promise<void> {
  moveToLoadCore();
  describeMachine([]);
  console.log(`${ROUNDS} rounds: about ${((ROUNDS * 2 * (SECONDS + WARM_UP_SEC + 2.5)) / 60).toFixed(1)} minutes\n`);
  const zoneFile = join(directory, 'zone');
  writeBenchZone(zoneFile);
  const world = writeWorld(directory);
  const questions = MIXES.find(({ key }) => key === 'gslb')!.questions(world);
  const queryFile = writeQueries(
    join(directory, 'queries'),
    questions.map(({ octets }) => octets),
  );
  const runs: { one: Figures; two: Figures }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const home = join(directory, 'server');
    const one = await measureWorkers(1, home, { zoneFile, world }, queryFile);
    const two = await measureWorkers(2, home, { zoneFile, world }, queryFile);
    runs.push({ one, two });
  }
  const row = (title: string, rate: number, figures: readonly Figures[]): string[] => [
    title,
    String(rate),
    median(figures.map(({ cpuUs }) => cpuUs)).toFixed(2),
    String(figures.reduce((sum, { load }) => sum + load.lost, 0)),
    [0, 1].map((i) => `${(median(figures.map(({ shares }) => shares[i]!)) * 100).toFixed(0)} %`).join(', '),
  ];
  printTable([
    ['server', 'queries/s', 'CPU, us', 'lost', 'CPU of the two busiest threads'],
    row(
      'one worker',
      RATE,
      runs.map(({ one }) => one),
    ),
    row(
      'two workers',
      2 * RATE,
      runs.map(({ two }) => two),
    ),
  ]);
  const ratio = median(runs.map(({ one, two }) => two.cpuUs / one.cpuUs));
  const isShared = runs.every(({ two }) => two.shares[1]! >= LEAST_SHARE);
  console.log();
  printVerdict('two workers share the work', isShared, isShared ? 'both are busy' : 'only one thread answers');
  printVerdict(`two workers cost at most ${MOST} of the CPU per query of one`, ratio <= MOST, ratio.toFixed(2));
}

await withDirectory(main);
