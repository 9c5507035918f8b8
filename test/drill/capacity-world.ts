// The world of the capacity drill on one machine: two DNS servers and the agents of three sites as processes of their own, over one
// Redis; sites at loopback addresses of their own; resolvers and networks of clients that a network map puts in countries.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CapacityReport } from '../../src/app/capacity/capacity-report.ts';
import { statusOf } from '../support/crowd.ts';
import { RedisServer } from '../support/redis.ts';
import { type ReservedPort, reservePort } from '../support/reserved-port.ts';
import { beginServer, type RunningServer, type StartingServer, startServer } from '../support/server.ts';
import { Unbound } from './unbound.ts';
import { type VisitCounts, Visitors } from './visitors.ts';

export const SITES = ['amsterdam', 'berlin', 'vienna'] as const;
export type Site = (typeof SITES)[number];

/** Requests a second. */
export const TARGET = 100;
export const MAX = 125;
export const TTL_SEC = 3;

const ZONE = 'crowd.test';
const addressOf = (site: Site): string => `127.88.0.${1 + SITES.indexOf(site)}`;

/** Where clients are: behind resolvers that say nothing of them, or in networks that one resolver tells of. */
const PLACES = [
  {
    name: 'NL',
    network: '127.88.11.0/24',
    place: 'country=NL lat=52.4 lon=4.9',
    resolvers: ['127.88.11.1', '127.88.11.2', '127.88.11.3'],
  },
  { name: 'NL told', network: '127.91.0.0/16', place: 'country=NL lat=52.4 lon=4.9', resolvers: [] },
  { name: 'BE told', network: '127.89.0.0/16', place: 'country=BE lat=50.8 lon=4.4', resolvers: [] },
  { name: 'DE', network: '127.88.12.0/24', place: 'country=DE lat=52.5 lon=13.4', resolvers: ['127.88.12.1'] },
  { name: 'AT told', network: '127.90.0.0/16', place: 'country=AT lat=48.2 lon=16.4', resolvers: [] },
] as const;
/** Its networks are /20, as wide as a policy parts them. */
const TELLING = '127.88.10.1';
const NETWORKS = 16;

const CONFIG = (role: string, redisPort: number, httpPort: number, origins: readonly number[]): string => `
server: { listen: ["127.0.0.1:0"], workers: 1, stateDirectory: var }
mesh: { redis: { server: "127.0.0.1:${redisPort}" } }
geo: { database: none, networkMaps: [drill.networks] }
zones: { directory: . }
prober: { id: ${role} }
sites:
  amsterdam: { latitude: 52.37, longitude: 4.9, capacity: { max: ${MAX}, target: ${TARGET} } }
  berlin: { latitude: 52.52, longitude: 13.41, capacity: { max: ${MAX}, target: ${TARGET} } }
  vienna: { latitude: 48.21, longitude: 16.37, capacity: { max: ${MAX}, target: ${TARGET} } }
pools:
  web: { members: [${SITES.map((site) => `{ site: ${site}, v4: ${addressOf(site)} }`).join(', ')}] }
policies:
  www: { rule: { nearest: web } }
site:
${SITES.map(
  (site, i) => `  ${site}:
    services: { web: { servers: { origin: { address: "127.0.0.1:${origins[i]}" } } } }
    listeners: { public: { listen: "${addressOf(site)}:${httpPort}", http: { service: web } } }`,
).join('\n')}
`;

const ZONE_TEXT = `$TTL 60
@ SOA ns.example.net. h.example.net. 1 60 60 60 60
@ NS ns.example.net.
www ${TTL_SEC} GSLB www
`;

/** Counts what reaches a site, behind its agent. */
class Origin {
  count = 0;
  readonly port: number;
  readonly #server: Server;
  readonly #reserved: ReservedPort;

  private constructor(server: Server, reserved: ReservedPort) {
    this.port = reserved.port;
    this.#server = server;
    this.#reserved = reserved;
  }

  static async open(): Promise<Origin> {
    const reserved = await reservePort();
    const server = createServer((_, response) => {
      origin.count++;
      response.end('hello');
    });
    const origin = new Origin(server, reserved);
    await new Promise<void>((resolve) => server.listen(reserved.port, '127.0.0.1', resolve));
    return origin;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#reserved.release();
  }
}

export class CapacityWorld {
  readonly counts: VisitCounts = { served: 0, failed: 0, unanswered: 0 };
  /** By place. */
  readonly #visitors = new Map<string, Visitors[]>();
  readonly #origins: Origin[] = [];
  readonly #directories: string[] = [];
  readonly #agents: StartingServer[] = [];
  readonly #servers: RunningServer[] = [];
  readonly #resolvers: Unbound[] = [];
  #redis: RedisServer | null = null;
  #http: ReservedPort | null = null;

  static async open(): Promise<CapacityWorld> {
    const world = new CapacityWorld();
    try {
      await world.#start();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  async #start(): Promise<void> {
    this.#redis = await RedisServer.start();
    this.#http = await reservePort();
    for (const _ of SITES) this.#origins.push(await Origin.open());
    const directory = (role: string): string => {
      const made = mkdtempSync(join(tmpdir(), `meridian-drill-${role}-`));
      this.#directories.push(made);
      const origins = this.#origins.map(({ port }) => port);
      writeFileSync(join(made, 'meridian.yaml'), CONFIG(role, this.#redis!.port, this.#http!.port, origins));
      writeFileSync(join(made, 'drill.networks'), PLACES.map(({ network, place }) => `${network} ${place}\n`).join(''));
      writeFileSync(join(made, `${ZONE}.zone`), ZONE_TEXT);
      return made;
    };
    for (const site of SITES) {
      const agent = beginServer(directory(site), { args: ['--role', 'site', '--site', site] });
      this.#agents.push(agent);
      await agent.logged('at the site');
    }
    for (const id of ['a', 'b']) this.#servers.push(await startServer(directory(id), { args: ['--role', 'dns'] }));
    const servers = this.#servers.map(({ port }) => port);
    const telling = await this.#resolver(TELLING, true, servers);
    for (const { name, network, resolvers } of PLACES) {
      for (const from of resolvers) this.#addVisitors(name, from, await this.#resolver(from, false, servers));
      if (resolvers.length > 0) continue;
      const [a, b] = network.split('.');
      for (let i = 0; i < NETWORKS; i++) this.#addVisitors(name, `${a}.${b}.${16 * i}.1`, telling);
    }
  }

  async #resolver(from: string, tellsNetworks: boolean, servers: readonly number[]): Promise<Unbound> {
    const resolver = await Unbound.start({ from, tellsNetworks, servers, zone: ZONE });
    this.#resolvers.push(resolver);
    return resolver;
  }

  #addVisitors(place: string, from: string, resolver: Unbound): void {
    const settings = { from, resolverPort: resolver.port, name: `www.${ZONE}`, sitePort: this.#http!.port };
    const all = this.#visitors.get(place) ?? [];
    all.push(new Visitors(settings, this.counts));
    this.#visitors.set(place, all);
  }

  /** Requests a second from each place. */
  demand(rates: Readonly<Record<string, number>>): void {
    for (const [place, visitors] of this.#visitors) {
      for (const one of visitors) one.rate = (rates[place] ?? 0) / visitors.length;
    }
  }

  /** Requests that have reached each site since the start. */
  received(): Readonly<Record<Site, number>> {
    return Object.fromEntries(SITES.map((site, i) => [site, this.#origins[i]!.count])) as Record<Site, number>;
  }

  /** What the first of the DNS servers knows. */
  async capacity(): Promise<CapacityReport> {
    return (await statusOf(join(this.#servers[0]!.directory, 'var/meridian.sock'))).capacity!;
  }

  async close(): Promise<void> {
    for (const visitors of this.#visitors.values()) for (const one of visitors) one.close();
    for (const process of [...this.#servers, ...this.#agents]) process.signal('SIGKILL');
    await Promise.all([...this.#servers, ...this.#agents].map(({ ended }) => ended));
    for (const resolver of this.#resolvers) await resolver.stop();
    for (const origin of this.#origins) await origin.close();
    await this.#redis?.stop();
    await this.#http?.release();
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true });
  }
}
