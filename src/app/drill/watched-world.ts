// Servers that are only watched: production, say. The operator breaks and mends things by himself; this asks, tells what to do, waits
// until Enter says that it is done, and measures from that moment. It changes nothing anywhere.

import { createInterface, type Interface } from 'node:readline';
import { type Cidr, parseCidr } from '../../base/address.ts';
import { type AskedServer, startAsking } from '../../drill/asker.ts';
import type { Answer, FaultName, FaultWays, LimitName, Stage, World } from '../../drill/model.ts';
import { nameFromText } from '../../wire/name.ts';
import type { OptionValues } from '../commands/args.ts';
import { readServerAddress, SERVER_FORMS } from '../commands/server-address.ts';
import { PACES } from './pace.ts';

/** Each server is asked for each network twice a second: nobody minds, and three seconds show where a client is at home. */
const ROUND_MS = 500;
const MOST_SERVERS = 32;
const MOST_CLIENTS = 16;

export interface Watch {
  readonly servers: readonly AskedServer[];
  readonly name: string;
  readonly wireName: Uint8Array;
  readonly networks: readonly { readonly text: string; readonly network: Cidr }[];
  readonly site: string | null;
}

/** What `--server`, `--name`, `--client` and `--site` ask for, or what is wrong with them. */
export function readWatch(values: OptionValues): Watch | string {
  const given = (values['server'] ?? []) as readonly string[];
  if (given.length === 0) return '--server is missing: --name, --client and --site say what to watch there';
  if (given.length > MOST_SERVERS) return `--server may be given ${MOST_SERVERS} times`;
  const servers: AskedServer[] = [];
  for (const text of given) {
    const address = readServerAddress(text.replace(/^@/, ''));
    if (address === undefined) return `--server takes ${SERVER_FORMS}, found "${text}"`;
    servers.push({ name: text, address: address.server, port: address.port });
  }
  const name = values['name'];
  if (typeof name !== 'string') return '--name is missing: the name to ask for';
  const wireName = nameFromText(name);
  if (typeof wireName === 'string') return wireName;
  const clients = (values['client'] ?? []) as readonly string[];
  if (clients.length === 0) return '--client is missing: a network whose clients are to lose their site';
  if (clients.length > MOST_CLIENTS) return `--client may be given ${MOST_CLIENTS} times`;
  const networks: { text: string; network: Cidr }[] = [];
  for (const text of clients) {
    const network = parseCidr(text);
    if (network === undefined)
      return `--client takes an address or ADDRESS/LENGTH without bits beyond the length, found "${text}"`;
    networks.push({ text, network });
  }
  const site = values['site'];
  return { servers, name, wireName, networks, site: typeof site === 'string' ? site : null };
}

/** What the operator is told to do, and to undo. */
const ORDERS: Readonly<Record<FaultName, readonly [string, string]>> = {
  'site-stops': ['stop the site: its address must refuse connections', 'start the site again'],
  'site-slows': ['make the site answer later than its checks wait', 'make the site answer at once again'],
  'web-server-stops': ['stop one web server of the site', 'start the web server again'],
  'certificate-wrong': ['give the site the certificate of another name', 'put the right certificate back'],
  'region-cut': ['cut the region of the first server off from the others', 'let the region back'],
  'redis-stops': ['stop Redis', 'start Redis again'],
  'redis-master-stops': ['stop the master of Redis', 'start the former master again'],
  'dns-server-stops': ['stop the first server', 'start the first server again'],
  'servers-restart': ['restart the servers, one after another', 'make sure that every server runs'],
  'servers-upgrade': ['run "meridian upgrade" beside each server, one after another', 'make sure that every server runs'],
  'zone-breaks': ['push a zone with an error to every server', 'put the former zone back'],
  'crowd-comes': ['send more clients to the site than it can take', 'let them go'],
};
/** While these last, servers may be away. */
const TAKES_FIRST_AWAY: readonly FaultName[] = ['dns-server-stops', 'region-cut'];

export class WatchedWorld implements World {
  readonly title = 'servers that are only watched';
  readonly servers: readonly string[];
  readonly clients: readonly { readonly network: string; readonly label: string }[];
  readonly name: string;
  readonly subject: { readonly site: string | null; readonly server: string };
  readonly limitsMs: Readonly<Record<LimitName, number>> = PACES.default.limitsMs;
  readonly steadyMs: number = PACES.default.steadyMs;
  readonly faults: Readonly<Partial<Record<FaultName, FaultWays>>>;
  readonly #watch: Watch;
  #input: Interface | null = null;

  constructor(watch: Watch) {
    this.#watch = watch;
    this.servers = watch.servers.map(({ name }) => name);
    this.clients = watch.networks.map(({ text }) => ({ network: text, label: text }));
    this.name = watch.name;
    this.subject = { site: watch.site, server: this.servers[0]! };
    this.faults = Object.fromEntries(
      (Object.keys(ORDERS) as FaultName[]).map((name) => [name, this.#waysOf(name, ...ORDERS[name])]),
    );
  }

  open(): Promise<void> {
    // Standard error: with --json, standard output is for the report.
    this.#input = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
    return Promise.resolve();
  }

  ask(take: (answer: Answer) => void): () => Promise<void> {
    const { servers, networks, wireName } = this.#watch;
    return startAsking({ servers, networks, name: wireName, roundMs: ROUND_MS, siteOf: () => undefined, take });
  }

  close(): Promise<void> {
    this.#input?.close();
    return Promise.resolve();
  }

  #waysOf(name: FaultName, order: string, undoing: string): FaultWays {
    const first = this.servers[0]!;
    const isAway = TAKES_FIRST_AWAY.includes(name);
    return {
      does: `YOU: ${order}`,
      undoes: `YOU: ${undoing}`,
      make: async ({ excuse, signal }: Stage) => {
        const away = name === 'servers-restart' ? this.servers : isAway ? [first] : [];
        for (const server of away) excuse(server);
        await this.#confirmed(signal);
      },
      undo: async ({ require, signal }: Stage) => {
        await this.#confirmed(signal);
        for (const server of this.servers) require(server);
      },
    };
  }

  /** Resolves when the operator presses Enter; at the end of input, or when the drill is told to stop, at once. */
  #confirmed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    process.stderr.write('press Enter in the moment in which it is done\n');
    const input = this.#input;
    if (input === null) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        input.off('line', done);
        input.off('close', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      input.once('line', done);
      input.once('close', done);
      signal.addEventListener('abort', done);
    });
  }
}
