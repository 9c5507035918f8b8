// The least configuration with which each server answers the benchmark's zone from one thread on one loopback port.

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knotServer, nsdServer } from '../test/support/peer-config.ts';
import { meridianConfig, ORIGIN } from './million-zone.ts';
import { MERIDIAN } from './support.ts';

export interface Peer {
  readonly title: string;
  /** The program that must be installed; Debian's package has the name of the server. */
  readonly program: string;
  /** Writes what the server needs into the empty `directory` and returns the command that runs it in the foreground. */
  prepare(directory: string, port: number, zoneFile: string): readonly string[];
}

function meridian(title: string, database: string): Peer {
  return {
    title,
    program: process.execPath,
    prepare(directory, port, zoneFile) {
      copyFileSync(zoneFile, join(directory, `${ORIGIN}.zone`));
      const config = join(directory, 'meridian.yaml');
      writeFileSync(config, meridianConfig(directory, port, database));
      return [...MERIDIAN, 'serve', '--config', config];
    },
  };
}

const nsd: Peer = {
  title: 'NSD',
  program: 'nsd',
  prepare(directory, port, zoneFile) {
    const config = join(directory, 'nsd.conf');
    writeFileSync(
      config,
      `${nsdServer(directory, port)}zone:
  name: ${ORIGIN}
  zonefile: ${zoneFile}
`,
    );
    return ['nsd', '-d', '-c', config];
  },
};

const knot: Peer = {
  title: 'Knot',
  program: 'knotd',
  prepare(directory, port, zoneFile) {
    const config = join(directory, 'knot.conf');
    writeFileSync(
      config,
      `${knotServer(directory, port)}zone:
  - domain: ${ORIGIN}
    file: ${zoneFile}
    zonefile-sync: -1
    journal-content: none
`,
    );
    return ['knotd', '-c', config];
  },
};

const gdnsd: Peer = {
  title: 'gdnsd',
  program: 'gdnsd',
  prepare(directory, port, zoneFile) {
    for (const sub of ['zones', 'run', 'state']) mkdirSync(join(directory, sub));
    copyFileSync(zoneFile, join(directory, 'zones', ORIGIN));
    writeFileSync(
      join(directory, 'config'),
      `options => {
  listen => { 127.0.0.1:${port} => { udp_threads => 1, tcp_threads => 1 } }
  run_dir => ${directory}/run
  state_dir => ${directory}/state
}
`,
    );
    return ['gdnsd', '-c', directory, 'start'];
  },
};

export const PEERS: readonly Peer[] = [
  meridian('Meridian', 'none'),
  meridian('Meridian with the bundled geography', 'bundled'),
  nsd,
  knot,
  gdnsd,
];
