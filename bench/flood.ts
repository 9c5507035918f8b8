// What floods cost and what they earn their senders. Two parts; each prints a table.
//   names    random names that do not exist against names that do: octets in, octets out, and through a server over UDP
//   sources  queries with forged source addresses, octets in, octets out on a simulated clock: what a victim gets for each octet
//            that the sender spends, and what happens to two real clients in the flooded network, one with a DNS Cookie; then
//            what happens to a crowd of honest resolvers without cookies, with and without a flood
// Run with `node dist/bench/flood.js [names|sources]`: about a minute, on loopback only.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCidr } from '../src/base/address.ts';
import { Counters, countersSize } from '../src/metrics/counters.ts';
import type { Client } from '../src/model/client.ts';
import type { RateLimitSettings } from '../src/model/snapshot.ts';
import { Responder } from '../src/responder/responder.ts';
import { OPTION } from '../src/wire/constants.ts';
import { decodeMessage } from '../src/wire/message.ts';
import { option, queryOctets } from '../test/support/query-octets.ts';
import { Random } from '../test/support/random.ts';
import { ResolverCrowd } from '../test/support/resolver-crowd.ts';
import { clientOf, imagesOf, limitsOf, zoneImage } from '../test/support/responder.ts';
import { runLoad, writeQueries } from './load-generator.ts';
import { meridianConfig, ORIGIN } from './million-zone.ts';
import {
  cpuMs,
  freePort,
  MERIDIAN,
  median,
  moveToLoadCore,
  printTable,
  startServer,
  waitForAnswer,
  withDirectory,
} from './support.ts';

const NAMES = 100_000;
const ZONE = `
$TTL 3600
@     SOA ns1 hostmaster 1 7200 900 1209600 300
@     NS  ns1
ns1   A   192.0.2.53
sub   NS  ns1.sub
sub   NS  ns2.sub
ns1.sub A 192.0.2.54
ns2.sub A 192.0.2.55
big   TXT ${Array.from({ length: 4 }, (_, i) => `"${String(i).repeat(240)}"`).join(' ')}
$GENERATE 0-49999 h$ A 198.51.100.1
$GENERATE 50000-99999 h$ A 198.51.100.1
`;

const ROUNDS = 5;
const CALLS = 500_000;
const UDP_ROUNDS = 3;
const UDP_SECONDS = 4;
const UDP_OUTSTANDING = 100;
const MESSAGES = 20_000;

const FLOOD_PER_MS = 200;
const FLOOD_MS = 6000;
/** The first second holds the bursts; what lasts is measured behind it. */
const SETTLED_MS = 1000;
const REAL_EVERY_MS = 25;

const RESOLVERS = 5000;
const RESOLVER_NETWORKS = 3000;
const CROWD_PER_MS = 50;
const LARGE_SHARE = 0.02;

/** The defaults of the configuration. */
const LIMITS: RateLimitSettings = {
  enabled: true,
  excessPerSecond: 100_000,
  excessBurst: 250_000,
  dropOneIn: 8,
  tableSize: 131_072,
  allow: [parseCidr('127.0.0.0/8')!],
  totalExcess: 4_000_000,
  total: 0,
};

const zone = zoneImage(`${ORIGIN}.`, ZONE);
const images = { ...imagesOf({ zones: {} }), zones: [zone] };
const output = new Uint8Array(65_535);

function responder(limits: RateLimitSettings | null): Responder {
  const made = new Responder({
    udpPayloadSize: 1232,
    counters: new Counters(new SharedArrayBuffer(countersSize(1))).row(0),
    ...(limits === null ? {} : { rateLimit: limitsOf(limits) }),
  });
  made.install(images);
  made.useCookieSecrets([new Uint8Array(16).fill(7)]);
  return made;
}

const random = new Random(2024);
const existing = (): string => `h${random.below(NAMES)}.${ORIGIN}`;
const missing = (): string => `${random.uint32().toString(36)}.${ORIGIN}`;

/** CPU time of one respond() in ns, the median of several rounds. */
function nsPerCall(server: Responder, names: () => string): number {
  const messages = Array.from({ length: MESSAGES }, () => queryOctets({ name: `${names()}.`, type: 'A', opt: {} }));
  const client = clientOf({ address: '127.0.0.1' });
  const round = (): number => {
    const before = process.cpuUsage();
    for (let i = 0, m = 0; i < CALLS; i++) {
      server.respond(messages[m]!, 0, messages[m]!.length, client, output, 0);
      if (++m === MESSAGES) m = 0;
    }
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / CALLS;
  };
  round();
  return median(Array.from({ length: ROUNDS }, round));
}

async function names(directory: string): Promise<void> {
  const kinds = [
    ['names that exist', existing],
    ['random names', missing],
  ] as const;
  const server = responder(LIMITS);
  const calls = kinds.map(([, name]) => nsPerCall(server, name));
  const figures = await overUdp(
    directory,
    kinds.map(([, name]) => name),
  );
  printTable([
    ['queries', 'respond(), ns', 'over UDP, queries/s', 'CPU per query, us', 'lost'],
    ...kinds.map(([title], i) => {
      const udp = figures[i]!;
      return [title, calls[i]!.toFixed(0), udp.perSecond.toFixed(0), udp.cpuUs.toFixed(2), String(udp.lost)];
    }),
  ]);
  console.log(`\nrandom / existing: respond() ${(calls[1]! / calls[0]!).toFixed(2)} of the time`);
  const [plain, flood] = figures as [UdpFigures, UdpFigures];
  console.log(
    `over UDP ${(flood.perSecond / plain.perSecond).toFixed(2)} of the throughput at ${(flood.cpuUs / plain.cpuUs).toFixed(2)} of the CPU time`,
  );
}

interface UdpFigures {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly lost: number;
}

/** Asks a server of one worker for each kind of names in turn, several times; medians by kind. */
async function overUdp(directory: string, kinds: readonly (() => string)[]): Promise<UdpFigures[]> {
  moveToLoadCore();
  const port = await freePort();
  const config = join(directory, 'meridian.yaml');
  writeFileSync(config, meridianConfig(directory, port, 'none'));
  writeFileSync(join(directory, `${ORIGIN}.zone`), ZONE);
  const files = kinds.map((name, i) => {
    const queries = Array.from({ length: NAMES }, () => queryOctets({ name: `${name()}.`, type: 'A', opt: {} }));
    return writeQueries(join(directory, `${i}.queries`), queries);
  });
  const server = startServer([...MERIDIAN, 'serve', '--config', config], directory);
  await waitForAnswer(port, `h1.${ORIGIN}`);
  const runs: UdpFigures[][] = kinds.map(() => []);
  for (let round = -1; round < UDP_ROUNDS; round++) {
    for (const [i, queryFile] of files.entries()) {
      const before = cpuMs(server.pid);
      const load = await runLoad({ port, queryFile, seconds: UDP_SECONDS, window: UDP_OUTSTANDING, spins: true });
      const cpuUs = ((cpuMs(server.pid) - before) * 1000) / load.answered;
      if (round >= 0) runs[i]!.push({ perSecond: load.perSecond, cpuUs, lost: load.lost }); // the first round warms up
    }
  }
  await server.stop();
  return runs.map((list) => ({
    perSecond: median(list.map((run) => run.perSecond)),
    cpuUs: median(list.map((run) => run.cpuUs)),
    lost: list.reduce((sum, run) => sum + run.lost, 0),
  }));
}

type Forge = (client: Client) => void;
const everywhere: Forge = (client) => setHost(client, random.below(65_536) * 65_536 + 1);
const FLOODS: readonly (readonly [string, Forge])[] = [
  ['one address', () => {}],
  ['a /24', (client) => setHost(client, 0xc0000200 | random.below(256))],
  ['16 networks /24', (client) => setHost(client, 0xc0000000 | random.below(4096))],
  ['65,536 networks /24', everywhere],
];

function setHost(client: Client, address: number): void {
  for (let i = 0; i < 4; i++) client.octets[i] = address >>> (24 - 8 * i);
}

interface FloodFigures {
  /** Octets out for each octet in. */
  readonly whole: number;
  readonly settled: number;
  /** Queries of each real client; those answered in full, and those sent to TCP. */
  readonly real: number;
  readonly realInFull: number;
  readonly withoutCookie: number;
  readonly withoutCookieToTcp: number;
  readonly nsPerQuery: number;
}

const asks = (name: string, type: string): Uint8Array =>
  queryOctets({ name: `${name}.${ORIGIN}.`, type, opt: { udpPayloadSize: 4096 } });
const LARGE = asks('big', 'TXT');

/** A flood of `FLOOD_PER_MS` queries a millisecond, and two real clients in the first /24 of it: one with a cookie. */
function flood(limits: RateLimitSettings | null, forge: Forge, attack = LARGE): FloodFigures {
  const server = responder(limits);
  const forged = clientOf({ address: '192.0.2.1' });
  const cookie = cookieFor(server, clientOf({ address: '192.0.2.200', isStream: true }));
  const known = {
    client: clientOf({ address: '192.0.2.200' }),
    inFull: 0,
    toTcp: 0,
    query: realQuery([option(OPTION.COOKIE, ...cookie)]),
  };
  const unknown = { client: clientOf({ address: '192.0.2.201' }), inFull: 0, toTcp: 0, query: realQuery([]) };
  const total = { in: 0, out: 0 };
  const settled = { in: 0, out: 0 };
  let real = 0;
  const before = process.cpuUsage();
  for (let nowMs = 0; nowMs < FLOOD_MS; nowMs++) {
    forged.nowMs = nowMs;
    const at = nowMs < SETTLED_MS ? total : settled;
    for (let i = 0; i < FLOOD_PER_MS; i++) {
      forge(forged);
      at.in += attack.length;
      at.out += server.respond(attack, 0, attack.length, forged, output, 0);
    }
    if (nowMs % REAL_EVERY_MS !== 0) continue;
    real++;
    for (const one of [known, unknown]) {
      one.client.nowMs = nowMs;
      const size = server.respond(one.query, 0, one.query.length, one.client, output, 0);
      if (size > 0 && output[7] === 1)
        one.inFull++; // ANCOUNT
      else if (size > 0 && isTruncated()) one.toTcp++;
    }
  }
  const { user, system } = process.cpuUsage(before);
  return {
    whole: (total.out + settled.out) / (total.in + settled.in),
    settled: settled.out / settled.in,
    real,
    realInFull: known.inFull,
    withoutCookie: unknown.inFull,
    withoutCookieToTcp: unknown.toTcp,
    nsPerQuery: ((user + system) * 1000) / (FLOOD_MS * FLOOD_PER_MS),
  };
}

const isTruncated = (): boolean => (output[2]! & 2) !== 0;

const realQuery = (options: readonly Uint8Array[]): Uint8Array =>
  queryOctets({ name: `h1.${ORIGIN}.`, type: 'A', opt: { options } });

/** The cookie that the server gives to a client over a stream. */
function cookieFor(server: Responder, client: Client): Uint8Array {
  const query = realQuery([option(OPTION.COOKIE, 1, 2, 3, 4, 5, 6, 7, 8)]);
  const size = server.respond(query, 0, query.length, client, output, 0);
  const reply = decodeMessage(output.slice(0, size));
  if (typeof reply === 'string') throw new Error(reply);
  return reply.edns!.options.find(({ code }) => code === OPTION.COOKIE)!.data;
}

interface CrowdFigures {
  readonly full: number;
  readonly toTcp: number;
  readonly dropped: number;
}

/** Honest resolvers without cookies at the default settings, `CROWD_PER_MS` queries a millisecond, and a flood if there is one. */
function crowd(largeShare: number, forge: Forge | null): CrowdFigures {
  const server = responder(LIMITS);
  const resolvers = new ResolverCrowd(RESOLVERS, RESOLVER_NETWORKS, 2024);
  const client = clientOf({ address: '192.0.2.1' });
  const forged = clientOf({ address: '192.0.2.1' });
  const small = realQuery([]);
  const figures = { full: 0, toTcp: 0, dropped: 0 };
  for (let nowMs = 0; nowMs < FLOOD_MS; nowMs++) {
    client.nowMs = nowMs;
    forged.nowMs = nowMs;
    for (let i = 0; i < CROWD_PER_MS; i++) {
      resolvers.next(client.octets);
      const query = random.below(1000) < 1000 * largeShare ? LARGE : small;
      const size = server.respond(query, 0, query.length, client, output, 0);
      if (size === 0) figures.dropped++;
      else if (isTruncated()) figures.toTcp++;
      else figures.full++;
      for (let k = 0; forge !== null && k < FLOOD_PER_MS / CROWD_PER_MS; k++) {
        forge(forged);
        server.respond(LARGE, 0, LARGE.length, forged, output, 0);
      }
    }
  }
  return figures;
}

function sources(): void {
  const variants: readonly (readonly [string, RateLimitSettings | null])[] = [
    ['none', null],
    ['default', LIMITS],
    ['dropOneIn: 2', { ...LIMITS, dropOneIn: 2 }],
    ['totalExcess: 1000000', { ...LIMITS, totalExcess: 1_000_000 }],
  ];
  const rows = [['forged sources', 'limits', 'out/in', 'after 1 s', 'with cookie', 'without', '+ over TCP', 'CPU ns/query']];
  for (const [title, forge] of FLOODS) {
    for (const [limits, settings] of variants) {
      const figures = flood(settings, forge);
      rows.push([
        title,
        limits,
        figures.whole.toFixed(3),
        figures.settled.toFixed(3),
        `${figures.realInFull}/${figures.real}`,
        `${figures.withoutCookie}/${figures.real}`,
        String(figures.withoutCookieToTcp),
        figures.nsPerQuery.toFixed(0),
      ]);
    }
  }
  console.log(`${FLOOD_PER_MS},000 forged queries a second for ${FLOOD_MS / 1000} s of simulated time; out/in: octets of DNS`);
  printTable(rows);
  kinds();
  crowds();
}

/** The same flood at default settings by what it asks for, and from how wide a network. */
function kinds(): void {
  const widths = FLOODS.slice(0, 3).concat([['64 networks /24', (client) => setHost(client, 0xc0000000 | random.below(16_384))]]);
  const rows = [['out/in for', ...widths.map(([title]) => title)]];
  for (const [title, query] of [
    ['an address', asks('h1', 'A')],
    ['no such name', asks('missing', 'A')],
    ['a delegation', asks('host.sub', 'A')],
    ['1 KB of text', LARGE],
  ] as const) {
    rows.push([title, ...widths.map(([, forge]) => flood(LIMITS, forge, query).whole.toFixed(3))]);
  }
  console.log('\nby kind of reply, at default settings');
  printTable(rows);
}

function crowds(): void {
  const rows = [['replies to the crowd', 'flood', 'in full', 'sent to TCP', 'dropped']];
  for (const [title, largeShare] of [
    ['all small', 0],
    [`${100 * LARGE_SHARE} % of 1 KB`, LARGE_SHARE],
  ] as const) {
    for (const [flooded, forge] of [['none', null], ...FLOODS.slice(2)] as const) {
      const { full, toTcp, dropped } = crowd(largeShare, forge);
      rows.push([title, flooded, String(full), String(toTcp), String(dropped)]);
    }
  }
  console.log(
    `\n${RESOLVERS} honest resolvers in ${RESOLVER_NETWORKS} networks /24, ${CROWD_PER_MS},000 queries a second for ${FLOOD_MS / 1000} s`,
  );
  printTable(rows);
}

const part = process.argv[2];
if (part !== 'sources') await withDirectory(names);
if (part === undefined) console.log();
if (part !== 'names') sources();
