// Whether the load generator of these benchmarks can be trusted: the CPU per answered query of several servers under its load, and
// under that of dnsperf (DNS-OARC) with the same queries and as many under way, in turn. It is not the same load: dnsperf sends one
// query with each system call, so servers that take queries in batches find fewer at a time.
// Run: npm run bench:sender    (two cores, dnsperf; about a minute)

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeBenchZone } from './bench-zone.ts';
import { type LoadPlan, runLoad, writeQueries } from './load-generator.ts';
import { describeMachine } from './machine.ts';
import { MIXES } from './mixes.ts';
import { buildNativeEcho, nativeEcho } from './peers/echo.ts';
import { gdnsd } from './peers/gdnsd.ts';
import { knot } from './peers/knot.ts';
import { meridian } from './peers/meridian.ts';
import { nsd } from './peers/nsd.ts';
import { versionOf } from './peers/peer.ts';
import {
  cpuMs,
  freePort,
  LOAD_CORE,
  median,
  moveToLoadCore,
  printTable,
  startServer,
  waitForReply,
  withDirectory,
} from './support.ts';
import { writeWorld } from './world.ts';

const ROUNDS = 5;
const SECONDS = 1;
const WINDOW = 100;

/** Runs dnsperf from the load core; resolves to the number of answers. */
function dnsperf({ port, queryFile }: Pick<LoadPlan, 'port' | 'queryFile'>): number {
  const target = ['-s', '127.0.0.1', '-p', String(port), '-B', '-d', queryFile];
  const bounds = ['-l', String(SECONDS), '-q', String(WINDOW)];
  const { stdout, error } = spawnSync('taskset', ['-c', LOAD_CORE, 'dnsperf', ...target, ...bounds], { encoding: 'utf8' });
  const answered = Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1]);
  if (error !== undefined || !(answered > 0)) throw new Error('dnsperf (Debian package dnsperf) is not installed, or failed');
  return answered;
}

async function main(directory: string): Promise<void> {
  buildNativeEcho();
  moveToLoadCore();
  const zoneFile = join(directory, 'zone');
  writeBenchZone(zoneFile);
  const world = writeWorld(directory);
  const questions = MIXES.find(({ key }) => key === 'names')!.questions(world);
  const queryFile = writeQueries(
    join(directory, 'queries'),
    questions.map(({ octets }) => octets),
  );
  const peers = [nativeEcho, meridian, gdnsd, knot, nsd].filter((peer) => versionOf(peer) !== undefined);
  describeMachine(peers.map((peer) => `${peer.title} ${versionOf(peer)}`.trim()));
  const rows = [['server', 'own: CPU, us', 'answered/s', 'dnsperf: CPU, us', 'answered/s', 'dnsperf / own']];
  for (const peer of peers) {
    const home = join(directory, peer.key);
    mkdirSync(home);
    const port = await freePort();
    const server = startServer(peer.prepare(home, port, { zoneFile }), home);
    await waitForReply(port);
    const own = async (): Promise<number> =>
      (await runLoad({ port, queryFile, seconds: SECONDS, window: WINDOW, spins: true })).answered;
    const costOf = async (load: () => number | Promise<number>): Promise<{ cpuUs: number; perSecond: number }> => {
      const before = cpuMs(server.pid);
      const answered = await load();
      return { cpuUs: ((cpuMs(server.pid) - before) * 1000) / answered, perSecond: answered / SECONDS };
    };
    await own();
    const runs: { own: Awaited<ReturnType<typeof costOf>>; dnsperf: Awaited<ReturnType<typeof costOf>> }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      runs.push({ own: await costOf(own), dnsperf: await costOf(() => dnsperf({ port, queryFile })) });
    }
    await server.stop();
    rows.push([
      peer.title,
      median(runs.map((run) => run.own.cpuUs)).toFixed(2),
      median(runs.map((run) => run.own.perSecond)).toFixed(0),
      median(runs.map((run) => run.dnsperf.cpuUs)).toFixed(2),
      median(runs.map((run) => run.dnsperf.perSecond)).toFixed(0),
      median(runs.map((run) => run.dnsperf.cpuUs / run.own.cpuUs)).toFixed(2),
    ]);
  }
  printTable(rows);
}

await withDirectory(main);
