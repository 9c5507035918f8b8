// The load generator (load/generator.cc) as benchmarks see it: built when it is first needed, run on the core that load comes
// from, its figures read from one line of JSON.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LOAD_CORE, ROOT } from './support.ts';

const SOURCES = `${ROOT}bench/load`;
const PROGRAM = `${ROOT}dist/bench/load-generator`;

export interface LoadPlan {
  readonly port: number;
  /** Made by writeQueries. */
  readonly queryFile: string;
  /** At most so long; `count` and stop() end it sooner. */
  readonly seconds: number;
  readonly count?: number;
  /** Queries under way at any time, as fast as the server answers them ... */
  readonly window?: number;
  /** ... or queries a second, whatever comes back. */
  readonly rate?: number;
  /** Source ports; several reach all workers that share a port. */
  readonly sockets?: number;
  /** Each query leaves from the next of them, as those of a resolver do; otherwise a batch does. */
  readonly spreads?: boolean;
  /** Share of the queries that goes over TCP, on 16 connections that are kept. */
  readonly tcpShare?: number;
  /** Every query gets a first label of its own. */
  readonly hasRandomLabel?: boolean;
  /** Never sleeps: exact times, if the core is its own. */
  readonly spins?: boolean;
}

export interface LoadFigures {
  readonly sent: number;
  readonly answered: number;
  /** Not answered within a second, or on a connection that the server closed. */
  readonly lost: number;
  /** Replies to nothing that was under way, late ones among them. */
  readonly unexpected: number;
  /** Replies whose answer section is not empty. */
  readonly withAnswer: number;
  readonly replyOctets: number;
  /** Datagrams that the kernel did not take. */
  readonly refusedByKernel: number;
  /** Replies that the generator itself was too slow for. */
  readonly droppedHere: number;
  readonly reconnects: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly cpuSeconds: number;
  /** The most that a query was sent behind its time. */
  readonly latestUs: number;
  /** By number. */
  readonly rcodes: Readonly<Record<string, number>>;
  /** The least latency that a share of the queries did not exceed; null = that many were not answered. */
  readonly latencyUs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p999' | 'max', number | null>>;
}

export interface RunningLoad {
  readonly figures: Promise<LoadFigures>;
  /** Ends it now; `figures` resolve as soon as replies under way are in. */
  stop(): void;
}

/** Compiles the generator if it is not there or older than its source. */
export function buildGenerator(): void {
  const changedMs = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(SOURCES).map((file) => join(SOURCES, file));
  if (changedMs(PROGRAM) > Math.max(...sources.map(changedMs))) return;
  mkdirSync(dirname(PROGRAM), { recursive: true });
  try {
    execFileSync('c++', ['-O2', '-std=c++17', '-o', PROGRAM, join(SOURCES, 'generator.cc')], { stdio: 'inherit' });
  } catch (cause) {
    throw new Error('the load generator cannot be built; it needs a C++ compiler (Debian package g++) and Linux', { cause });
  }
}

export function startLoad(plan: LoadPlan): RunningLoad {
  buildGenerator();
  const value = (name: string, of: number | string | undefined): string[] => (of === undefined ? [] : [`--${name}`, String(of)]);
  const args = [
    ...value('port', plan.port),
    ...value('queries', plan.queryFile),
    ...value('seconds', plan.seconds),
    ...value('count', plan.count),
    ...value('window', plan.window),
    ...value('rate', plan.rate),
    ...value('sockets', plan.sockets),
    ...value('tcp-share', plan.tcpShare),
    ...(plan.spreads === true ? ['--spread'] : []),
    ...(plan.hasRandomLabel === true ? ['--random-label'] : []),
    ...(plan.spins === true ? ['--spin'] : []),
  ];
  const child = spawn('taskset', ['-c', LOAD_CORE, PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const figures = once(child, 'close').then(([code]) => {
    process.off('exit', kill);
    if (code !== 0) throw new Error(`the load generator ended with ${code}`);
    return JSON.parse(output) as LoadFigures;
  });
  return { figures, stop: () => child.kill('SIGTERM') };
}

export const runLoad = (plan: LoadPlan): Promise<LoadFigures> => startLoad(plan).figures;

/** Writes queries as in a TCP stream: two octets of size ahead of each. */
export function writeQueries(file: string, queries: readonly Uint8Array[]): string {
  writeFileSync(file, Buffer.concat(queries.flatMap((query) => [Uint8Array.of(query.length >> 8, query.length & 255), query])));
  return file;
}
