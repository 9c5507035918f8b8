// The questions of the proof: from the client of the stack, to every server, for a client network of every continent, again and again.

import type { Stack } from './stack.ts';

export const SITES = ['frankfurt', 'newyork', 'singapore'] as const;
export type SiteName = (typeof SITES)[number];

/** Client network and the site that is nearest to it, as deploy/compose/meridian has them. */
const CLIENTS: Readonly<Record<string, SiteName>> = {
  '192.0.2.0/24': 'frankfurt',
  '198.51.100.0/24': 'newyork',
  '203.0.113.0/24': 'singapore',
};
/** Server and its addresses: that in the network between the regions, and that of its own region. */
const SERVERS: Readonly<Record<string, readonly [string, string]>> = {
  'dns-1': ['10.153.0.11', '10.153.1.11'],
  'dns-2': ['10.153.0.12', '10.153.2.12'],
  'dns-3': ['10.153.0.13', '10.153.3.13'],
};
const SITE_OF_ADDRESS = /^10\.153\.0\.1([012])1$/;
const PAUSE_SEC = 0.3;
const ANSWER_LIMIT_SEC = 3;

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
    const servers = Object.values(SERVERS).map((addresses) => addresses[isLocal ? 1 : 0]);
    const question = `dig +short +tries=1 +time=${ANSWER_LIMIT_SEC} @$s www.example.test +subnet=$n`;
    // A server at a time and all of them beside one another, so that one that does not answer holds nobody up.
    const round = `for n in ${Object.keys(CLIENTS).join(' ')}; do echo "$s $n $(${question} | tr '\\n' ' ')"; done`;
    const script = `for s in ${servers.join(' ')}; do (while :; do ${round}; sleep ${PAUSE_SEC}; done) & done; wait`;
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
    const home = CLIENTS[network];
    if (server === undefined || home === undefined) return;
    const digit = SITE_OF_ADDRESS.exec(rest[0] ?? '')?.[1];
    const site = digit === undefined ? undefined : SITES[Number(digit)];
    this.answers.push({ server, home, site, text: rest.join(' '), atMs: performance.now() });
  }
}

export const SERVER_NAMES: readonly string[] = Object.keys(SERVERS);
