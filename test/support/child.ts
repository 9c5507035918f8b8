// A program that a test runs. What it prints is kept, and it does not outlive the test process, whatever becomes of the test.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface Child {
  readonly pid: number;
  readonly stdout: Readable;
  /** Everything printed so far: to standard output, to standard error, and to both in the order in which it came. */
  printed(where: 'stdout' | 'stderr' | 'both'): string;
  /** The exit code, null if a signal ended it. Resolves when everything printed has been read; rejects if it cannot be run. */
  readonly ended: Promise<number | null>;
  isRunning(): boolean;
  kill(signal: NodeJS.Signals): void;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function startChild(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Child {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const text = { stdout: '', stderr: '', both: '' };
  for (const where of ['stdout', 'stderr'] as const) {
    child[where].setEncoding('utf8');
    child[where].on('data', (chunk: string) => {
      text[where] += chunk;
      text.both += chunk;
    });
  }
  return {
    pid: child.pid ?? 0,
    stdout: child.stdout,
    printed: (where) => text[where],
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    }),
    isRunning: () => running.has(child),
    kill: (signal) => child.kill(signal),
  };
}
