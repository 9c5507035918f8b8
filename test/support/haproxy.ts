// HAProxy as Debian ships it, on loopback, for tests: an operator's own one, and settings for one that the driver runs.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HaproxyAttachSettings, HaproxySettings } from '../../src/model/site-driver.ts';
import { ask } from '../../src/site/drivers/haproxy/socket.ts';
import { startChild } from './child.ts';
import { WITH_SERVERS } from './paths.ts';
import { eventually, PATIENCE_MS } from './patience.ts';

interface Closable {
  teardown(close: () => unknown): void;
}

/** Why tests with a real HAProxy cannot run here; undefined if they can. */
export function whyNoHaproxy(): string | undefined {
  const { error, status } = spawnSync('haproxy', ['-v'], { env: WITH_SERVERS });
  return error === undefined && status === 0 ? undefined : `haproxy: ${error?.message ?? `exit code ${status}`}`;
}

export function temporaryDirectory(t: Closable): string {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-haproxy-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface OwnHaproxy {
  readonly socket: string;
  readonly file: string;
  readonly settings: HaproxyAttachSettings;
}

/** Starts an operator's HAProxy with these sections behind `global`. */
export async function startHaproxy(t: Closable, sections: string, level = 'admin'): Promise<OwnHaproxy> {
  const directory = temporaryDirectory(t);
  const socket = join(directory, 'own.sock');
  const file = join(directory, 'own.cfg');
  const head = `global\n  maxconn 500\n  stats socket ${socket} mode 600 level ${level}\n`;
  writeFileSync(
    file,
    `${head}defaults\n  timeout connect 5s\n  timeout client 1m\n  timeout server 1m\n  timeout queue 1m\n${sections}`,
  );
  const child = startChild('haproxy', ['-db', '-f', file], { env: WITH_SERVERS });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await child.ended;
  });
  await eventually(
    async () => !child.isRunning() || (await ask(socket, 'show info', PATIENCE_MS)).ok,
    () => child.printed('both'),
  );
  if (!child.isRunning()) throw new Error(child.printed('both'));
  const common = { timeoutMs: PATIENCE_MS, measure: 'connections', max: null } as const;
  return { socket, file, settings: { kind: 'haproxy-attach', socket, backends: null, ...common } };
}

export const managedSettings = (directory: string, differs: Partial<HaproxySettings> = {}): HaproxySettings => ({
  kind: 'haproxy',
  timeoutMs: 60_000,
  measure: 'connections',
  max: null,
  program: 'haproxy',
  directory,
  user: null,
  maxConnections: 1000,
  threads: 1,
  checks: null,
  hardStopAfterMs: 2000,
  isStoppedOnClose: true,
  ...differs,
});
