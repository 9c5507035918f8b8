// NSD and Knot DNS as secondaries of Meridian, each unprivileged on a loopback port in a directory of its own.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { WITH_SERVERS } from './paths.ts';
import { knotServer, nsdServer } from './peer-config.ts';

export interface SecondaryKey {
  readonly name: string;
  readonly algorithm: string;
  /** Base64. */
  readonly secret: string;
}

interface Kind {
  /** The program, from the Debian package of the server's name. */
  readonly program: string;
  prepare(directory: string, port: number, primaryPort: number, zone: string, key: SecondaryKey): readonly string[];
}

export const SECONDARIES: Readonly<Record<'NSD' | 'Knot', Kind>> = {
  NSD: {
    program: 'nsd',
    prepare(directory, port, primaryPort, zone, { name, algorithm, secret }) {
      writeFileSync(
        join(directory, 'nsd.conf'),
        `${nsdServer(directory, port, ['xfrd-reload-timeout: 0'])}key:
  name: "${name}"
  algorithm: ${algorithm}
  secret: "${secret}"
zone:
  name: ${zone}
  zonefile: secondary.zone
  request-xfr: 127.0.0.1@${primaryPort} ${name}
  allow-notify: 127.0.0.1 ${name}
`,
      );
      return ['-d', '-c', join(directory, 'nsd.conf')];
    },
  },
  Knot: {
    program: 'knotd',
    prepare(directory, port, primaryPort, zone, { name, algorithm, secret }) {
      writeFileSync(
        join(directory, 'knot.conf'),
        `${knotServer(directory, port, [], 'info')}key:
  - id: ${name}
    algorithm: ${algorithm}
    secret: ${secret}
remote:
  - id: primary
    address: 127.0.0.1@${primaryPort}
    key: ${name}
acl:
  - id: notified
    address: 127.0.0.1
    key: ${name}
    action: notify
zone:
  - domain: ${zone}
    storage: ${directory}
    master: primary
    acl: notified
`,
      );
      return ['-c', join(directory, 'knot.conf')];
    },
  },
};

export const isInstalled = ({ program }: Kind): boolean => spawnSync(program, ['-V'], { env: WITH_SERVERS }).error === undefined;

export interface Secondary {
  readonly port: number;
  log(): string;
  isRunning(): boolean;
  stop(): Promise<void>;
}

/** `port` is reserved for it. */
export function startSecondary(kind: Kind, port: number, primaryPort: number, zone: string, key: SecondaryKey): Secondary {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-secondary-'));
  const args = kind.prepare(directory, port, primaryPort, zone, key);
  const child = startChild(kind.program, args, { cwd: directory, env: WITH_SERVERS });
  return {
    port,
    log: () => child.printed('both'),
    isRunning: child.isRunning,
    async stop() {
      child.kill('SIGTERM');
      await child.ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
