// What one call of respond() costs, by kind of answer, and whether it allocates. No sockets: octets in, octets out.
// Run with `node --expose-gc dist/bench/responder.js [calls in millions, default 10]`; the heap is measured after a full
// collection, and `B/call` is what the heap grew by per call before any collection ran.

import { Counters, countersSize } from '../src/metrics/counters.ts';
import { Responder } from '../src/responder/responder.ts';
import { ecs, option, type QuerySpec, queryOctets } from '../test/support/query-octets.ts';
import { clientOf, imagesOf } from '../test/support/responder.ts';
import { modelOf, nearest, pool } from '../test/support/steering.ts';

const NAMES = 100_000;
const CALLS_PER_KIND = 1_000_000;
const WARM_UP_CALLS = 200_000;
/** Few enough that the young generation is not collected meanwhile, even at a hundred octets a call. */
const ALLOCATION_CALLS = 20_000;
const ALLOCATION_ROUNDS = 5;
const UDP_SIZE = 1232;
const CLIENT_COOKIE = [1, 2, 3, 4, 5, 6, 7, 8];
/** A server cookie of the right form and time, so that its hash is checked. */
const FORGED = [1, ...Array(15).fill(0)];

const zone = `
$TTL 300
@     SOA ns1 host 1 7200 900 1209600 60
@     NS  ns1
@     NS  ns2
ns1   A   192.0.2.1
ns2   A   192.0.2.2
www   60  GSLB geo
stick 60  GSLB sticky
c1    CNAME c2
c2    CNAME c3
c3    CNAME h1
out   CNAME www.example.net.
sub   NS  ns.sub
sub   NS  ns2
ns.sub A  192.0.2.3
ns.sub AAAA 2001:db8::3
$GENERATE 0-49999 h$ A 198.51.100.1
$GENERATE 50000-99999 h$ A 198.51.100.1
`;

const sites = [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }, { site: 'tokyo' }, { site: 'sydney' }] as const;
const images = imagesOf({
  zones: { 'bench.test.': zone },
  model: modelOf({ web: sites }, { geo: { root: nearest(0) }, sticky: { root: pool(0), pick: 'sticky' } }),
  networks: Array.from({ length: 200 }, (_, i) => `${i + 11}.0.0.0/8 lat=${(i % 120) - 60} lon=${i - 100}`).join('\n'),
});

const KINDS: readonly [string, (i: number) => QuerySpec][] = [
  ['static A, one name', () => ({ name: 'h1.bench.test.', type: 'A', opt: {} })],
  ['static A, 1,000 names', (i) => ({ name: `h${(i * 7919) % NAMES}.bench.test.`, type: 'A', opt: {} })],
  ['NXDOMAIN, 1,000 names', (i) => ({ name: `x${i}.bench.test.`, type: 'A', opt: {} })],
  ['NODATA', () => ({ name: 'h1.bench.test.', type: 'TXT', opt: {} })],
  ['NS at the apex', () => ({ name: 'bench.test.', type: 'NS', opt: {} })],
  ['referral with glue', () => ({ name: 'host.sub.bench.test.', type: 'A', opt: {} })],
  ['chain of 3 CNAMEs', () => ({ name: 'c1.bench.test.', type: 'A', opt: {} })],
  ['CNAME out of the zone', () => ({ name: 'out.bench.test.', type: 'A', opt: {} })],
  ['GSLB nearest, resolver', () => ({ name: 'www.bench.test.', type: 'A', opt: {} })],
  [
    'GSLB nearest, ECS',
    (i) => ({ name: 'www.bench.test.', type: 'A', opt: { options: [ecs(1, 24, [11 + (i % 200), i & 255, 7])] } }),
  ],
  [
    'GSLB sticky, ECS',
    (i) => ({ name: 'stick.bench.test.', type: 'A', opt: { options: [ecs(1, 24, [11 + (i % 200), i & 255, 7])] } }),
  ],
  ['client cookie', () => ({ name: 'h1.bench.test.', type: 'A', opt: { options: [option(10, ...CLIENT_COOKIE)] } })],
  ['forged cookie', () => ({ name: 'h1.bench.test.', type: 'A', opt: { options: [option(10, ...CLIENT_COOKIE, ...FORGED)] } })],
  ['REFUSED', () => ({ name: 'www.elsewhere.test.', type: 'A', opt: {} })],
  ['FORMERR', () => ({ name: 'h1.bench.test.', type: 'A', opt: { options: [ecs(1, 33, [1, 2, 3, 4, 0])] } })],
];

const responder = new Responder({
  udpPayloadSize: UDP_SIZE,
  counters: new Counters(new SharedArrayBuffer(countersSize(1))).row(0),
});
responder.install(images);
responder.useCookieSecrets([new Uint8Array(16)]);
const client = clientOf({ address: '20.1.2.3' });
const output = new Uint8Array(65535);
let octets = 0;

function run(messages: readonly Uint8Array[], calls: number): void {
  for (let i = 0, m = 0; i < calls; i++) {
    const message = messages[m]!;
    octets += responder.respond(message, 0, message.length, client, output, 0);
    if (++m === messages.length) m = 0;
  }
}

function octetsPerCall(messages: readonly Uint8Array[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ALLOCATION_ROUNDS; round++) {
    const before = process.memoryUsage().heapUsed;
    run(messages, ALLOCATION_CALLS);
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown);
  }
  return least / ALLOCATION_CALLS;
}

function row(...cells: readonly string[]): void {
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(13))).join(''));
}

const messagesOf = (spec: (i: number) => QuerySpec): Uint8Array[] => Array.from({ length: 1000 }, (_, i) => queryOctets(spec(i)));

// All kinds are warmed up first: what is measured is the code as it is compiled for a mix, not for one kind alone.
const kinds = KINDS.map(([name, spec]) => [name, messagesOf(spec)] as const);
for (const [, messages] of kinds) run(messages, WARM_UP_CALLS);

row('answer', 'CPU ns/call', 'B/call', 'reply B');
for (const [name, messages] of kinds) {
  octets = 0;
  const before = process.cpuUsage();
  run(messages, CALLS_PER_KIND);
  const { user, system } = process.cpuUsage(before);
  const replySize = octets / CALLS_PER_KIND;
  row(name, (((user + system) * 1000) / CALLS_PER_KIND).toFixed(0), octetsPerCall(messages).toFixed(1), replySize.toFixed(0));
}

const mixed = Array.from({ length: 1000 }, (_, i) => kinds[i % kinds.length]![1][i]!);
const millions = Number(process.argv[2] ?? 10);
run(mixed, WARM_UP_CALLS);
globalThis.gc?.();
const heapBefore = process.memoryUsage().heapUsed;
run(mixed, millions * 1_000_000);
globalThis.gc?.();
const grownKb = (process.memoryUsage().heapUsed - heapBefore) / 1024;
console.log(
  `\nheap growth over ${millions} million mixed calls: ${grownKb.toFixed(1)} KiB${globalThis.gc ? '' : ' (run with --expose-gc)'}`,
);
