// The questions of the proof: from the client of the stack, to every server, for a client network of every continent, again and again.

import { CLIENTS, questionScript, SERVERS, SITES as SITES_BY_ADDRESS } from '../../src/app/drill/compose-client.ts';
import type { Stack } from './stack.ts';

export const SITES = ['frankfurt', 'newyork', 'singapore'] as const;
export type SiteName = (typeof SITES)[number];

/** The site that is nearest to each client, as deploy/compose/meridian has them. */
const HOMES: Readonly<Record<string, SiteName>> = { europe: 'frankfurt', america: 'newyork', asia: 'singapore' };

export interface Answer {
  readonly server: string;
  /** The nearest site of the client that asked. */
  readonly home: SiteName;
  /** The site it was sent to; undefined: no answer, or another address. */
  readonly site: SiteName | undefined;
  readonly text: string;
  /** performance.now() when it was read. */
  readonly atMs: number;
}

export class Questions {
  readonly answers: Answer[] = [];
  readonly #stop: () => void;

  /** `isLocal` asks each server in the network of its region. */
  constructor(stack: Stack, isLocal = false) {
    const script = questionScript(Object.values(SERVERS).map((addresses) => addresses[isLocal ? 1 : 0]));
    const { lines, stop } = stack.follow('client', script);
    this.#stop = stop;
    lines.on('line', (line) => this.#take(line));
  }

  stop(): void {
    this.#stop();
  }

  since(atMs: number): readonly Answer[] {
    const first = this.answers.findIndex((answer) => answer.atMs >= atMs);
    return first < 0 ? [] : this.answers.slice(first);
  }

  /** The newest answers to clients of a home, one of each of these servers that has given any since then. */
  newest(home: SiteName, servers: readonly string[], sinceMs: number): readonly Answer[] {
    const found = new Map<string, Answer>();
    for (const answer of this.since(sinceMs))
      if (answer.home === home && servers.includes(answer.server)) found.set(answer.server, answer);
    return [...found.values()];
  }

  #take(line: string): void {
    const [address = '', network = '', ...rest] = line.trim().split(' ');
    const server = Object.entries(SERVERS).find(([, addresses]) => addresses.includes(address))?.[0];
    const home = HOMES[CLIENTS.find((client) => client.network === network)?.label ?? ''];
    if (server === undefined || home === undefined) return;
    const named = SITES_BY_ADDRESS[rest[0] ?? ''];
    const site = SITES.find((one) => one === named);
    this.answers.push({ server, home, site, text: rest.join(' '), atMs: performance.now() });
  }
}

export const SERVER_NAMES: readonly string[] = Object.keys(SERVERS);
