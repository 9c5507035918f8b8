// Whether a reload delays answers: latency of a steady stream of queries against a zone of one million records when the
// server is idle and while it reloads that zone again and again. A third stream, against the idle server beside a process
// that spins, shows how much of the difference is only the second core being busy.
// Run: npm run build && node dist/bench/reload.js    (two cores; about a minute)

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { askControl } from '../src/app/control.ts';
import { LAST_NAME, ORIGIN, setSerial, writeZone } from './million-zone.ts';
import { PEERS } from './peers.ts';
import { type Latencies, percentile, stream } from './steady-stream.ts';
import { freePort, printTable, startServer, waitForAnswer, withDirectory } from './support.ts';

const PER_SECOND = 2000;
const STREAM_MS = 10_000;
const MAX_RELOAD_MS = 60_000;
const RELOADS = 4;
const NAMES = [LAST_NAME, `ns1.${ORIGIN}`, `h000000.${ORIGIN}`, `missing.${ORIGIN}`];

const row = (title: string, latencies: Latencies): string[] => [
  title,
  String(latencies.sent),
  String(latencies.sent - latencies.sortedMs.length),
  ...[0.5, 0.99, 0.999, 1].map((share) => percentile(latencies, share).toFixed(2)),
];

async function main(directory: string): Promise<void> {
  const port = await freePort();
  const source = join(directory, 'source.zone');
  writeZone(source);
  const home = join(directory, 'meridian');
  mkdirSync(home);
  const server = startServer(PEERS[0]!.prepare(home, port, source), home, '0,1');
  await waitForAnswer(port, LAST_NAME);
  // Warms up the server's code, so that the streams differ in one thing only.
  await stream(port, NAMES, PER_SECOND, 2000, () => false);

  const idle = await stream(port, NAMES, PER_SECOND, STREAM_MS, () => false);
  const spinning = startServer([process.execPath, '-e', 'for (;;);'], home, '0,1');
  const besideSpinning = await stream(port, NAMES, PER_SECOND, STREAM_MS, () => false);
  await spinning.stop();

  let reloads = 0;
  const zoneFile = join(home, `${ORIGIN}.zone`);
  const reloading = (async () => {
    const startedAt = performance.now();
    while (reloads < RELOADS && performance.now() - startedAt < MAX_RELOAD_MS) {
      setSerial(zoneFile, 1_000_000_001 + reloads);
      const report = await askControl<{ done: boolean }>(join(home, 'var', 'meridian.sock'), { command: 'reload' });
      if (!report.ok || !report.value.done) throw new Error(`reload failed: ${JSON.stringify(report)}`);
      reloads++;
    }
    return performance.now() - startedAt;
  })();
  let isReloaded = false;
  void reloading.finally(() => {
    isReloaded = true;
  });
  const during = await stream(port, NAMES, PER_SECOND, MAX_RELOAD_MS, () => isReloaded);
  const tookMs = await reloading;
  await server.stop();

  console.log(`${PER_SECOND} queries a second, latency in ms; ${reloads} reloads of ${(tookMs / reloads).toFixed(0)} ms each\n`);
  printTable([
    ['server is', 'queries', 'unanswered', 'p50', 'p99', 'p99.9', 'max'],
    row('idle', idle),
    row('idle beside a spinning process', besideSpinning),
    row('reloading', during),
  ]);
}

await withDirectory(main);
