import test from 'ava';
import { RCODE } from '../../../src/wire/constants.ts';
import { ecs, type QuerySpec } from '../../support/query-octets.ts';
import { ecsOf, type From, lines, type Setup, TestResponder } from '../../support/responder.ts';
import { modelOf, nearest } from '../../support/steering.ts';

const zone = (name: string): string => `
$TTL 600
@     SOA ns host 1 2 3 4 60
@     NS ns
ns    A 192.0.2.201
www   30 GSLB geo
txt   TXT "static"
alias CNAME www
sub   NS ns.elsewhere.test.
; ${name}
`;

/** Networks at the coordinates of two sites: clients of 20/8 are near London, those of 30/8 near Tokyo. */
const NETWORKS = '20.0.0.0/8 lat=51.5 lon=-0.1\n30.0.0.0/8 lat=35.7 lon=139.7\n2001:db8:30::/48 lat=35.7 lon=139.7';
const model = modelOf({ web: [{ site: 'london' }, { site: 'tokyo' }] }, { geo: { root: nearest(0) } });

const TRUSTED = '20.0.0.53';
const STRANGER = '20.0.0.54';
const IN_TOKYO = ecs(1, 24, [30, 1, 2]);

const responder = (setup: Partial<Setup> = {}): TestResponder =>
  new TestResponder({ zones: { 'on.test.': zone('on'), 'off.test.': zone('off') }, model, networks: NETWORKS, ...setup });

const ask = (server: TestResponder, name: string, option: Uint8Array | null, from: From, rest: QuerySpec = {}) =>
  server.query({ name, type: 'A', opt: { options: option === null ? [] : [option] }, ...rest }, from);

const everybody = responder();
const london = lines(ask(everybody, 'www.on.test.', null, { address: TRUSTED }).answers);
const tokyo = lines(ask(everybody, 'www.on.test.', IN_TOKYO, { address: TRUSTED }).answers);

test('a client subnet that counts decides, and its scope says for whom', (t) => {
  t.notDeepEqual(tokyo, london);
  t.is(ecsOf(ask(everybody, 'www.on.test.', IN_TOKYO, { address: STRANGER })), '1/24/8 30.1.2');
});

const some = responder({ trustedResolvers: ['20.0.0.53/32', '2001:db8::/64'] });

test('the client subnet of a trusted resolver counts, that of another is echoed with scope 0', (t) => {
  const trusted = ask(some, 'www.on.test.', IN_TOKYO, { address: TRUSTED });
  t.deepEqual(lines(trusted.answers), tokyo);
  t.is(ecsOf(trusted), '1/24/8 30.1.2');
  const other = ask(some, 'www.on.test.', IN_TOKYO, { address: STRANGER });
  t.deepEqual(lines(other.answers), london);
  t.is(ecsOf(other), '1/24/0 30.1.2');
});

test('trust goes by the address that the query came from, over streams and IPv6 too', (t) => {
  t.is(ecsOf(ask(some, 'www.on.test.', IN_TOKYO, { address: STRANGER, isStream: true })), '1/24/0 30.1.2');
  t.is(ecsOf(ask(some, 'www.on.test.', IN_TOKYO, { address: '2001:db8::35' })), '1/24/8 30.1.2');
  t.is(ecsOf(ask(some, 'www.on.test.', IN_TOKYO, { address: '2001:db8:0:1::35' })), '1/24/0 30.1.2');
});

test('an empty list trusts nobody', (t) => {
  t.is(ecsOf(ask(responder({ trustedResolvers: [] }), 'www.on.test.', IN_TOKYO, { address: TRUSTED })), '1/24/0 30.1.2');
});

test('what an untrusted resolver says is not even looked at when it names a private network', (t) => {
  const server = responder({ trustedResolvers: [], networks: `${NETWORKS}\n10.0.0.0/8 lat=35.7 lon=139.7` });
  t.is(ecsOf(ask(server, 'www.on.test.', ecs(1, 16, [10, 1]), { address: STRANGER })), '1/16/0 10.1');
  t.is(server.count('ECS_PRIVATE'), 0);
});

test('every question to a zone of ours with an untrusted subnet is counted, those without a network are not', (t) => {
  const server = responder({ trustedResolvers: [TRUSTED] });
  const asked: readonly (readonly [string, Uint8Array | null, string])[] = [
    ['www.on.test.', IN_TOKYO, STRANGER],
    ['txt.on.test.', IN_TOKYO, STRANGER],
    ['www.on.test.', IN_TOKYO, TRUSTED],
    ['www.on.test.', ecs(1, 0, []), STRANGER],
    ['www.on.test.', ecs(0, 0, []), STRANGER],
    ['www.on.test.', null, STRANGER],
    ['www.elsewhere.test.', IN_TOKYO, STRANGER],
  ];
  for (const [name, option, address] of asked) ask(server, name, option, { address });
  t.is(server.count('ECS_UNTRUSTED'), 2);
  t.is(server.count('ECS_QUERIES'), 4);
});

test('one query with an ignored subnet does not spoil the next', (t) => {
  t.is(ecsOf(ask(some, 'www.on.test.', IN_TOKYO, { address: STRANGER })), '1/24/0 30.1.2');
  t.is(ecsOf(ask(some, 'www.on.test.', IN_TOKYO, { address: TRUSTED })), '1/24/8 30.1.2');
});

const off = responder({ usesEcs: [true, false] });

test('a zone that ignores client subnets steers by the resolver and echoes with scope 0; its neighbours go on', (t) => {
  const reply = ask(off, 'www.off.test.', IN_TOKYO, { address: TRUSTED });
  t.deepEqual(
    lines(reply.answers).map((line) => line.replace('off', 'on')),
    london,
  );
  t.is(ecsOf(reply), '1/24/0 30.1.2');
  t.is(ecsOf(ask(off, 'www.on.test.', IN_TOKYO, { address: TRUSTED })), '1/24/8 30.1.2');
  t.is(off.count('ECS_UNTRUSTED'), 0);
});

test('a reload may change which zones use client subnets', (t) => {
  const setup = { zones: { 'on.test.': zone('on') }, model, networks: NETWORKS };
  const server = new TestResponder({ ...setup, usesEcs: [false] });
  t.is(ecsOf(ask(server, 'www.on.test.', IN_TOKYO, { address: TRUSTED })), '1/24/0 30.1.2');
  server.install(setup);
  t.is(ecsOf(ask(server, 'www.on.test.', IN_TOKYO, { address: TRUSTED })), '1/24/8 30.1.2');
});

test('family, source and address are echoed octet for octet in every kind of reply, and never without being asked', (t) => {
  const options = [
    [IN_TOKYO, '1/24/0 30.1.2'],
    [ecs(1, 20, [30, 1, 0x50]), '1/20/0 30.1.80'],
    [ecs(2, 56, [0x20, 1, 0x0d, 0xb8, 0, 0x30, 7]), '2/56/0 32.1.13.184.0.48.7'],
    [ecs(1, 0, []), '1/0/0'],
    [ecs(0, 0, []), '0/0/0'],
  ] as const;
  const names = ['www', 'txt', 'alias', 'sub', 'x.sub', 'nothing', 'www.x'].map((label) => `${label}.off.test.`);
  for (const name of [...names, 'www.elsewhere.test.']) {
    for (const [option, echo] of options) t.is(ecsOf(ask(off, name, option, { address: TRUSTED })), echo, name);
    t.is(ecsOf(ask(off, name, null, { address: TRUSTED })), undefined, name);
  }
});

test('a chain to a steered name is answered whole where the subnet is ignored: the answer is not tailored to it', (t) => {
  const whole = ask(off, 'alias.off.test.', IN_TOKYO, { address: TRUSTED });
  t.is(whole.answers.length, 2);
  t.is(ask(off, 'alias.on.test.', IN_TOKYO, { address: TRUSTED }).answers.length, 1);
});

test('a malformed subnet is refused whoever sends it', (t) => {
  const reply = ask(some, 'www.on.test.', ecs(1, 33, [1, 2, 3, 4, 0]), { address: STRANGER });
  t.is(reply.rcode, RCODE.FORMERR);
  t.is(ecsOf(reply), undefined);
});
