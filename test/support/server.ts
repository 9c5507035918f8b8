// Runs the real `meridian` binary on a free port with its own directory, and stops it.

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './paths.ts';

const MAIN = `${ROOT}dist/src/app/main.js`;
const START_TIMEOUT_MS = 30_000;

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a `meridian` command to its end. */
export function meridian(args: readonly string[], cwd = ROOT): Promise<RunResult> {
  return collect(spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** Runs any command to its end. */
export function run(command: string, args: readonly string[]): Promise<RunResult> {
  return collect(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
}

function collect(child: ChildProcess): Promise<RunResult> {
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A temporary directory that holds a copy of the demo configuration, listening on a free port. */
export function demoDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-test-'));
  for (const file of readdirSync(`${ROOT}zones`)) cpSync(`${ROOT}zones/${file}`, join(directory, file));
  const config = join(directory, 'meridian.yaml');
  writeFileSync(
    config,
    readFileSync(config, 'utf8')
      .replace(/127\.0\.0\.1:5053/, '127.0.0.1:0')
      .replace(/stateDirectory: \S+/, 'stateDirectory: var'),
  );
  return directory;
}

export interface RunningServer {
  readonly directory: string;
  readonly config: string;
  readonly port: number;
  readonly pid: number;
  /** Everything logged so far. */
  log(): string;
  /** Resolves when a log line with this message appears after the `nth` such line (counting from 1). */
  logged(message: string, nth?: number): Promise<Record<string, unknown>>;
  signal(signal: NodeJS.Signals): void;
  /** Stops the server with SIGTERM, deletes its directory and resolves to its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `meridian serve` on the configuration in `directory` (meridian.yaml) and waits until it listens. */
export async function startServer(directory: string = demoDirectory()): Promise<RunningServer> {
  const config = join(directory, 'meridian.yaml');
  const child = spawn(process.execPath, [MAIN, 'serve', '--config', config], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const watchers = new Set<() => void>();
  const onOutput = (chunk: Buffer): void => {
    output += chunk;
    for (const watcher of watchers) watcher();
  };
  child.stdout.on('data', onOutput);
  child.stderr.on('data', onOutput);
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));

  const find = (message: string, nth: number): Record<string, unknown> | undefined =>
    output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['msg'] === message)[nth - 1];

  const logged = (message: string, nth = 1): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(new Error(`no log line "${message}" in:\n${output}`)), START_TIMEOUT_MS);
      const done = (result: Record<string, unknown> | Error): void => {
        clearTimeout(timer);
        watchers.delete(look);
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
      const look = (): void => {
        const line = find(message, nth);
        if (line !== undefined) done(line);
      };
      void exited.then((code) => done(new Error(`the server ended with code ${code}:\n${output}`)));
      watchers.add(look);
      look();
    });

  const listening = await logged('listening').catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  const endpoints = listening['endpoints'] as { port: number }[];
  return {
    directory,
    config,
    port: endpoints[0]!.port,
    pid: child.pid!,
    log: () => output,
    logged,
    signal: (signal) => child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      const code = await exited;
      rmSync(directory, { recursive: true, force: true });
      return code;
    },
  };
}
