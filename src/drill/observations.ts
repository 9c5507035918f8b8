// What the clients of a drill were answered, and what of it was right. Invariant: a query counts as lost unless its server was
// away on purpose at some moment between the query and the time at which it was given up.

import type { Answer } from './model.ts';

interface Absence {
  readonly fromMs: number;
  /** Infinity = it is away. */
  toMs: number;
}

/** Queries of one server. */
export interface ServerCount {
  readonly server: string;
  asked: number;
  /** Without a reply although the server should have answered. */
  lost: number;
  /** Without a reply while it was away on purpose. */
  lostAway: number;
  /** Replies without an address. */
  empty: number;
}

export class Observations {
  readonly #series = new Map<string, Answer[]>();
  readonly #absences = new Map<string, Absence[]>();
  /** Sites that each client was sent to before anything was broken. */
  readonly #homes = new Map<string, ReadonlySet<string>>();
  readonly servers: readonly string[];
  readonly clients: readonly string[];

  constructor(servers: readonly string[], clients: readonly string[]) {
    this.servers = servers;
    this.clients = clients;
  }

  take(answer: Answer): void {
    const key = keyOf(answer.server, answer.client);
    const series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, [answer]);
    else series.push(answer);
  }

  excuse(server: string, nowMs: number): void {
    const absences = this.#absences.get(server) ?? [];
    if (absences.at(-1)?.toMs !== Number.POSITIVE_INFINITY) absences.push({ fromMs: nowMs, toMs: Number.POSITIVE_INFINITY });
    this.#absences.set(server, absences);
  }

  require(server: string, nowMs: number): void {
    const last = this.#absences.get(server)?.at(-1);
    if (last !== undefined) last.toMs = Math.min(last.toMs, nowMs);
  }

  isAway(server: string): boolean {
    return this.#absences.get(server)?.at(-1)?.toMs === Number.POSITIVE_INFINITY;
  }

  /** What the server told the client in its last `count` replies to queries sent since then; fewer if there were fewer. */
  last(server: string, client: string, count: number, sinceMs: number): readonly Answer[] {
    const series = this.#series.get(keyOf(server, client)) ?? [];
    const found: Answer[] = [];
    for (let i = series.length - 1; i >= 0 && found.length < count; i--) {
      const answer = series[i]!;
      if (answer.sentMs < sinceMs) break;
      if (answer.trouble !== 'lost') found.push(answer);
    }
    return found;
  }

  /** Every reply to queries sent since then. */
  since(server: string, client: string, sinceMs: number): readonly Answer[] {
    return this.last(server, client, Number.POSITIVE_INFINITY, sinceMs);
  }

  /**
   * Takes where everybody has been sent since then for where they are at home, once each server has given each client `least` replies;
   * false = not yet. Where several sites serve a client in turn, all of them are its home, unless `isOne`.
   */
  learnHomes(least: number, sinceMs: number, isOne: boolean): boolean {
    for (const client of this.clients) {
      const home = new Set<string>();
      for (const server of this.servers) {
        const answers = this.since(server, client, sinceMs);
        if (answers.length < least || answers.some(({ site }) => site === null)) return false;
        for (const { site } of answers) home.add(site!);
      }
      if (isOne && home.size > 1) return false;
      this.#homes.set(client, home);
    }
    return true;
  }

  home(client: string): ReadonlySet<string> {
    return this.#homes.get(client) ?? new Set();
  }

  /** The clients that have the site among their homes. */
  clientsOf(site: string): readonly string[] {
    return this.clients.filter((client) => this.home(client).has(site));
  }

  /** Whether these servers send no client of the site there any more: not in the last `count` replies. */
  isAllAway(site: string, servers: readonly string[], count: number, sinceMs: number): boolean {
    return servers.every((server) =>
      this.clientsOf(site).every((client) => {
        const answers = this.last(server, client, count, sinceMs);
        return answers.length === count && answers.every((answer) => answer.site !== null && answer.site !== site);
      }),
    );
  }

  /** Whether these servers send everybody home: in the last `count` replies, among which the clients of the site meet it. */
  isAllHome(site: string, servers: readonly string[], count: number, sinceMs: number): boolean {
    return servers.every((server) =>
      this.clients.every((client) => {
        const home = this.home(client);
        const answers = this.last(server, client, count, sinceMs);
        if (answers.length < count || !answers.every((answer) => home.has(answer.site ?? ''))) return false;
        return !home.has(site) || answers.some((answer) => answer.site === site);
      }),
    );
  }

  /** Replies since then that leave the state: at home each client at home; away nobody at the site, and the others at home. */
  wrongSince(state: 'home' | 'away', site: string, servers: readonly string[], sinceMs: number): readonly Answer[] {
    return servers.flatMap((server) =>
      this.clients.flatMap((client) => {
        const home = this.home(client);
        const isAffected = state === 'away' && home.has(site);
        const isRight = (answer: Answer): boolean =>
          isAffected ? answer.site !== null && answer.site !== site : home.has(answer.site ?? '');
        return this.since(server, client, sinceMs).filter((answer) => !isRight(answer));
      }),
    );
  }

  counts(): readonly ServerCount[] {
    return this.servers.map((server) => {
      const count = { server, asked: 0, lost: 0, lostAway: 0, empty: 0 };
      for (const client of this.clients) {
        for (const answer of this.#series.get(keyOf(server, client)) ?? []) {
          count.asked++;
          if (answer.trouble === 'empty') count.empty++;
          if (answer.trouble === 'lost') count[this.wasAway(answer) ? 'lostAway' : 'lost']++;
        }
      }
      return count;
    });
  }

  /** Whether the server was away on purpose while the question waited. */
  wasAway({ server, sentMs, atMs }: Answer): boolean {
    return this.#absences.get(server)?.some(({ fromMs, toMs }) => sentMs <= toMs && atMs >= fromMs) ?? false;
  }
}

const keyOf = (server: string, client: string): string => `${server} ${client}`;
