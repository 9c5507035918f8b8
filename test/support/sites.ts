// Local servers that stand for the sites of a pool, and Meridian processes whose members are checked against them, faster than by
// default so that a test takes seconds.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MemberReport } from '../../src/app/health/health-report.ts';
import { askControl, type ControlRequest } from '../../src/app/process/control.ts';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { dig } from './dig.ts';
import { eventually } from './patience.ts';
import { type ReservedPort, reservePort } from './reserved-port.ts';

/** One site's server: it answers 200, or refuses connections while it is stopped. */
export class LocalSite {
  readonly port: number;
  readonly #reserved: ReservedPort;
  #server: Server | null = null;

  private constructor(reserved: ReservedPort) {
    this.#reserved = reserved;
    this.port = reserved.port;
  }

  static async open(): Promise<LocalSite> {
    const site = new LocalSite(await reservePort());
    await site.start();
    return site;
  }

  async start(): Promise<void> {
    const server = createServer((_, response) => response.end('ready'));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async end(): Promise<void> {
    await this.stop();
    await this.#reserved.release();
  }
}

export interface SitesConfig {
  /** Ports of the sites `one`, `two`, ...: members 192.0.2.1, 192.0.2.2, ... */
  readonly ports: readonly number[];
  readonly region?: string;
  /** Port of the Redis that the mesh is shared through. */
  readonly redis?: number;
  /** Lines of YAML that the section `health` has beyond `slowStart: 0s`. */
  readonly health?: string;
}

const NAMES = ['one', 'two', 'three', 'four'] as const;

export const memberAddress = (index: number): string => `192.0.2.${index + 1}`;

/** A new directory with a configuration, and a zone in which www.example.test is answered with the members that are up. */
export function sitesDirectory(config: SitesConfig): string {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-sites-'));
  writeSitesConfig(directory, config);
  writeFileSync(
    join(directory, 'example.test.zone'),
    '@ 60 SOA ns hostmaster 1 3600 600 86400 60\n@ 60 NS ns\nns 60 A 192.0.2.53\nwww 30/1 GSLB www\n',
  );
  return directory;
}

export function writeSitesConfig(directory: string, { ports, region = 'default', redis, health = '' }: SitesConfig): void {
  const sites = NAMES.slice(0, ports.length);
  const text = `server: { listen: ["127.0.0.1:0"], workers: 2, stateDirectory: var, log: { level: debug } }
geo: { database: none }
sites:
${sites.map((site, i) => `  ${site}: { latitude: ${i}, longitude: ${i} }\n`).join('')}probes:
  ready: { http: {}, interval: 2s, transitionInterval: 200ms, timeout: 2s }
prober: { region: ${region}, allow: [127.0.0.0/8] }
health:
  slowStart: 0s
${health}${redis === undefined ? '' : `mesh: { redis: { server: "127.0.0.1:${redis}", heartbeat: 200ms, expiry: 15s } }\n`}pools:
  web:
    probe: ready
    members:
${sites.map((site, i) => `      - { site: ${site}, v4: ${memberAddress(i)}, check: { host: 127.0.0.1, port: ${ports[i]} } }\n`).join('')}policies:
  www: { rule: { pool: web }, answers: ${ports.length} }
`;
  writeFileSync(join(directory, 'meridian.yaml'), text);
}

/** Sends a request to the process of a directory; throws if nobody answers. */
export async function control<T>(directory: string, request: ControlRequest): Promise<T> {
  const reply = await askControl<T>(join(directory, 'var/meridian.sock'), request);
  if (!reply.ok) throw new Error(reply.error.message);
  return reply.value;
}

export const statusOf = (directory: string): Promise<StatusReport> => control<StatusReport>(directory, { command: 'status' });

/** Addresses that www.example.test is answered with, sorted. */
export async function answersOf(port: number): Promise<string> {
  const text = await dig(port, '+short', 'www.example.test', 'A');
  return text.trim().split('\n').sort().join(' ');
}

/** Waits until every process answers with these members (by index) and no others. */
export async function answerWith(ports: readonly number[], members: readonly number[]): Promise<void> {
  const wanted = members.map(memberAddress).join(' ');
  let last: readonly string[] = [];
  await eventually(
    async () => {
      last = await Promise.all(ports.map(answersOf));
      return last.every((answers) => answers === wanted);
    },
    () => `not answered with ${wanted} but with ${last.join(' | ')}`,
  );
}

/** Waits until what a process says of its members fits. */
export async function membersBecome(directory: string, isTrue: (members: readonly MemberReport[]) => boolean): Promise<void> {
  let last: unknown;
  await eventually(
    async () => {
      const { health } = await statusOf(directory);
      last = health.members;
      return isTrue(health.members);
    },
    () => `still not so: ${isTrue}; ${JSON.stringify(last)}`,
  );
}

/** Every check has come to something. */
export const allSeen = (members: readonly MemberReport[]): boolean =>
  members.every(({ families }) => families.every(({ seen }) => seen === 'up' || seen === 'down'));
