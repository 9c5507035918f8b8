// How much of a query's cost is Meridian: server CPU per answered query of `meridian serve` on node:dgram beside that of a
// do-nothing echo on the same Node, measured alternately in one run. The aim is a ratio of at most 1.3.
// Run: npm run build && node dist/bench/dgram-echo.js    (needs dnsperf and two cores; about a minute)

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cpuMs,
  dnsperf,
  freePort,
  MERIDIAN,
  median,
  moveToLoadCore,
  printTable,
  ROOT,
  type Running,
  startServer,
  waitForAnswer,
  withDirectory,
} from './support.ts';

const ROUNDS = 5;
const SECONDS = 2;
const OUTSTANDING = 50;
/** Source of bench randomness, so that two runs ask the same names. */
const RANDOM_NAMES = 20_000;

interface Mix {
  readonly title: string;
  readonly lines: readonly string[];
  readonly options: readonly string[];
}

const MIXES: readonly Mix[] = [
  { title: 'static A', lines: ['ns1.example.test A'], options: [] },
  // ECS of 81.2.69.0/24: family 1, source prefix length 24, scope 0.
  { title: 'GSLB A with ECS', lines: ['www.example.test A'], options: ['-e', '-E', '8:00011800510245'] },
  {
    title: 'NXDOMAIN, random names',
    lines: Array.from({ length: RANDOM_NAMES }, (_, i) => `x${Math.imul(i, 0x9e3779b1) >>> 0}.example.test A`),
    options: [],
  },
];

/** The demo configuration with one worker on `port`. */
function writeMeridian(directory: string, port: number): string {
  cpSync(`${ROOT}zones`, directory, { recursive: true });
  const file = join(directory, 'meridian.yaml');
  const text = readFileSync(file, 'utf8')
    .replace('127.0.0.1:5053', `127.0.0.1:${port}`)
    .replace(/workers: \d+/, 'workers: 1')
    .replace(/stateDirectory: \S+/, 'stateDirectory: var');
  writeFileSync(file, text);
  return file;
}

/** Server CPU per answered query in microseconds. */
async function cost(server: Running, port: number, mix: Mix, queryFile: string): Promise<number> {
  const before = cpuMs(server.pid);
  const { answered } = await dnsperf({ port, queryFile, seconds: SECONDS, outstanding: OUTSTANDING, options: mix.options });
  return ((cpuMs(server.pid) - before) * 1000) / answered;
}

async function main(directory: string): Promise<void> {
  moveToLoadCore();
  const [meridianPort, echoPort] = [await freePort(), await freePort()];
  const config = writeMeridian(directory, meridianPort);
  const echo = startServer([process.execPath, `${ROOT}dist/bench/echo-server.js`, String(echoPort)], directory);
  const meridian = startServer([...MERIDIAN, 'serve', '--config', config], directory);
  await waitForAnswer(meridianPort, 'ns1.example.test');
  const rows = [['queries', 'echo, us', 'meridian, us', 'ratio (median of pairs)']];
  for (const [index, mix] of MIXES.entries()) {
    const queryFile = join(directory, `queries-${index}`);
    writeFileSync(queryFile, `${mix.lines.join('\n')}\n`);
    const pairs: { echo: number; meridian: number }[] = [];
    // The first round warms up both and is not counted.
    for (let round = 0; round <= ROUNDS; round++) {
      const pair = {
        echo: await cost(echo, echoPort, mix, queryFile),
        meridian: await cost(meridian, meridianPort, mix, queryFile),
      };
      if (round > 0) pairs.push(pair);
    }
    rows.push([
      mix.title,
      median(pairs.map((pair) => pair.echo)).toFixed(2),
      median(pairs.map((pair) => pair.meridian)).toFixed(2),
      median(pairs.map((pair) => pair.meridian / pair.echo)).toFixed(2),
    ]);
  }
  await Promise.all([echo.stop(), meridian.stop()]);
  console.log(`server CPU per answered query, node ${process.versions.node}, ${ROUNDS} rounds of ${SECONDS} s\n`);
  printTable(rows);
}

await withDirectory(main);
