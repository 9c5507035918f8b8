// The servers behind the demo's sites: a small web server on loopback for each site and port that the configuration sends checks
// to, so that `meridian demo stop london` is a real failure: connections are refused. Only with `serve --demo`.
// Invariant: it never listens anywhere but on loopback, and nothing that goes wrong here stops the DNS server.

import { createServer, type Server } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Problem } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { err, ok, type Result } from '../base/result.ts';
import { reasonOf } from '../config/files.ts';
import { didYouMean, list } from '../config/suggest.ts';
import type { Snapshot } from '../model/snapshot.ts';

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

interface Place {
  readonly site: string;
  readonly host: string;
  readonly port: number;
}

interface Entry extends Place {
  /** Whether it is meant to serve. */
  isWanted: boolean;
  server: Server | undefined;
  trouble: string | null;
}

/** Loopback only: a demo that opened ports to the world would be a surprise. */
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/;

/** Where the checks of a configuration go on loopback, each address and port once, with the first site that has it. */
export function demoPlaces({ targets, steering }: Pick<Snapshot, 'targets' | 'steering'>): Place[] {
  const places = new Map<string, Place>();
  for (const { member, host, port } of targets) {
    if (port === null || !LOOPBACK.test(host)) continue;
    const key = `${host} ${port}`;
    const site = steering.sites[steering.members[member]!.site]!.id;
    if (!places.has(key)) places.set(key, { site, host, port });
  }
  return [...places.values()];
}

export class DemoSites {
  readonly #log: Logger;
  #entries: readonly Entry[] = [];
  #isClosed = false;
  /** Changes run one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(log: Logger) {
    this.#log = log;
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
        before.find((entry) => isSame(entry, place)) ?? { ...place, isWanted: true, server: undefined, trouble: null },
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

  #start(entry: Entry): Promise<Problem | undefined> {
    if (entry.server !== undefined) return Promise.resolve(undefined);
    const server = createServer((request, response) => {
      response.setHeader('Connection', 'close');
      response.end(request.url === '/healthz' ? 'ok\n' : `This is the demo site ${entry.site}.\n`);
    });
    return new Promise((resolve) => {
      server.on('error', (error: NodeJS.ErrnoException) => {
        entry.trouble = error.code === 'EADDRINUSE' ? 'another program has the port' : reasonOf(error);
        resolve(notServing(entry));
      });
      server.listen({ host: entry.host, port: entry.port, exclusive: true }, () => {
        entry.server = server;
        entry.trouble = null;
        resolve(undefined);
      });
    });
  }

  #stop(entry: Entry): Promise<void> {
    const { server } = entry;
    entry.server = undefined;
    entry.trouble = null;
    if (server === undefined) return Promise.resolve();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    return closed;
  }
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

const siteOf = ({ site, port, server, trouble }: Entry): DemoSite => ({ site, port, isServing: server !== undefined, trouble });

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
