// What bench/responder serves and asks. Everything random comes from one seed.

import type { ResponderImages } from '../src/responder/responder.ts';
import { ecs, option, type QuerySpec } from '../test/support/query-octets.ts';
import { Random } from '../test/support/random.ts';
import { imagesOf } from '../test/support/responder.ts';
import { modelOf, nearest, pool } from '../test/support/steering.ts';

const NAMES = 100_000;
const NETWORKS = 20_000;
/** Records of one $GENERATE line: few enough for the limit on them. */
const BLOCK = 50_000;
const MILLION = 1_000_000;
const CLIENT_COOKIE = [1, 2, 3, 4, 5, 6, 7, 8];
/** A server cookie of the right form and time, so that its hash is checked. */
const FORGED = [1, ...Array(15).fill(0)];

const hosts = (count: number): string =>
  Array.from({ length: count / BLOCK }, (_, i) => `$GENERATE ${i * BLOCK}-${(i + 1) * BLOCK - 1} h$ A 198.51.100.1\n`).join('');

const ZONE = `
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
${hosts(NAMES)}`;

const SITES = [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }, { site: 'tokyo' }, { site: 'sydney' }] as const;

const random = new Random(7);

/** 200 networks /8, and in them 20,000 others from /12 to /24, each somewhere on earth. */
function networkMap(): string {
  const lines = new Map<string, string>();
  const place = (): string => `lat=${random.below(160) - 80} lon=${random.below(360) - 180}`;
  for (let i = 0; i < 200; i++) lines.set(`${i + 11}.0.0.0/8`, place());
  while (lines.size < NETWORKS) {
    const prefixLen = 12 + random.below(13);
    const network = (((random.below(200) + 11) << 24) | random.below(1 << 24)) & (-1 << (32 - prefixLen));
    lines.set(`${[24, 16, 8, 0].map((shift) => (network >>> shift) & 255).join('.')}/${prefixLen}`, place());
  }
  return [...lines].map(([network, where]) => `${network} ${where}`).join('\n');
}

export const images = (): ResponderImages =>
  imagesOf({
    zones: { 'bench.test.': ZONE },
    model: modelOf({ web: SITES }, { geo: { root: nearest(0) }, sticky: { root: pool(0), pick: 'sticky' } }),
    networks: networkMap(),
  });

/** A zone of a million names beside nothing else. */
export const millionNames = (): ResponderImages =>
  imagesOf({
    zones: { 'bench.test.': `$TTL 300\n@ SOA ns1 host 1 7200 900 1209600 60\n@ NS ns1\nns1 A 192.0.2.1\n${hosts(MILLION)}` },
  });

/** The first of the questions that renumber() makes. */
export const nameQuery = (number: number): QuerySpec => ({
  name: `h${String(MILLION / 10 + number)}.bench.test.`,
  type: 'A',
  opt: {},
});

/** Where the digits of the name begin: behind the header, the length of the label and its letter. */
const DIGITS_AT = 12 + 2;

/** Puts other random digits into a message of nameQuery(): of a million names nine in ten, those with six digits. */
export function renumber(message: Uint8Array): void {
  let number = MILLION / 10 + ((random.uint32() >>> 8) % ((MILLION * 9) / 10));
  for (let i = 5; i >= 0; i--) {
    message[DIGITS_AT + i] = 0x30 + (number % 10);
    number = (number / 10) | 0;
  }
}

/** Puts another random network into a message that ends in a client subnet of three octets. */
function renetwork(message: Uint8Array): void {
  const octets = random.uint32();
  message[message.length - 3] = 11 + ((octets >>> 16) % 200);
  message[message.length - 2] = octets >>> 8;
  message[message.length - 1] = octets;
}

const network = (i: number): Uint8Array => ecs(1, 24, [11 + (i % 200), i & 255, 7]);
const toGslb = (name: string, subnet: Uint8Array): QuerySpec => ({ name, type: 'A', opt: { options: [subnet] } });

/** Name of the kind, its i-th question, and what is done to a message before each call. */
export const KINDS: readonly (readonly [string, (i: number) => QuerySpec, ((message: Uint8Array) => void)?])[] = [
  ['static A, one name', () => ({ name: 'h1.bench.test.', type: 'A', opt: {} })],
  ['static A, 1,000 names', (i) => ({ name: `h${(i * 7919) % NAMES}.bench.test.`, type: 'A', opt: {} })],
  ['NXDOMAIN, 1,000 names', (i) => ({ name: `x${i}.bench.test.`, type: 'A', opt: {} })],
  ['NODATA', () => ({ name: 'h1.bench.test.', type: 'TXT', opt: {} })],
  ['NS at the apex', () => ({ name: 'bench.test.', type: 'NS', opt: {} })],
  ['referral with glue', () => ({ name: 'host.sub.bench.test.', type: 'A', opt: {} })],
  ['chain of 3 CNAMEs', () => ({ name: 'c1.bench.test.', type: 'A', opt: {} })],
  ['CNAME out of the zone', () => ({ name: 'out.bench.test.', type: 'A', opt: {} })],
  ['GSLB by resolver', () => ({ name: 'www.bench.test.', type: 'A', opt: {} })],
  ['GSLB by ECS', (i) => toGslb('www.bench.test.', network(i))],
  ['GSLB by ECS, random networks', (i) => toGslb('www.bench.test.', network(i)), renetwork],
  ['GSLB sticky, ECS', (i) => toGslb('stick.bench.test.', network(i))],
  ['client cookie', () => ({ name: 'h1.bench.test.', type: 'A', opt: { options: [option(10, ...CLIENT_COOKIE)] } })],
  ['forged cookie', () => ({ name: 'h1.bench.test.', type: 'A', opt: { options: [option(10, ...CLIENT_COOKIE, ...FORGED)] } })],
  ['REFUSED', () => ({ name: 'www.elsewhere.test.', type: 'A', opt: {} })],
  ['FORMERR', () => ({ name: 'h1.bench.test.', type: 'A', opt: { options: [ecs(1, 33, [1, 2, 3, 4, 0])] } })],
];
