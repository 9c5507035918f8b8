// Runs the real `meridian` binary on a free port with its own directory, and stops it.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import { ROOT } from './paths.ts';
import { PATIENCE_MS } from './patience.ts';
import { reservePort } from './reserved-port.ts';

export const MAIN: string = `${ROOT}dist/src/app/main.js`;

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a `meridian` command to its end. */
export function meridian(args: readonly string[], cwd = ROOT): Promise<RunResult> {
  return collect(startChild(process.execPath, [MAIN, ...args], { cwd }));
}

/** Runs any command to its end. */
export function run(command: string, args: readonly string[]): Promise<RunResult> {
  return collect(startChild(command, args));
}

async function collect(child: Child): Promise<RunResult> {
  const code = await child.ended;
  return { code, stdout: child.printed('stdout'), stderr: child.printed('stderr') };
}

/**
 * A temporary directory that holds a copy of the demo configuration, listening on a free port. Nothing is checked, so everything
 * is up, unless `sitePorts` says on which ports the sites of the demo are to serve and be checked.
 */
export function demoDirectory(sitePorts?: Readonly<Record<string, number>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-test-'));
  for (const file of readdirSync(`${ROOT}zones`)) cpSync(`${ROOT}zones/${file}`, join(directory, file), { recursive: true });
  const config = join(directory, 'meridian.yaml');
  const text = readFileSync(config, 'utf8')
    .replace(/127\.0\.0\.1:5053/, '127.0.0.1:0')
    .replace(/stateDirectory: \S+/, 'stateDirectory: var')
    .replace(/^admin:\n(?: .*\n)+/m, ''); // a port that two servers cannot have, and code that takes its time to load
  const isolated =
    sitePorts === undefined
      ? text.replaceAll(/^probes:\n(?: .*\n)+|^ {4}probe: .*\n|, check: \{[^}]*\}/gm, '')
      : text.replaceAll(/(site: (\w+),.* port: )\d+/g, (_, start: string, site: string) => `${start}${sitePorts[site]}`);
  writeFileSync(config, isolated);
  return directory;
}

export interface Surroundings {
  /** Command that runs the server as its last arguments and becomes it (setpriv, unshare, `sh -c 'exec "$@"' sh`). */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The program, if not the one of this checkout. */
  readonly main?: string;
  /** Further arguments of `meridian serve`. */
  readonly args?: readonly string[];
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
  /** The exit code, null if a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Stops the server with SIGTERM, deletes its directory and resolves to its exit code. */
  stop(): Promise<number | null>;
}

export type StartingServer = Omit<RunningServer, 'port' | 'stop'>;

function spawnServe(directory: string, { wrapper = [], env, main = MAIN, args = [] }: Surroundings): Child {
  const serve = [main, 'serve', '--config', join(directory, 'meridian.yaml'), ...args];
  const [command, ...rest] = [...wrapper, process.execPath, ...serve];
  return startChild(command!, rest, { cwd: directory, env: { ...process.env, ...env } });
}

/** Runs `meridian serve` where it cannot start, to its end, and deletes its directory. */
export async function serveInVain(directory: string, surroundings: Surroundings = {}): Promise<RunResult> {
  const child = spawnServe(directory, surroundings);
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const result = await collect(child);
  clearTimeout(timer);
  rmSync(directory, { recursive: true, force: true });
  return result;
}

/** Starts `meridian serve` on the configuration in `directory` (meridian.yaml) and waits for nothing. */
export function beginServer(directory: string, surroundings: Surroundings = {}): StartingServer {
  const child = spawnServe(directory, surroundings);
  const find = (message: string, nth: number): Record<string, unknown> | undefined =>
    child
      .printed('stdout')
      .split('\n')
      .slice(0, -1) // what has no end yet
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['msg'] === message)[nth - 1];

  const logged = (message: string, nth = 1): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const fail = (why: string): void => done(new Error(`${why}:\n${child.printed('both')}`));
      const timer = setTimeout(() => fail(`no log line "${message}"`), PATIENCE_MS);
      const done = (result: Record<string, unknown> | Error): void => {
        clearTimeout(timer);
        child.stdout.off('data', look);
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
      const look = (): void => {
        const line = find(message, nth);
        if (line !== undefined) done(line);
      };
      child.stdout.on('data', look);
      child.ended.then(
        (code) => fail(`the server ended with code ${code}`),
        (error: Error) => fail(error.message),
      );
      look();
    });

  return {
    directory,
    config: join(directory, 'meridian.yaml'),
    pid: child.pid,
    log: () => child.printed('both'),
    logged,
    signal: (signal) => child.kill(signal),
    ended: child.ended,
  };
}

/**
 * Starts `meridian serve` on the configuration in `directory` (meridian.yaml) and waits until it listens. Port 0 there becomes a
 * reserved one: dig shares its ports (SO_REUSEPORT), so the system may give it, of all ports, the one that a server got by
 * itself, and dig reads its own query.
 */
export async function startServer(directory: string = demoDirectory(), surroundings: Surroundings = {}): Promise<RunningServer> {
  const reserved = await reservePort();
  const config = join(directory, 'meridian.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('"127.0.0.1:0"', `"127.0.0.1:${reserved.port}"`));
  const server = beginServer(directory, surroundings);
  void server.ended.finally(() => reserved.release()).catch(() => undefined);
  const listening = await server.logged('listening').catch((error: unknown) => {
    server.signal('SIGKILL');
    throw error;
  });
  const endpoints = listening['endpoints'] as { port: number }[];
  return {
    ...server,
    port: endpoints[0]!.port,
    stop: async () => {
      server.signal('SIGTERM');
      const code = await server.ended;
      rmSync(directory, { recursive: true, force: true });
      return code;
    },
  };
}

/** Replaces text in the configuration of a directory; it is an error if there is nothing to replace. */
export function editConfig(directory: string, ...edits: readonly (readonly [string | RegExp, string])[]): void {
  const config = join(directory, 'meridian.yaml');
  let text = readFileSync(config, 'utf8');
  for (const [from, to] of edits) {
    const edited = text.replace(from, to);
    if (edited === text) throw new Error(`${from} is not in ${config}`);
    text = edited;
  }
  writeFileSync(config, text);
}
