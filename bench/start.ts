// How long `npm start` takes, compiled already, until the demo can be used: the wall clock and the CPU until DNS is served and until
// the text that says so. Run on a quiet machine: npm run bench:start

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MERIDIAN, printTable, ROOT } from './support.ts';

const RUNS = 7;
const LIMIT_MS = 120_000;
const LISTENING = '"msg":"listening"';
/** The last line of the text of the demo. */
const READY = 'Ctrl-C stops it.';

interface Start {
  readonly listeningMs: number;
  readonly readyMs: number;
  readonly cpuMs: number;
}

/** User and system time so far; /proc counts in hundredths of a second. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function startOnce(): Promise<Start> {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-start-'));
  cpSync(`${ROOT}zones`, join(directory, 'zones'), { recursive: true });
  const begunMs = performance.now();
  const child = spawn(MERIDIAN[0]!, [...MERIDIAN.slice(1), 'serve', '--demo'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LIMIT_MS,
  });
  let printed = '';
  let listeningMs = 0;
  let readyMs = 0;
  let usedMs = 0;
  for await (const octets of child.stdout) {
    printed += octets;
    const nowMs = performance.now() - begunMs;
    if (listeningMs === 0 && printed.includes(LISTENING)) listeningMs = nowMs;
    if (readyMs > 0 || !printed.includes(READY)) continue;
    readyMs = nowMs;
    usedMs = cpuMs(child.pid!);
    child.kill('SIGTERM');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  rmSync(directory, { recursive: true });
  if (readyMs === 0) throw new Error(`the demo does not start:\n${printed}`);
  return { listeningMs, readyMs, cpuMs: usedMs };
}

const starts: Start[] = [];
for (let i = 0; i < RUNS; i++) starts.push(await startOnce());
const row = (title: string, of: (start: Start) => number): string[] => {
  const sorted = starts.map(of).sort((a, b) => a - b);
  return [title, ...[sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!].map((ms) => ms.toFixed(0))];
};
printTable([
  ['start of the demo, ms', 'least', 'median', 'most'],
  row('until DNS is served', (start) => start.listeningMs),
  row('until it says that it is ready', (start) => start.readyMs),
  row('CPU until then, all threads', (start) => start.cpuMs),
]);
