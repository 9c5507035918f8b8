// What ten million queries over real sockets leave on the heap of the thread that answers them, and how long it stands still for
// garbage: the real server, a zone of a million names, names of it at random, one worker.
// Run: npm run bench:heap    (two cores; one to three minutes; -- --millions 1 for less)

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { queryOctets } from '../test/support/query-octets.ts';
import { Random } from '../test/support/random.ts';
import { hostLabel } from './bench-zone.ts';
import type { HeapReport } from './heap-probe.ts';
import { runLoad, writeQueries } from './load-generator.ts';
import { LAST_NAME, ORIGIN, RECORDS, writeZone } from './million-zone.ts';
import { meridian } from './peers/meridian.ts';
import {
  freePort,
  moveToLoadCore,
  printTable,
  printVerdict,
  ROOT,
  startServer,
  waitForAnswer,
  withDirectory,
} from './support.ts';

const WARM_UP_QUERIES = 1_000_000;
const MAX_SEC = 900;
const WINDOW = 128;
const NAMES = 200_000;
const MOST_PAUSE_MS = 5;
/** A tenth of an octet a query: nothing that is kept per query is so small. */
const MOST_GROWTH_PER_QUERY = 0.1;
const REPORT_TIMEOUT_MS = 10_000;

async function main(directory: string): Promise<void> {
  const { values } = parseArgs({ options: { millions: { type: 'string', default: '10' } } });
  const count = Number(values.millions) * 1_000_000;
  if (!(count >= 100_000 && count <= 1e9)) throw new Error(`--millions takes 0.1 to 1000, found "${values.millions}"`);
  moveToLoadCore();
  const zoneFile = join(directory, 'zone');
  writeZone(zoneFile);
  const random = new Random(2024);
  const query = (): Uint8Array =>
    queryOctets({ name: `${hostLabel(random.below(RECORDS))}.${ORIGIN}.`, type: 'A', opt: { udpPayloadSize: 1232 } });
  const queryFile = writeQueries(join(directory, 'queries'), Array.from({ length: NAMES }, query));

  const home = join(directory, 'server');
  mkdirSync(home);
  const port = await freePort();
  const reports = join(directory, 'heap');
  const command = meridian
    .prepare(home, port, { zoneFile })
    .flatMap((word) =>
      word === process.execPath ? [word, '--expose-gc', '--import', `${ROOT}dist/bench/heap-probe.js`] : [word],
    );
  const server = startServer(['env', `MERIDIAN_BENCH_HEAP=${reports}`, ...command], home);
  await waitForAnswer(port, LAST_NAME);

  /** Reports of all threads, the busiest of which is the worker: the one with the higher number. */
  const ask = async (): Promise<HeapReport[]> => {
    rmSync(reports, { force: true });
    process.kill(server.pid, 'SIGURG');
    const deadline = performance.now() + REPORT_TIMEOUT_MS;
    while (performance.now() < deadline) {
      await sleep(100);
      const lines = readFileSync(reports, { encoding: 'utf8', flag: 'a+' }).split('\n').filter(Boolean);
      if (lines.length === 2) return lines.map((line) => JSON.parse(line) as HeapReport).sort((a, b) => a.threadId - b.threadId);
    }
    throw new Error('the threads of the server did not report');
  };

  await runLoad({ port, queryFile, window: WINDOW, count: WARM_UP_QUERIES, seconds: MAX_SEC });
  const before = await ask();
  const load = await runLoad({ port, queryFile, window: WINDOW, count, seconds: MAX_SEC });
  const after = await ask();
  await server.stop();

  console.log(
    `${load.answered} queries answered, ${load.lost} lost, in ${load.seconds.toFixed(0)} s; node ${process.versions.node}\n`,
  );
  printTable([
    [
      'thread',
      'heap before, KiB',
      'after, KiB',
      'growth, octets/query',
      'major collections',
      'longest, ms',
      'minor',
      'longest, ms',
    ],
    ...after.map((report, i) => [
      i === 0 ? 'control' : 'worker',
      (before[i]!.usedOctets / 1024).toFixed(0),
      (report.usedOctets / 1024).toFixed(0),
      ((report.usedOctets - before[i]!.usedOctets) / load.answered).toFixed(4),
      String(report.majors),
      report.longestMajorMs.toFixed(2),
      String(report.minors),
      report.longestMinorMs.toFixed(2),
    ]),
  ]);
  console.log();
  const [, was] = before;
  const [, is] = after;
  const growth = (is!.usedOctets - was!.usedOctets) / load.answered;
  printVerdict(
    `the worker keeps less than ${MOST_GROWTH_PER_QUERY} octets a query`,
    growth < MOST_GROWTH_PER_QUERY,
    growth.toFixed(4),
  );
  printVerdict(
    `no major collection of the worker is longer than ${MOST_PAUSE_MS} ms`,
    is!.longestMajorMs <= MOST_PAUSE_MS,
    is!.majors === 0 ? 'none at all' : `${is!.longestMajorMs.toFixed(2)} ms`,
  );
}

await withDirectory(main);
