// What the benchmarks share: servers pinned to one core, load to another, and numbers read from /proc. Linux only.
// Everything is bounded in count and time, runs on loopback, and is stopped and deleted at the end.

import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask } from '../src/client/dns-client.ts';
import { encodeQuery } from '../src/wire/message.ts';
import { nameFromText } from '../src/wire/name.ts';
import { TYPE } from '../src/wire/rrtype.ts';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));
export const MERIDIAN: readonly string[] = [process.execPath, `${ROOT}dist/src/app/main.js`];
export const SERVER_CORE = '0';
export const LOAD_CORE = '1';
const START_TIMEOUT_MS = 120_000;
// Debian keeps servers where only root's PATH leads.
process.env['PATH'] += ':/usr/sbin';

/** /proc counts CPU time in ticks of 1/100 s on every Linux that Node runs on (USER_HZ). */
const TICK_MS = 10;

export interface Running {
  readonly pid: number;
  stop(): Promise<void>;
}

/** In the log of a server of ours: queries went with the thread, and it may be back before anybody sees that one was missing. */
const LOST_WORKER = 'a DNS worker died';

/**
 * Starts a server on the given cores (`0`, `0,1`). If it ends before it is stopped, or loses a worker, its output is shown and the
 * bench fails.
 */
export function startServer(command: readonly string[], cwd: string, cores: string = SERVER_CORE): Running {
  const child = spawn('taskset', ['-c', cores, ...command], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const fail = (reason: string): never => {
    console.error(`${command.join(' ')} ${reason}:\n${output}`);
    process.exit(1);
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      if (output.includes(LOST_WORKER)) fail(`logs "${LOST_WORKER}"`);
      output = output.slice(-4000);
    });
  }
  const exited = once(child, 'exit');
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  let isStopping = false;
  void exited.then(() => {
    process.off('exit', kill);
    if (isStopping) return;
    fail('ended by itself');
  });
  return {
    pid: child.pid!,
    stop: async () => {
      isStopping = true;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Moves this process to the core that load comes from, so that it takes nothing from the server. */
export function moveToLoadCore(): void {
  execFileSync('taskset', ['-a', '-c', '-p', LOAD_CORE, String(process.pid)], { stdio: 'ignore' });
}

/** A file of /proc about a process; empty if the process has just ended. */
export function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** A process and its descendants. `children` lists those that the main thread started; no server here forks from another. */
export function processTree(pid: number): number[] {
  const children = readProc(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(processTree)];
}

/** CPU time, user and system, that all threads of a process and of its living children have used. */
export function cpuMs(pid: number): number {
  let ticks = 0;
  for (const one of processTree(pid)) {
    const fields = readProc(one, 'stat')
      .replace(/^.*\) /s, '')
      .split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks * TICK_MS;
}

/** Memory of a process and its children in MB (10^6 octets), pages they share counted once. */
export function memoryMb(pid: number): number {
  let kib = 0;
  for (const one of processTree(pid)) kib += Number(/^Pss:\s+(\d+)/m.exec(readProc(one, 'smaps_rollup'))?.[1] ?? 0);
  return (kib * 1024) / 1e6;
}

/** The most memory that a single process has ever had, in MB. */
export function peakMemoryMb(pid: number): number {
  return (Number(/^VmHWM:\s+(\d+)/m.exec(readProc(pid, 'status'))?.[1] ?? 0) * 1024) / 1e6;
}

/** Below the ports that the system gives to clients: a connection that has just ended cannot hold one of these. */
const FIRST_PORT = 15_000;
const PORTS = 10_000;

/** A port of 127.0.0.1 that neither UDP nor TCP used a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const datagrams = createSocket('udp4');
    const streams = createServer();
    try {
      await Promise.all([
        once(datagrams.bind(port, '127.0.0.1'), 'listening'),
        once(streams.listen(port, '127.0.0.1'), 'listening'),
      ]);
      return port;
    } catch {
      // Taken: the next one.
    } finally {
      await Promise.all([new Promise<void>((done) => datagrams.close(() => done())), new Promise((done) => streams.close(done))]);
    }
  }
}

export function queryFor(name: string, id: number): Uint8Array {
  const owner = nameFromText(name);
  if (typeof owner === 'string') throw new Error(owner);
  return encodeQuery({ id, name: owner, type: TYPE.A, flags: { rd: false, ad: false, cd: false } });
}

/** Asks again and again until something comes back. */
export async function waitForReply(port: number): Promise<void> {
  await until(
    port,
    queryFor('example.test', 4711),
    () => true,
    () => {},
    'no reply',
  );
}

/** Asks again and again until the server answers `name A` with a record; calls `between` after each failure. */
export async function waitForAnswer(port: number, name: string, between: () => void = () => {}): Promise<void> {
  const hasAnswer = (reply: Uint8Array): boolean => (reply[3]! & 0x0f) === 0 && reply[7]! > 0;
  await until(port, queryFor(name, 4711), hasAnswer, between, `no answer for ${name}`);
}

async function until(
  port: number,
  query: Uint8Array,
  isDone: (reply: Uint8Array) => boolean,
  between: () => void,
  complaint: string,
): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const reply = await ask({ server: '127.0.0.1', port, query, transport: 'udp', timeoutMs: 20 });
    if (reply.ok && isDone(reply.value.octets)) return;
    between();
    await sleep(5);
  }
  throw new Error(`${complaint} on port ${port} within ${START_TIMEOUT_MS / 1000} s`);
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Runs `work` with a temporary directory, which is deleted when the bench ends, however it ends. */
export async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  // What was started is ended by the handlers of `exit`, which a signal alone would skip.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  await work(directory);
}

/** Prints a table in Markdown; the first row is the heading. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  console.log(line(rows[0]!));
  console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  for (const row of rows.slice(1)) console.log(line(row));
}

/** Prints whether an aim was met, and sets the exit code to 1 if not. */
export function printVerdict(aim: string, isMet: boolean, found: string): void {
  console.log(`${isMet ? 'met' : 'MISSED'}: ${aim}; found: ${found}`);
  if (!isMet) process.exitCode = 1;
}
