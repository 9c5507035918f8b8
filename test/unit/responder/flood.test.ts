// What a whole flood of forged queries is answered with, and what honest crowds are, counted octet by octet on a simulated clock.

import test from 'ava';
import { loadConfig } from '../../../src/config/load.ts';
import { Counters, countersSize } from '../../../src/metrics/counters.ts';
import type { Client } from '../../../src/model/client.ts';
import type { RateLimitSettings } from '../../../src/model/snapshot.ts';
import { Responder } from '../../../src/responder/responder.ts';
import { ROOT } from '../../support/paths.ts';
import { queryOctets } from '../../support/query-octets.ts';
import { Random } from '../../support/random.ts';
import { ResolverCrowd } from '../../support/resolver-crowd.ts';
import { clientOf, imagesOf, limitsOf } from '../../support/responder.ts';

const SEED = 60_013;
const ORIGIN = 'flood.test.';
const ZONE = `
$TTL 3600
@     SOA ns1 hostmaster 1 7200 900 1209600 300
@     NS  ns1
ns1   A   192.0.2.53
www   A   192.0.2.1
big   TXT ${Array.from({ length: 4 }, (_, i) => `"${String(i).repeat(240)}"`).join(' ')}
sub   NS  ns1.sub
sub   NS  ns2.sub
ns1.sub A 192.0.2.54
ns2.sub A 192.0.2.55
`;
const images = imagesOf({ zones: { [ORIGIN]: ZONE } });

/** A tenth of the default budgets: a tenth of the queries shows the same. */
const TENTH = { excessPerSecond: 10_000, excessBurst: 25_000, dropOneIn: 8, tableSize: 16_384, totalExcess: 400_000 };
/** The widest network that shares a budget has 5 times that of an address. */
const MOST_BUDGETS = 5;

const asks = (name: string, type: string): Uint8Array =>
  queryOctets({ name: `${name}.${ORIGIN}`, type, opt: { udpPayloadSize: 4096 } });

/** Queries by the kind of their reply. */
const KINDS = {
  'an address': asks('www', 'A'),
  'a large text': asks('big', 'TXT'),
  'no such name': asks('nothing', 'A'),
  'a delegation': asks('host.sub', 'A'),
} as const;

class Tally {
  readonly responder: Responder;
  /** Octets received and sent. */
  received = 0;
  sent = 0;
  /** Replies in full, truncated, and not sent. */
  full = 0;
  truncated = 0;
  dropped = 0;
  droppedOctets = 0;
  readonly #output = new Uint8Array(4096);

  /** Of replies from a responder of its own, or from that of another tally. */
  constructor(settings: Partial<RateLimitSettings>, other?: Tally) {
    const counters = new Counters(new SharedArrayBuffer(countersSize(1))).row(0);
    this.responder = other?.responder ?? new Responder({ udpPayloadSize: 1232, counters, rateLimit: limitsOf(settings) });
    this.responder.install(images);
  }

  ask(query: Uint8Array, client: Client): void {
    const size = this.responder.respond(query, 0, query.length, client, this.#output, 0);
    this.received += query.length;
    this.sent += size;
    if (size === 0) {
      this.dropped++;
      this.droppedOctets += query.length;
    } else if ((this.#output[2]! & 2) !== 0) this.truncated++;
    else this.full++;
  }
}

type Forge = (octets: Uint8Array, random: Random) => void;
type Beside = (nowMs: number) => void;

/** A flood for so long of so many queries a millisecond; beside it, whatever else there is in each millisecond. */
function flood(
  tally: Tally,
  query: Uint8Array,
  from: readonly [string, Forge],
  ms: number,
  perMs: number,
  beside: Beside = () => {},
): void {
  const [address, forge] = from;
  const random = new Random(SEED);
  const client = clientOf({ address });
  for (; client.nowMs < ms; client.nowMs++) {
    for (let i = 0; i < perMs; i++) {
      forge(client.octets, random);
      tally.ask(query, client);
    }
    beside(client.nowMs);
  }
}

/** Any address behind a prefix of whole octets and some bits of the next one. */
const within =
  (prefixLen: number): Forge =>
  (octets, random) => {
    const first = prefixLen >> 3;
    const mask = 0xff >> (prefixLen & 7);
    octets[first] = (octets[first]! & ~mask) | (random.below(256) & mask);
    const end = first < 4 ? 4 : 16;
    for (let i = first + 1; i < end; i++) octets[i] = random.below(256);
  };

const EVERYWHERE: readonly [string, Forge] = [
  '1.0.0.1',
  (octets, random) => octets.set([1 + random.below(220), random.below(256), 0, 1]),
];

const NETWORKS: readonly (readonly [string, number])[] = [
  ['192.0.2.1', 32],
  ['192.0.2.1', 24],
  ['192.0.2.1', 20],
  ['192.0.2.1', 18],
  ['2001:db8:1:2::1', 128],
  ['2001:db8:1:2::1', 64],
  ['2001:db8:1:2::1', 48],
  ['2001:db8:1:2::1', 32],
];

for (const [kind, query] of Object.entries(KINDS)) {
  test(`a flood for ${kind} from one network, whatever its width, gets back less than it sends, its first second included`, (t) => {
    for (const [address, prefixLen] of NETWORKS) {
      const tally = new Tally(TENTH);
      flood(tally, query, [address, within(prefixLen)], 3000, 30);
      const title = `${address}/${prefixLen}: ${(tally.sent / tally.received).toFixed(3)}`;
      t.true(tally.sent <= tally.received, title);
      t.true(tally.truncated > 6 * tally.dropped, title); // most are sent to TCP all the same
    }
  });
}

test('what a flood gets is bounded to the octet: what it sends, less what is dropped, and the budget of its network', (t) => {
  for (const perMs of [1, 4, 40]) {
    for (const query of Object.values(KINDS)) {
      const tally = new Tally(TENTH);
      flood(tally, query, ['192.0.2.1', within(18)], 3000, perMs);
      const budget = MOST_BUDGETS * (TENTH.excessBurst + 3 * TENTH.excessPerSecond);
      t.true(tally.sent <= tally.received - tally.droppedOctets + budget);
    }
  }
});

test('a flood from so many networks that none is over its budget gets no more than the budget of all large replies', (t) => {
  const tally = new Tally(TENTH);
  flood(tally, KINDS['a large text'], EVERYWHERE, 3000, 20);
  t.is(tally.dropped, 0);
  t.true(tally.sent - tally.received <= TENTH.totalExcess * 4);
  t.true(tally.sent - tally.received >= TENTH.totalExcess * 3.9); // what is allowed is given
});

test('in such a flood small replies are still given in full, to the forged networks and to others', (t) => {
  const tally = new Tally(TENTH);
  const real = new Tally(TENTH, tally);
  const client = clientOf({});
  const random = new Random(SEED);
  flood(tally, KINDS['a large text'], EVERYWHERE, 3000, 20, (nowMs) => {
    client.nowMs = nowMs;
    client.octets.set([1 + random.below(220), random.below(256), random.below(2), 1]);
    real.ask(KINDS['an address'], client);
  });
  t.true(tally.truncated > 40_000);
  t.is(real.full, 3000);
});

test('in a flooded network most small questions of a real client are answered in full: they fit into what is left', (t) => {
  const tally = new Tally(TENTH);
  const real = new Tally(TENTH, tally);
  const client = clientOf({ address: '192.0.2.200' });
  flood(tally, KINDS['a large text'], ['192.0.2.1', within(24)], 5000, 20, (nowMs) => {
    client.nowMs = nowMs;
    if (nowMs % 5 === 0) real.ask(KINDS['an address'], client);
  });
  t.true(real.full > 800, `${real.full} of 1000`);
});

test('a crowd of honest resolvers at 50,000 queries a second is never limited by the default settings', (t) => {
  const { snapshot } = loadConfig(`${ROOT}zones/meridian.yaml`);
  const tally = new Tally(snapshot!.server.rateLimit);
  const crowd = new ResolverCrowd(5000, 3000, SEED);
  flood(tally, KINDS['an address'], ['1.0.0.1', (octets) => crowd.next(octets)], 4000, 50);
  t.is(tally.full, 200_000);
});
