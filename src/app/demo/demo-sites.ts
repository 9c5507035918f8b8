// The demo's sites: where the configuration sends checks to on loopback there is an agent with two small web servers of its own, so
// that a client sees which one answers, and `meridian demo stop london` is a real failure: connections are refused. Only with
// `serve --demo`.
// Invariant: it never listens anywhere but on loopback, and nothing that goes wrong here stops the DNS server.

import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { systemClock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { isLoopback } from '../../base/loopback.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { didYouMean, list } from '../../config/suggest.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { SiteReport } from '../../site/report.ts';
import { type AgentPlane, SiteDesk } from '../site/site-desk.ts';
import { demoAgent } from './demo-agent.ts';

const ACTIONS = ['stop', 'start', 'list'] as const;
export type DemoAction = (typeof ACTIONS)[number];

export const isDemoAction = (text: unknown): text is DemoAction => ACTIONS.some((action) => action === text);

/** What `meridian demo` asks for; `list` concerns no site. */
export interface DemoRequest {
  readonly action: DemoAction;
  readonly site: string | null;
}

/** One server of one site. */
export interface DemoSite {
  readonly site: string;
  readonly port: number;
  readonly isServing: boolean;
  /** Why it does not serve although it should; null = nothing is wrong. */
  readonly trouble: string | null;
}

/** What `meridian demo` gets for an answer. */
export interface DemoReport {
  readonly sites: readonly DemoSite[];
}

/** Where the agent of a site listens, on loopback. */
export interface Place {
  readonly site: string;
  readonly host: string;
  readonly port: number;
}

interface Entry extends Place {
  /** Whether it is meant to serve. */
  isWanted: boolean;
  desk: SiteDesk | undefined;
  servers: readonly Server[];
  trouble: string | null;
}

/**
 * Where the checks of a configuration go on loopback (a demo that opened ports to the world would be a surprise), each address and
 * port once, with the first site that has it.
 */
export function demoPlaces({ targets, steering }: Pick<Snapshot, 'targets' | 'steering'>): Place[] {
  const places = new Map<string, Place>();
  for (const { member, host, port } of targets) {
    if (port === null || !isLoopback(host)) continue;
    const key = `${host} ${port}`;
    const site = steering.sites[steering.members[member]!.site]!.id;
    if (!places.has(key)) places.set(key, { site, host, port });
  }
  return [...places.values()];
}

export class DemoSites {
  readonly #log: Logger;
  #entries: readonly Entry[] = [];
  #plane: AgentPlane | null = null;
  #isClosed = false;
  /** Changes run one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** From now on people's orders reach the agents, and the mesh hears how full they are. */
  join(plane: AgentPlane): void {
    this.#plane = plane;
    for (const { desk } of this.#entries) desk?.join(plane);
  }

  /** Of those that serve. */
  get desks(): readonly SiteDesk[] {
    return this.#entries.flatMap(({ desk }) => desk ?? []);
  }

  report(): readonly SiteReport[] {
    return this.#entries.flatMap(({ desk }) => desk?.report() ?? []);
  }

  /** Where they serve now. */
  get places(): readonly Place[] {
    return this.#entries.filter(({ desk }) => desk !== undefined);
  }

  /** Serves the sites of this configuration from now on; those that it had before stay as they are. */
  follow(snapshot: Pick<Snapshot, 'targets' | 'steering'>): Promise<void> {
    return this.#inTurn(() => this.#serve(this.#isClosed ? [] : demoPlaces(snapshot)));
  }

  /** Does what `meridian demo` asks for; the problem is a site that is not there, or a port that somebody else has. */
  handle({ action, site }: DemoRequest): Promise<Result<DemoReport, Problem>> {
    return this.#inTurn(async () => {
      if (action !== 'list') {
        const named = this.#entries.filter((entry) => entry.site === site);
        if (named.length === 0) return err(unknownSite(site, [...new Set(this.#entries.map((entry) => entry.site))]));
        for (const entry of named) {
          entry.isWanted = action === 'start';
          if (action === 'stop') await this.#stop(entry);
          const problem = action === 'start' ? await this.#start(entry) : undefined;
          if (problem !== undefined) return err({ ...problem, severity: 'error' });
        }
        this.#log.info({ site }, action === 'start' ? 'demo site started' : 'demo site stopped');
      }
      return ok({ sites: this.#entries.map(siteOf) });
    });
  }

  /** Ends all of them; nothing is served any more, whatever is loaded later. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#inTurn(() => this.#serve([]));
  }

  async #serve(places: readonly Place[]): Promise<void> {
    const isSame = (a: Place, b: Place): boolean => a.site === b.site && a.host === b.host && a.port === b.port;
    const before = this.#entries;
    this.#entries = places.map(
      (place): Entry =>
        before.find((entry) => isSame(entry, place)) ?? { ...place, isWanted: true, desk: undefined, servers: [], trouble: null },
    );
    const gone = before.filter((entry) => !this.#entries.includes(entry));
    await Promise.all(gone.map((entry) => this.#stop(entry)));
    for (const entry of this.#entries) {
      const problem = entry.isWanted ? await this.#start(entry) : undefined;
      if (problem !== undefined) this.#log.warn({ ...problem }, 'problem');
    }
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #start(entry: Entry): Promise<Problem | undefined> {
    if (entry.desk !== undefined) return undefined;
    const names = SERVERS.map((number) => `${entry.site}-${number}`);
    const servers = await Promise.all(names.map((name) => serveAs(name, entry.site)));
    const desk = new SiteDesk({ sites: null, clock: systemClock, log: QUIET });
    const [problem] = await desk.apply([
      demoAgent(
        entry,
        names.map((id, i) => ({ id, port: portOf(servers[i]!) })),
      ),
    ]);
    if (problem !== undefined) {
      await Promise.all([desk.close(), ...servers.map(close)]);
      entry.trouble = problem.message.includes('EADDRINUSE') ? 'another program has the port' : problem.message;
      return notServing(entry);
    }
    if (this.#plane !== null) desk.join(this.#plane);
    entry.desk = desk;
    entry.servers = servers;
    entry.trouble = null;
    return undefined;
  }

  async #stop(entry: Entry): Promise<void> {
    const { desk, servers } = entry;
    entry.desk = undefined;
    entry.servers = [];
    entry.trouble = null;
    await desk?.close();
    await Promise.all(servers.map(close));
  }
}

/** Each site has two. */
const SERVERS = [1, 2];
const silent = (): void => {};
/** Sites start and stop a dozen times in a demo: `meridian status` tells of them. */
const QUIET: Logger = { debug: silent, info: silent, warn: silent, error: silent };

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** A small web server on a port of its own, on loopback. */
function serveAs(name: string, site: string): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/cached') === true) response.setHeader('cache-control', 'max-age=600');
    response.end(request.url === '/healthz' ? 'ok\n' : `This is server ${name} of the demo site ${site}.\n`);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  return closed;
}

/** Answers `meridian demo`; `sites` are undefined without --demo. */
export async function answerDemo(
  { action, site }: DemoRequest,
  sites: DemoSites | undefined,
): Promise<DemoReport | { readonly problem: Problem }> {
  if (sites === undefined) {
    const message = "this server runs no demo; start it with 'npm start' or 'meridian serve --demo'";
    return { problem: { severity: 'error', code: 'ERR_CONTROL', message } };
  }
  const report = await sites.handle({ action, site });
  return report.ok ? report.value : { problem: report.error };
}

const siteOf = ({ site, port, desk, trouble }: Entry): DemoSite => ({ site, port, isServing: desk !== undefined, trouble });

function unknownSite(site: string | null, sites: readonly string[]): Problem {
  const known =
    sites.length === 0 ? 'there is none, for no check of the configuration goes to loopback' : `allowed are ${list(sites)}`;
  const message = `"${site}" is not a site of the demo; ${known}${didYouMean(site ?? '', sites)}`;
  return { severity: 'error', code: 'ERR_USAGE', message };
}

function notServing({ site, host, port, trouble }: Entry): Problem {
  const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  const message = `demo site ${site} cannot serve on ${address}: ${trouble}; end that and run 'meridian demo start ${site}', or change the port under "check" in the configuration`;
  return { severity: 'warning', code: 'ERR_LISTEN', message };
}
