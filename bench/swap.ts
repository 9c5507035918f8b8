// Whether a change of health delays or loses answers: the demo's policies and the bundled geography under half of the load that
// one worker can take, while the steering image is built anew and swapped four times a second on the same core.
// Run: npm run bench:swap    (two cores; about half a minute)

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ecs, queryOctets } from '../test/support/query-octets.ts';
import { Random } from '../test/support/random.ts';
import { type LoadFigures, type LoadPlan, runLoad, writeQueries } from './load-generator.ts';
import { describeMachine } from './machine.ts';
import { part } from './measure.ts';
import { freePort, moveToLoadCore, printTable, printVerdict, ROOT, startServer, waitForReply, withDirectory } from './support.ts';

const WINDOW = 128;
const SATURATION_SEC = 3;
const STREAM_SEC = 10;
const QUERIES = 20_000;
const PER_SECOND = 4;

/** The demo on `port`, with one worker. */
function writeDemo(directory: string, port: number): string {
  cpSync(`${ROOT}zones`, directory, { recursive: true });
  const file = join(directory, 'meridian.yaml');
  const text = readFileSync(file, 'utf8')
    .replace('127.0.0.1:5053', `127.0.0.1:${port}`)
    .replace(/workers: \d+/, 'workers: 1')
    .replace(/stateDirectory: \S+/, 'stateDirectory: var');
  writeFileSync(file, text);
  return file;
}

function steeredQueries(file: string): string {
  const random = new Random(2024);
  const names = ['www', 'api', 'sticky', 'static'];
  const query = (i: number): Uint8Array => {
    const subnet = [1 + random.below(223), random.below(256), random.below(256)];
    return queryOctets({ name: `${names[i % names.length]}.example.test.`, type: 'A', opt: { options: [ecs(1, 24, subnet)] } });
  };
  return writeQueries(
    file,
    Array.from({ length: QUERIES }, (_, i) => query(i)),
  );
}

async function main(directory: string): Promise<void> {
  moveToLoadCore();
  describeMachine([]);
  const port = await freePort();
  const config = writeDemo(directory, port);
  const server = startServer([process.execPath, `${ROOT}dist/bench/swap-server.js`, config], directory);
  await waitForReply(port);
  const target = { port, queryFile: steeredQueries(join(directory, 'queries')), spins: true };
  const { perSecond } = await runLoad({ ...target, seconds: SATURATION_SEC, window: WINDOW });
  const half: LoadPlan = { ...target, seconds: STREAM_SEC, rate: Math.round(perSecond / 2) };
  const still = await part(server, half);
  process.kill(server.pid, 'SIGUSR2');
  await sleep(1000);
  const swapped = await part(server, half);
  await server.stop();
  const swaps = Number(readFileSync(join(directory, 'swaps'), 'utf8'));

  const row = (title: string, load: LoadFigures, cpuUs: number): string[] => [
    title,
    String(load.sent),
    String(load.lost),
    ...[load.latencyUs.p50, load.latencyUs.p99, load.latencyUs.p999, load.latencyUs.max].map((us) => us?.toFixed(0) ?? 'lost'),
    cpuUs.toFixed(2),
  ];
  console.log(`${half.rate} of ${perSecond.toFixed(0)} queries a second; ${swaps} swaps\n`);
  printTable([
    ['steering image', 'queries', 'lost', 'p50, us', 'p99, us', 'p99.9, us', 'max, us', 'CPU, us'],
    row('stays', still.load, still.cpuUs),
    row(`is swapped ${PER_SECOND} times a second`, swapped.load, swapped.cpuUs),
  ]);
  console.log();
  const least = PER_SECOND * STREAM_SEC * 0.9;
  printVerdict(`the image is swapped ${PER_SECOND} times a second`, swaps >= least, `${swaps} swaps in ${STREAM_SEC + 1} s`);
  printVerdict('no query is lost to a swap at half load', swapped.load.lost === 0, `${swapped.load.lost} lost`);
}

await withDirectory(main);
