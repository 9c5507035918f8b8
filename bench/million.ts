// A zone of one million records: time from the start of the process to the first right answer, and memory then and at most,
// for Meridian and whichever of NSD, Knot, gdnsd and BIND is installed. All on one core with one answering thread.
// Run: npm run build && node dist/bench/million.js [SERVER ...]    (about a minute; SERVER is meridian, nsd, knot, gdnsd or bind)

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LAST_NAME, RECORDS, writeZone } from './million-zone.ts';
import { bind } from './peers/bind.ts';
import { gdnsd } from './peers/gdnsd.ts';
import { knot } from './peers/knot.ts';
import { meridian, meridianWithGeography } from './peers/meridian.ts';
import { nsd } from './peers/nsd.ts';
import { type Peer, versionOf } from './peers/peer.ts';
import {
  cpuMs,
  freePort,
  median,
  memoryMb,
  moveToLoadCore,
  peakMemoryMb,
  printTable,
  startServer,
  waitForAnswer,
  withDirectory,
} from './support.ts';

const PEERS: readonly Peer[] = [meridian, meridianWithGeography, nsd, knot, gdnsd, bind];
const ROUNDS = 3;
/** Time after the first answer until memory is read. */
const SETTLE_MS = 3000;
const SAMPLE_MS = 50;

interface Figures {
  readonly firstAnswerMs: number;
  readonly cpuMs: number;
  readonly steadyMb: number;
  readonly peakMb: number;
}

async function measure(peer: Peer, directory: string, zoneFile: string): Promise<Figures> {
  mkdirSync(directory);
  const port = await freePort();
  const command = peer.prepare(directory, port, { zoneFile });
  const startedAt = performance.now();
  const server = startServer(command, directory);
  let peakMb = 0;
  const sampler = setInterval(() => {
    peakMb = Math.max(peakMb, memoryMb(server.pid));
  }, SAMPLE_MS);
  await waitForAnswer(port, LAST_NAME);
  const firstAnswerMs = performance.now() - startedAt;
  const cpu = cpuMs(server.pid);
  await sleep(SETTLE_MS);
  clearInterval(sampler);
  const steadyMb = memoryMb(server.pid);
  const peak = Math.max(peakMb, peakMemoryMb(server.pid));
  await server.stop();
  return { firstAnswerMs, cpuMs: cpu, steadyMb, peakMb: peak };
}

async function main(directory: string): Promise<void> {
  moveToLoadCore();
  const zoneFile = join(directory, 'million.zone');
  writeZone(zoneFile);
  const rows = [['server', 'first answer, s', 'CPU until then, s', 'memory, MB', 'peak, MB']];
  const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
  for (const peer of PEERS) {
    if (wanted.length > 0 && !wanted.some((word) => peer.title.toLowerCase().startsWith(word))) continue;
    if (versionOf(peer) === undefined) {
      rows.push([peer.title, 'not installed', '', '', '']);
      continue;
    }
    const runs: Figures[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      runs.push(await measure(peer, join(directory, `${peer.title}-${round}`.replaceAll(' ', '-')), zoneFile));
    }
    const middle = (pick: (figures: Figures) => number): number => median(runs.map(pick));
    rows.push([
      peer.title,
      (middle((run) => run.firstAnswerMs) / 1000).toFixed(2),
      (middle((run) => run.cpuMs) / 1000).toFixed(2),
      middle((run) => run.steadyMb).toFixed(0),
      middle((run) => run.peakMb).toFixed(0),
    ]);
  }
  console.log(
    `${RECORDS} records, node ${process.versions.node}, median of ${ROUNDS}; memory of all processes, shared pages once\n`,
  );
  printTable(rows);
}

await withDirectory(main);
