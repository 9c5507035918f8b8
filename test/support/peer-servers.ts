// Starts the servers that Meridian is compared with, each on a loopback port of its own, on the same zone files, with settings
// under which their answers can be compared:
//   minimal responses   nothing in authority and additional that the answer can do without; NSD's size with it is our measure
//   1232 octets of UDP  so that truncation happens at the same place
//   no cookies, no rate limit, no transfers, no recursion, no rotation of records, no checks of hosts' names
//   ANY                 one RRset where the server can (RFC 8482)

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../../src/client/dns-client.ts';
import { decodeMessage, encodeQuery } from '../../src/wire/message.ts';
import { TYPE } from '../../src/wire/rrtype.ts';
import { type Child, startChild } from './child.ts';
import { WITH_SERVERS } from './paths.ts';
import { PATIENCE_MS } from './patience.ts';
import { bindOptions, knotServer, nsdServer } from './peer-config.ts';
import { wireName } from './query-octets.ts';
import { reservePort } from './reserved-port.ts';
import { startServer } from './server.ts';

export interface ZoneFile {
  /** Without a final dot. */
  readonly origin: string;
  readonly path: string;
}

export type PeerName = 'NSD' | 'Knot' | 'BIND';

export interface PeerServer {
  readonly port: number;
  stop(): Promise<unknown>;
}

interface Peer {
  /** Origins of zones that the server refuses to load; `startPeer leaves them out. */
  readonly refused: readonly string[];
  /** The program, and the argument that makes it print its version. */
  readonly program: string;
  readonly versionArgument: string;
  /** Writes the configuration into `directory` and returns the arguments that run the server in the foreground. */
  prepare(directory: string, port: number, zones: readonly ZoneFile[]): readonly string[];
}

const nsd: Peer = {
  refused: [],
  program: 'nsd',
  versionArgument: '-v',
  prepare(directory, port, zones) {
    const config = join(directory, 'nsd.conf');
    writeFileSync(
      config,
      `${nsdServer(directory, port, ['minimal-responses: yes', 'ipv4-edns-size: 1232', 'round-robin: no', 'answer-cookie: no', 'rrl-ratelimit: 0'])}${zones.map(({ origin, path }) => `zone:\n  name: "${origin}"\n  zonefile: "${path}"\n`).join('')}`,
    );
    return ['-d', '-c', config];
  },
};

const knot: Peer = {
  refused: [],
  program: 'knotd',
  versionArgument: '-V',
  prepare(directory, port, zones) {
    const config = join(directory, 'knot.conf');
    const zone = ({ origin, path }: ZoneFile): string => `  - domain: "${origin}"\n    file: "${path}"\n`;
    writeFileSync(
      config,
      `${knotServer(directory, port, ['udp-max-payload: 1232', 'answer-rotation: off'])}template:
  - id: default
    zonefile-sync: -1
    journal-content: none
    semantic-checks: off
zone:
${zones.map(zone).join('')}`,
    );
    return ['-c', config];
  },
};

const bind: Peer = {
  refused: ['wildcut.test'], // named: "invalid NS owner name (wildcard)", which RFC 4592 section 4.2 allows
  program: 'named',
  versionArgument: '-v',
  prepare(directory, port, zones) {
    const config = join(directory, 'named.conf');
    mkdirSync(join(directory, 'keys'));
    const zone = ({ origin, path }: ZoneFile): string => `zone "${origin}" { type primary; file "${path}"; };\n`;
    writeFileSync(
      config,
      `${bindOptions(directory, port, [
        'minimal-any yes',
        'zero-no-soa-ttl no',
        'max-udp-size 1232',
        'edns-udp-size 1232',
        'answer-cookie no',
        'rrset-order { order none; }',
        'check-names primary ignore',
        'check-integrity no',
        'check-mx ignore',
      ])}${zones.map(zone).join('')}`,
    );
    return ['-f', '-n', '1', '-c', config];
  },
};

const PEERS: Readonly<Record<PeerName, Peer>> = { NSD: nsd, Knot: knot, BIND: bind };
export const PEER_NAMES = Object.keys(PEERS) as PeerName[];

/** Whether the program of a peer is there to be run. */
export function isInstalled(name: PeerName): boolean {
  const { program, versionArgument } = PEERS[name];
  return spawnSync(program, [versionArgument], { env: WITH_SERVERS, stdio: 'ignore' }).error === undefined;
}

/** Whether the server cannot load a zone, so that it has nothing to say about the names in it. */
export const refusesZone = (name: PeerName, origin: string): boolean => PEERS[name].refused.includes(origin);

/** Starts a peer and resolves once it answers for every zone; throws what it printed if it does not. */
export async function startPeer(name: PeerName, allZones: readonly ZoneFile[]): Promise<PeerServer> {
  const zones = allZones.filter(({ origin }) => !PEERS[name].refused.includes(origin));
  const directory = mkdtempSync(join(tmpdir(), 'meridian-peer-'));
  const { port, release } = await reservePort();
  const args = PEERS[name].prepare(directory, port, zones);
  const child = startChild(PEERS[name].program, args, { cwd: directory, env: WITH_SERVERS });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await child.ended;
    await release();
    rmSync(directory, { recursive: true, force: true });
  };
  if (await answersForAll(child, port, zones)) return { port, stop };
  const why = child.isRunning() ? 'does not answer for every zone' : `ended with code ${await child.ended}`;
  await stop();
  throw new Error(`${name} ${why}; it printed:\n${child.printed('both')}`);
}

/** Starts Meridian on the same zones. */
export async function startMeridian(zones: readonly ZoneFile[]): Promise<PeerServer> {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-test-'));
  const files = zones.map(({ origin, path }) => `    ${origin}: ${path}\n`).join('');
  const config = `server:
  listen: ["127.0.0.1:0"]
  workers: 1
  stateDirectory: var
geo:
  database: none
  watch: false
zones:
  directory: none
  files:
${files}`;
  writeFileSync(join(directory, 'meridian.yaml'), config);
  return startServer(directory);
}

const POLL_MS = 100;

async function answersForAll(child: Child, port: number, zones: readonly ZoneFile[]): Promise<boolean> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (child.isRunning() && performance.now() < deadlineMs) {
    const answers = await Promise.all(zones.map(({ origin }) => answersFor(port, origin)));
    if (answers.every(Boolean)) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

async function answersFor(port: number, origin: string): Promise<boolean> {
  const name = wireName(`${origin}.`);
  const query = encodeQuery({ id: 1, name, type: TYPE.SOA, flags: { rd: false, ad: false, cd: false } });
  const reply = await ask({ server: '127.0.0.1', port, query, transport: 'udp', timeoutMs: 5000 });
  if (!reply.ok) return false;
  const message = decodeMessage(reply.value.octets);
  return typeof message !== 'string' && message.flags.aa && message.rcode === 0 && message.answers.length === 1;
}
