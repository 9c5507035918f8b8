import test from 'ava';
import fc from 'fast-check';
import { formatAddress } from '../../../src/base/address.ts';
import { cellOf, lookupCell } from '../../../src/geo/lookup.ts';
import type { HealthView } from '../../../src/model/health.ts';
import type { SteeringModel } from '../../../src/model/steering.ts';
import { RCODE } from '../../../src/wire/constants.ts';
import type { Message } from '../../../src/wire/message-types.ts';
import { ecs, option, wireName } from '../../support/query-octets.ts';
import { ecsOf, type From, imagesOf, lines, type Setup, TestResponder } from '../../support/responder.ts';
import { changing, down, modelOf, nearest, pool } from '../../support/steering.ts';

const plain = modelOf(
  {
    web: [{ site: 'london' }, { site: 'newyork' }, { site: 'tokyo' }],
    cdn: [{ site: 'london', has: 'alias' }],
    near: [{ site: 'london', has: 'alias' }],
    apex: [{ site: 'london', has: 'alias' }],
    back: [{ site: 'london', has: 'alias' }],
    v4: [{ site: 'london', has: 'v4' }],
  },
  {
    geo: { root: nearest(0) },
    even: { root: pool(0) },
    sticky: { root: pool(0), pick: 'sticky' },
    three: { root: pool(0), answers: 3 },
    'to-cdn': { root: pool(1) },
    'to-static': { root: pool(2) },
    'to-apex': { root: pool(3) },
    'to-chain': { root: pool(4) },
    v4only: { root: pool(5) },
    none: { root: pool(0), lastResort: { kind: 'nodata' } },
    fail: { root: pool(0), lastResort: { kind: 'servfail' } },
  },
);

/** Where the alias of each pool leads. */
const ALIASES: Readonly<Record<number, string>> = {
  1: 'Edge.Cdn.test.',
  2: 'Static.eu.gslb.test.',
  3: 'gslb.test.',
  4: 'chain.gslb.test.',
};
const model: SteeringModel = {
  ...plain,
  members: plain.members.map((member) => {
    const alias = ALIASES[member.pool];
    return alias === undefined ? member : { ...member, target: { kind: 'alias', name: wireName(alias) } };
  }),
};

const ZONE = `
$TTL 600
@           SOA ns host 1 2 3 4 60
@           NS ns
@           A 192.0.2.200
ns          A 192.0.2.201
www    120/20 GSLB geo
www         TXT "beside"
even     30 GSLB even
sticky   30 GSLB sticky
three    30 GSLB three
cdn      30 GSLB to-cdn
static   30 GSLB to-static
static.eu   A 192.0.2.210
apex     30 GSLB to-apex
back     30 GSLB to-chain
chain       CNAME back
v4       30 GSLB v4only
none     30 GSLB none
fail     30 GSLB fail
unknown  30 GSLB nobody
*.wild   30 GSLB geo
to-www      CNAME www
to-fail     CNAME fail
to-none     CNAME none
d           DNAME e
www.e    30 GSLB geo
`;

const NETWORKS = `
0.0.0.0/1       lat=40.7 lon=-74
128.0.0.0/1     lat=51.5 lon=0
203.0.113.0/24  lat=35.7 lon=139.7
2001:db8::/32   lat=35.7 lon=139.7
`;

const setup: Setup = { zones: { 'gslb.test.': ZONE }, model, networks: NETWORKS };
const server = new TestResponder(setup);
const health = (view: HealthView): TestResponder => new TestResponder({ ...setup, health: view });
const allDown = down(
  model,
  model.members.map(({ id }) => id),
);

interface Network {
  readonly ecs?: Uint8Array;
}
const ask = (name: string, type: string, network: Network = {}, from: From = {}, on = server): Message =>
  on.query({ name, type, ...(network.ecs === undefined ? {} : { opt: { options: [network.ecs] } }) }, from);

const LONDON = '192.0.2.0';
const NEWYORK = '192.0.2.1';
const TOKYO = '192.0.2.2';
const answer = (address: string, name = 'www.gslb.test.', ttl = 120): string[] => [`${name} ${ttl} A ${address}`];

const eu = { ecs: ecs(1, 24, [200, 1, 2]) };
const us = { ecs: ecs(1, 24, [20, 1, 2]) };
const japan = { ecs: ecs(1, 24, [203, 0, 113]) };

test("without a client subnet the resolver's address decides, and none is put into the reply", (t) => {
  const far = ask('www.gslb.test.', 'A', {}, { address: '203.0.113.9' });
  t.deepEqual(lines(far.answers), answer(TOKYO));
  t.true(far.flags.aa);
  t.deepEqual([far.authorities, far.additionals], [[], []]);
  t.is(far.edns, undefined);
  const withEdns = server.query({ name: 'www.gslb.test.', type: 'A', opt: {} }, { address: '20.0.0.1' });
  t.deepEqual(lines(withEdns.answers), answer(NEWYORK));
  t.deepEqual(withEdns.edns?.options, []);
});

test('the client subnet decides, and the scope is that of the map', (t) => {
  const cases: [Network, string, string][] = [
    [eu, LONDON, '1/24/7 200.1.2'],
    [us, NEWYORK, '1/24/1 20.1.2'],
    [japan, TOKYO, '1/24/24 203.0.113'],
    [{ ecs: ecs(1, 8, [203]) }, LONDON, '1/8/18 203'],
    [{ ecs: ecs(2, 32, [0x20, 1, 0xd, 0xb8]) }, TOKYO, '2/32/32 32.1.13.184'],
  ];
  for (const [network, address, echoed] of cases) {
    const reply = ask('www.gslb.test.', 'A', network, { address: '20.0.0.1' });
    t.deepEqual(lines(reply.answers), answer(address));
    t.is(ecsOf(reply), echoed);
  }
});

test('the scope is the merged network, not the raw prefix of the map', (t) => {
  const networks = '0.0.0.0/1 lat=40 lon=-74\n128.0.0.0/2 lat=51 lon=0\n192.0.0.0/2 lat=51 lon=0\n';
  const halves = new TestResponder({ ...setup, networks });
  const reply = ask('www.gslb.test.', 'A', { ecs: ecs(1, 24, [130, 1, 2]) }, {}, halves);
  t.deepEqual(lines(reply.answers), answer(LONDON));
  t.is(ecsOf(reply), '1/24/1 130.1.2');
});

test("SOURCE 0 is answered by the resolver's address with scope 0", (t) => {
  for (const [option, echoed] of [
    [ecs(1, 0, []), '1/0/0'],
    [ecs(2, 0, []), '2/0/0'],
    [ecs(0, 0, []), '0/0/0'],
  ] as const) {
    const reply = ask('www.gslb.test.', 'A', { ecs: option }, { address: '203.0.113.9' });
    t.deepEqual(lines(reply.answers), answer(TOKYO));
    t.is(ecsOf(reply), echoed);
  }
});

test("a private client subnet is answered by the resolver's address with the private block as scope", (t) => {
  const own = new TestResponder({ ...setup, networks: '203.0.113.0/24 lat=35.7 lon=139.7' });
  for (const [option, echoed] of [
    [ecs(1, 24, [10, 1, 2]), '1/24/8 10.1.2'],
    [ecs(1, 24, [192, 168, 7]), '1/24/16 192.168.7'],
    [ecs(2, 56, [0xfd, 1, 2, 3, 4, 5, 6]), '2/56/7 253.1.2.3.4.5.6'],
  ] as const) {
    const reply = ask('www.gslb.test.', 'A', { ecs: option }, { address: '203.0.113.9' }, own);
    t.deepEqual(lines(reply.answers), answer(TOKYO));
    t.is(ecsOf(reply), echoed);
  }
  t.is(own.count('ECS_PRIVATE'), 3);
});

test('AAAA is steered like A, and other types come from the zone or are NODATA with scope 0 because no network gets any', (t) => {
  t.deepEqual(lines(ask('www.gslb.test.', 'AAAA', japan).answers), ['www.gslb.test. 120 AAAA 2000::2']);
  const beside = ask('www.gslb.test.', 'TXT', japan);
  t.deepEqual(lines(beside.answers), ['www.gslb.test. 600 TXT "beside"']);
  t.is(ecsOf(beside), '1/24/0 203.0.113');
  for (const type of ['HTTPS', 'MX', 'GSLB', 'CNAME']) {
    const reply = ask('www.gslb.test.', type, japan);
    t.is(reply.rcode, RCODE.NOERROR);
    t.deepEqual(reply.answers, []);
    t.is(reply.authorities.length, 1);
    t.is(ecsOf(reply), '1/24/0 203.0.113');
  }
});

test('ANY at a name with nothing but a GSLB record gives HINFO, else the other RRset', (t) => {
  t.deepEqual(lines(ask('even.gslb.test.', 'ANY').answers), ['even.gslb.test. 60 HINFO "RFC8482" ""']);
  t.deepEqual(lines(ask('www.gslb.test.', 'ANY').answers), ['www.gslb.test. 600 TXT "beside"']);
});

test('a wildcard carries a GSLB record to the names below it', (t) => {
  t.deepEqual(lines(ask('a.b.wild.gslb.test.', 'A', japan).answers), answer(TOKYO, 'a.b.wild.gslb.test.', 30));
});

test('an answer is kept until its state could change, within the TTLs of the record', (t) => {
  for (const [ttlSec, told] of [
    [1000, 120],
    [45, 45],
    [2, 20],
  ] as const) {
    const seconds = Object.fromEntries(model.members.map(({ id }) => [id, ttlSec]));
    const changes = health(changing(model, seconds));
    t.deepEqual(lines(ask('www.gslb.test.', 'A', japan, {}, changes).answers), answer(TOKYO, 'www.gslb.test.', told));
    t.is(ask('even.gslb.test.', 'A', {}, {}, changes).answers[0]!.ttlSec, 30);
  }
});

test('several answers make one RRset', (t) => {
  const reply = ask('three.gslb.test.', 'A', eu);
  t.deepEqual(
    lines(reply.answers).toSorted(),
    [LONDON, NEWYORK, TOKYO].flatMap((address) => answer(address, 'three.gslb.test.', 30)),
  );
});

test('round-robin positions go on when images are replaced', (t) => {
  const own = new TestResponder(setup);
  const next = (): string => lines(ask('even.gslb.test.', 'A', eu, {}, own).answers)[0]!;
  const seen = [next()];
  own.install(setup);
  seen.push(next());
  own.install(setup);
  seen.push(next());
  t.is(new Set(seen).size, 3);
});

test('an alias is a CNAME, followed inside the zone only', (t) => {
  t.deepEqual(lines(ask('cdn.gslb.test.', 'A').answers), ['cdn.gslb.test. 30 CNAME Edge.Cdn.test.']);
  t.deepEqual(lines(ask('static.gslb.test.', 'A').answers), [
    'static.gslb.test. 30 CNAME Static.eu.gslb.test.',
    'Static.eu.gslb.test. 600 A 192.0.2.210',
  ]);
  t.deepEqual(lines(ask('apex.gslb.test.', 'A').answers), [
    'apex.gslb.test. 30 CNAME gslb.test.',
    'gslb.test. 600 A 192.0.2.200',
  ]);
  const missing = ask('static.gslb.test.', 'AAAA');
  t.is(missing.rcode, RCODE.NOERROR);
  t.is(missing.authorities.length, 1);
});

test('an alias that leads back ends the chain', (t) => {
  t.deepEqual(lines(ask('back.gslb.test.', 'A').answers), [
    'back.gslb.test. 30 CNAME chain.gslb.test.',
    'chain.gslb.test. 600 CNAME back.gslb.test.',
  ]);
  t.deepEqual(lines(ask('chain.gslb.test.', 'A').answers), [
    'chain.gslb.test. 600 CNAME back.gslb.test.',
    'back.gslb.test. 30 CNAME chain.gslb.test.',
  ]);
});

test('with a client subnet no tailored RRset stands beside another', (t) => {
  const before = ask('to-www.gslb.test.', 'A', japan);
  t.deepEqual(lines(before.answers), ['to-www.gslb.test. 600 CNAME www.gslb.test.']);
  t.is(ecsOf(before), '1/24/0 203.0.113');
  const behind = ask('static.gslb.test.', 'A', japan);
  t.deepEqual(lines(behind.answers), ['static.gslb.test. 30 CNAME Static.eu.gslb.test.']);
  t.not(ecsOf(behind), '1/24/0 203.0.113');
  const dname = ask('www.d.gslb.test.', 'A', japan);
  t.is(dname.answers.length, 2);
  t.is(ecsOf(dname), '1/24/0 203.0.113');
});

test('without one, or with SOURCE 0, the whole chain is answered', (t) => {
  const chain = ['to-www.gslb.test. 600 CNAME www.gslb.test.', ...answer(TOKYO)];
  const from = { address: '203.0.113.9' };
  t.deepEqual(lines(ask('to-www.gslb.test.', 'A', {}, from).answers), chain);
  t.deepEqual(lines(ask('to-www.gslb.test.', 'A', { ecs: ecs(1, 0, []) }, from).answers), chain);
  t.deepEqual(lines(ask('www.d.gslb.test.', 'A', {}, from).answers).at(-1), 'www.e.gslb.test. 30 A 192.0.2.2');
});

test('a policy that gives nothing is NODATA with SOA and the scope of the choice', (t) => {
  const own = health(allDown);
  for (const name of ['none.gslb.test.', 'to-none.gslb.test.']) {
    const reply = ask(name, 'A', {}, {}, own);
    t.is(reply.rcode, RCODE.NOERROR);
    t.true(reply.flags.aa);
    t.deepEqual(lines(reply.authorities), ['gslb.test. 60 SOA ns.gslb.test. host.gslb.test. 1 2 3 4 60']);
  }
  const scope = ecsOf(ask('www.gslb.test.', 'A', japan, {}, own));
  t.not(scope, '1/24/0 203.0.113');
  t.is(ecsOf(ask('none.gslb.test.', 'A', japan, {}, own)), scope);
  t.is(own.count('GSLB_NODATA'), 3);
  const noAaaa = ask('v4.gslb.test.', 'AAAA', japan);
  t.is(noAaaa.rcode, RCODE.NOERROR);
  t.is(noAaaa.authorities.length, 1);
  t.is(ecsOf(noAaaa), scope);
});

test('a policy that fails is SERVFAIL without records, also at the end of a chain', (t) => {
  const own = health(allDown);
  for (const name of ['fail.gslb.test.', 'to-fail.gslb.test.']) {
    const reply = ask(name, 'A', {}, {}, own);
    t.is(reply.rcode, RCODE.SERVFAIL);
    t.false(reply.flags.aa);
    t.deepEqual([reply.answers, reply.authorities], [[], []]);
  }
  t.is(ecsOf(ask('fail.gslb.test.', 'A', japan, {}, own)), '1/24/0 203.0.113');
  t.is(own.count('GSLB_SERVFAIL'), 3);
});

test('a policy that the steering image does not know is SERVFAIL and counted', (t) => {
  const own = new TestResponder(setup);
  t.is(ask('unknown.gslb.test.', 'A', japan, {}, own).rcode, RCODE.SERVFAIL);
  t.is(own.count('GSLB_UNKNOWN_POLICY'), 1);
  t.is(own.count('GSLB_SERVFAIL'), 0);
});

test('another steering image alone changes who is answered, and nothing else', (t) => {
  const own = new TestResponder(setup);
  const asked = (): string[] => lines(own.query({ name: 'three.gslb.test.', type: 'A', opt: {} }).answers).sort();
  const before = asked();
  t.is(before.length, 3);
  own.responder.steer(imagesOf({ ...setup, health: down(model, ['web/london']) }).steering);
  t.deepEqual(
    asked().map((line) => before.includes(line)),
    [true, true],
  );
  own.responder.steer(imagesOf(setup).steering);
  t.deepEqual(asked(), before);
});

test('a tailored answer that does not fit is truncated', (t) => {
  const tiny = new TestResponder({ ...setup, udpPayloadSize: 80 });
  const reply = tiny.query({ name: 'three.gslb.test.', type: 'AAAA', opt: {} });
  t.true(reply.flags.tc);
  t.deepEqual(reply.answers, []);
});

test('an unknown option beside the client subnet does not disturb it', (t) => {
  const reply = server.query({
    name: 'www.gslb.test.',
    type: 'A',
    opt: { options: [option(100, 1), ecs(1, 24, [203, 0, 113]), option(3)] },
  });
  t.is(ecsOf(reply), '1/24/24 203.0.113');
  t.is(reply.edns?.options.length, 1);
});

/** `octets` with all bits behind `prefixLen` replaced by those of `other`. */
function inside(octets: Uint8Array, prefixLen: number, other: Uint8Array): Uint8Array {
  return octets.map((octet, i) => {
    const mask = 0xff >> Math.min(8, Math.max(0, prefixLen - 8 * i));
    return (octet & ~mask) | (other[i]! & mask);
  });
}

test('two clients inside one announced scope have the same cell, and with sticky the same answer', (t) => {
  const { geo } = imagesOf(setup);
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets) => Uint8Array.of(203, 0, 112 + (octets[2]! & 3), octets[3]!)),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((octets) => Uint8Array.of(0x20, 1, 0xd, 0xb8 + (octets[3]! & 1), ...octets.subarray(4))),
  );
  let sameAnswers = 0;
  fc.assert(
    fc.property(address, fc.uint8Array({ minLength: 16, maxLength: 16 }), (first, noise) => {
      const family = first.length === 4 ? 4 : 6;
      const bits = first.length * 8;
      const full = (octets: Uint8Array): Message =>
        ask('sticky.gslb.test.', 'A', { ecs: ecs(family === 4 ? 1 : 2, bits, [...octets]) });
      const reply = full(first);
      const scope = Number(ecsOf(reply)!.split(/[/ ]/)[2]);
      const second = inside(first, scope, noise);
      t.is(
        cellOf(lookupCell(geo, family, first, 0)),
        cellOf(lookupCell(geo, family, second, 0)),
        `${formatAddress(first, family)} ${formatAddress(second, family)} /${scope}`,
      );
      // A private network is steered by the resolver, whose answer all its clients share.
      t.deepEqual(lines(full(second).answers), lines(reply.answers));
      sameAnswers++;
    }),
    { seed: 7871, numRuns: 2000 },
  );
  t.is(sameAnswers, 2000);
});
