// A site with an agent, before which clients of two networks ask for pages in the proportion of three to one, and DNS servers that both
// networks ask equally often: what is known of who brings the load can only come from the agent.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { ExplainReport } from '../../src/app/commands/explain-answer.ts';
import type { StatusReport } from '../../src/app/process/reports.ts';
import type { SpillExplanation } from '../../src/steering/spill-explain.ts';
import { eventually } from './patience.ts';
import { queryOctets } from './query-octets.ts';
import { reservePortFor } from './reserved-port.ts';
import { meridian } from './server.ts';
import { WebServer } from './site-agent.ts';

/** Requests of each round come from here, one from each. */
const REQUESTS_FROM = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.2.1'] as const;
/** One query of each round from each: the first of the network with three times the load. */
const QUERIES_FROM = ['127.0.1.9', '127.0.2.9'] as const;
/** Some 120 requests a second at most: every sample is full, and the machine has other things to do. */
const PAUSE_MS = 33;
/** Between two looks: each runs the program twice. */
const LOOK_MS = 1000;

const NAME = 'www.sampled.test';
const ZONE = `$TTL 60
@ SOA ns.example.net. h.example.net. 1 60 60 60 60
@ NS ns.example.net.
www 5 GSLB www
`;
const NETWORKS = '127.0.1.0/24 country=NL lat=52.1 lon=5.1\n127.0.2.0/24 country=BE lat=50.8 lon=4.4\n';

const configOf = (backend: number, front: number, clients: boolean, mesh: string): string => `
server: { listen: ["127.0.0.1:0"], workers: 1, stateDirectory: var }
geo: { database: none, networkMaps: [sampled.networks] }
zones: { directory: . }
${mesh}
sites:
  amsterdam: { latitude: 52.37, longitude: 4.9, capacity: { unit: requests/s, max: 1000, target: 800 } }
  vienna: { latitude: 48.21, longitude: 16.37, capacity: { unit: requests/s, max: 1000, target: 800 } }
pools:
  web: { members: [{ site: amsterdam, v4: 192.0.2.1 }, { site: vienna, v4: 192.0.2.2 }] }
policies:
  www: { rule: { nearest: web } }
site:
  amsterdam:
    services: { web: { servers: { origin: { address: "127.0.0.1:${backend}" } } } }
    listeners: { public: { listen: "127.0.0.1:${front}", http: { service: web } } }
    clients: ${clients}
`;

/** What is known of each network: first the one with three times the load. */
export type Known = readonly [SpillExplanation, SpillExplanation];

export const ratioOf = ([first, second]: Known, of: 'demand' | 'queriesPerSec'): number => first[of] / second[of];

/** Demands are told apart about as requests are, though queries are not. */
export const isTold = (known: Known): boolean =>
  isEven(ratioOf(known, 'queriesPerSec')) && ratioOf(known, 'demand') > 2 && ratioOf(known, 'demand') < 4.5;

/** Both are counted in the same two seconds, but one by one. */
export const isEven = (ratio: number): boolean => ratio > 0.75 && ratio < 1.33;

export class SampledSite {
  readonly #t: ExecutionContext;
  readonly #backend: WebServer;
  readonly #front: number;

  private constructor(t: ExecutionContext, backend: WebServer, front: number) {
    this.#t = t;
    this.#backend = backend;
    this.#front = front;
  }

  /** Everything ends with the test. */
  static async open(t: ExecutionContext): Promise<SampledSite> {
    const backend = await WebServer.open('origin');
    t.teardown(() => backend.kill());
    return new SampledSite(t, backend, await reservePortFor(t));
  }

  /** A new directory for a process. `mesh`: further sections of its configuration. */
  directory({ clients = true, mesh = '' }: { readonly clients?: boolean; readonly mesh?: string } = {}): string {
    const directory = mkdtempSync(join(tmpdir(), 'meridian-sampled-'));
    this.#t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    writeFileSync(join(directory, 'meridian.yaml'), configOf(this.#backend.port, this.#front, clients, mesh));
    writeFileSync(join(directory, 'sampled.test.zone'), ZONE);
    writeFileSync(join(directory, 'sampled.networks'), NETWORKS);
    return directory;
  }

  /** Clients ask for pages, and resolvers of their networks the DNS server at `port`, until the test is over. */
  async visit(port: number): Promise<void> {
    const agents = REQUESTS_FROM.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    const resolvers = await Promise.all(QUERIES_FROM.map((address) => resolverAt(address)));
    await eventually(
      () => request(this.#front, QUERIES_FROM[0], agents[0]!).then(...HAS_SERVED),
      () => 'the agent takes no requests',
    );
    const query = queryOctets({ name: `${NAME}.`, type: 'A' });
    let isOver = false;
    const visits = (async () => {
      while (!isOver) {
        for (const resolver of resolvers) resolver.send(query, port, '127.0.0.1');
        await Promise.all(REQUESTS_FROM.map((localAddress, i) => request(this.#front, localAddress, agents[i]!)));
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    })();
    // Its failure is that of the test; until then nobody waits for it.
    visits.catch(() => {});
    this.#t.teardown(async () => {
      isOver = true;
      await visits.finally(() => {
        for (const agent of agents) agent.destroy();
        for (const resolver of resolvers) resolver.close();
      });
    });
  }
}

async function resolverAt(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

const request = (port: number, localAddress: string, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port, localAddress, agent }, (response) => {
      response.on('error', reject);
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
      response.resume();
    });
    asked.on('error', reject);
  });

const HAS_SERVED = [() => true, () => false] as const;

/** What `meridian explain` says to a client of each network; `[]` before there is any demand. */
async function explainAll(config: string): Promise<SpillExplanation[]> {
  const found: SpillExplanation[] = [];
  for (const client of QUERIES_FROM) {
    const { stdout, stderr } = await meridian(['explain', NAME, '--client', client, '--config', config, '--json']);
    if (stdout === '') throw new Error(stderr);
    const [spill] = (JSON.parse(stdout) as ExplainReport).spill ?? [];
    if (spill !== undefined && spill.demand > 0 && spill.queriesPerSec > 0) found.push(spill);
  }
  return found;
}

/** Waits until what is known of both networks is as it should be. */
export async function knownUntil(config: string, isSo: (known: Known) => boolean | Promise<boolean>): Promise<Known> {
  let known: readonly SpillExplanation[] = [];
  await eventually(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      known = await explainAll(config);
      return known.length === QUERIES_FROM.length && (await isSo(known as Known));
    },
    () => `still not so: ${isSo}; ${JSON.stringify(known)}`,
  );
  return known as Known;
}

/** What `meridian explain` says to people. */
export const explainedText = async (config: string): Promise<string> =>
  (await meridian(['explain', NAME, '--client', QUERIES_FROM[0], '--config', config])).stdout;

/** By network, the share of the load of the site that agents tell. */
export const sharesTold = ({ loads }: StatusReport): Readonly<Record<string, number>> =>
  Object.fromEntries(
    loads.flatMap(({ site, clients }) =>
      site === 'amsterdam' ? clients.map(({ network, share }) => [network, share] as const) : [],
    ),
  );
