// Whether a reload delays or loses answers: a zone of one million records, reloaded again and again. First at a rate at which
// only delays show, with a third stream against the idle server beside a process that spins, which shows how much of the
// difference is only the second core being busy; then at half of what the server can do, where it must not lose a query.
// Run: npm run bench:reload    (two cores; about a minute and a half)

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { askControl } from '../src/app/process/control.ts';
import { queryOctets } from '../test/support/query-octets.ts';
import { type LoadFigures, runLoad, startLoad, writeQueries } from './load-generator.ts';
import { LAST_NAME, ORIGIN, setSerial, writeZone } from './million-zone.ts';
import { meridian } from './peers/meridian.ts';
import { freePort, printTable, printVerdict, startServer, waitForAnswer, withDirectory } from './support.ts';

const PER_SECOND = 2000;
const STREAM_SEC = 10;
const MAX_RELOAD_MS = 60_000;
const RELOADS = 4;
const WINDOW = 128;
const SATURATION_SEC = 3;
const SOCKETS = 16;
const NAMES = [LAST_NAME, `ns1.${ORIGIN}`, `h000000.${ORIGIN}`, `missing.${ORIGIN}`];

const row = (title: string, rate: number, { sent, lost, latencyUs }: LoadFigures): string[] => [
  title,
  String(rate),
  String(sent),
  String(lost),
  ...[latencyUs.p50, latencyUs.p99, latencyUs.p999, latencyUs.max].map((us) => (us === null ? 'lost' : (us / 1000).toFixed(2))),
];

async function main(directory: string): Promise<void> {
  const port = await freePort();
  const source = join(directory, 'source.zone');
  writeZone(source);
  const home = join(directory, 'meridian');
  mkdirSync(home);
  const server = startServer(meridian.prepare(home, port, { zoneFile: source }), home, '0,1');
  await waitForAnswer(port, LAST_NAME);
  const queries = NAMES.map((name) => queryOctets({ name: `${name}.`, type: 'A', opt: {} }));
  const target = { port, queryFile: writeQueries(join(directory, 'queries'), queries), sockets: SOCKETS };

  // Warms up the server's code, so that the streams differ in one thing only, and tells what it can do.
  const { perSecond } = await runLoad({ ...target, window: WINDOW, seconds: SATURATION_SEC });
  const half = Math.round(perSecond / 2);
  const stream = (rate: number): Promise<LoadFigures> => runLoad({ ...target, rate, seconds: STREAM_SEC });

  const zoneFile = join(home, `${ORIGIN}.zone`);
  let serial = 1_000_000_000;
  let reloadMs = 0;
  const reloading = async (rate: number): Promise<LoadFigures> => {
    const load = startLoad({ ...target, rate, seconds: MAX_RELOAD_MS / 1000 });
    const startedAt = performance.now();
    for (let reloads = 0; reloads < RELOADS && performance.now() - startedAt < MAX_RELOAD_MS; reloads++) {
      setSerial(zoneFile, ++serial);
      const report = await askControl<{ done: boolean }>(join(home, 'var', 'meridian.sock'), { command: 'reload' });
      if (!report.ok || !report.value.done) throw new Error(`reload failed: ${JSON.stringify(report)}`);
    }
    reloadMs = (performance.now() - startedAt) / RELOADS;
    load.stop();
    return load.figures;
  };

  const idle = await stream(PER_SECOND);
  const spinning = startServer([process.execPath, '-e', 'for (;;);'], home, '0,1');
  const besideSpinning = await stream(PER_SECOND);
  await spinning.stop();
  const during = await reloading(PER_SECOND);
  const slowReloadMs = reloadMs;
  const halfIdle = await stream(half);
  const halfDuring = await reloading(half);
  await server.stop();

  console.log(
    `latency in ms; ${RELOADS} reloads of ${slowReloadMs.toFixed(0)} ms each, at half load ${reloadMs.toFixed(0)} ms each; half load is ${half} of ${perSecond.toFixed(0)} queries a second\n`,
  );
  printTable([
    ['server is', 'queries/s', 'queries', 'unanswered', 'p50', 'p99', 'p99.9', 'max'],
    row('idle', PER_SECOND, idle),
    row('idle beside a spinning process', PER_SECOND, besideSpinning),
    row('reloading', PER_SECOND, during),
    row('idle, half load', half, halfIdle),
    row('reloading, half load', half, halfDuring),
  ]);
  printVerdict(
    'no query is lost to a reload of a million records at half load',
    halfDuring.lost === 0,
    `${halfDuring.lost} lost`,
  );
}

await withDirectory(main);
