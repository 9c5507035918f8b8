import test from 'ava';
import fc from 'fast-check';
import { OPTION, RCODE } from '../../../src/wire/constants.ts';
import { FLAG } from '../../../src/wire/query.ts';
import { ORIGIN, ZONE } from '../../support/answer-zone.ts';
import { ecs, type OptSpec, option, type QuerySpec, queryOctets } from '../../support/query-octets.ts';
import { cidrs, decoded, ecsOf, type From, type Setup, TestResponder } from '../../support/responder.ts';

const SEED = 40_961;
const SECRETS = [Uint8Array.from({ length: 16 }, (_, i) => i)];
const CLIENT_COOKIE = [1, 2, 3, 4, 5, 6, 7, 8];
const QUESTION = { name: `www.${ORIGIN}`, type: 'A' };

/** A budget that one reply to the question, 32 octets more than itself, uses up: less than 64 octets are as good as none. */
const TIGHT = { excessPerSecond: 64, excessBurst: 64 };
/** 240 octets of text; with their length and the head of the record the reply has 253 more than its query. */
const LARGE = { name: `large.${ORIGIN}`, type: 'TXT' };
const LARGE_EXCESS = 253;

const responder = (setup: Partial<Setup> = {}): TestResponder =>
  new TestResponder({
    zones: { [ORIGIN]: `${ZONE}\nlarge TXT "${'x'.repeat(240)}"\n` },
    rateLimit: TIGHT,
    cookieSecrets: SECRETS,
    ...setup,
  });

/** Spends the budget of the default client. */
function spend(server: TestResponder, from: From = {}): TestResponder {
  if (server.query(QUESTION, from).answers.length !== 2) throw new Error('the first query was not answered in full');
  return server;
}

const flagsOf = (reply: Uint8Array): number => (reply[2]! << 8) | reply[3]!;

/** The whole cookie that the server gives to a client. */
function cookieFrom(server: TestResponder, from: From): number[] {
  const reply = server.query(
    { ...QUESTION, opt: { options: [option(OPTION.COOKIE, ...CLIENT_COOKIE)] } },
    { ...from, isStream: true },
  );
  return [...reply.edns!.options.find(({ code }) => code === OPTION.COOKIE)!.data];
}

test('a question beyond the rate gets its header and itself back, truncated', (t) => {
  const server = spend(responder());
  const query = queryOctets({ ...QUESTION, id: 0x4711, flags: FLAG.RD });
  const reply = server.ask(query);
  const expected = Uint8Array.from(query);
  expected.set([0x83, 0x00], 2); // QR, TC, RD
  t.deepEqual(reply, expected);
  t.is(server.count('RATE_LIMIT_TRUNCATED'), 1);
  t.is(server.count('TRUNCATED'), 0);
  t.is(server.count('REPLIES_NOERROR'), 2);
});

test('a truncated reply has OPT if the query had it, with DO, and the client subnet with scope 0', (t) => {
  const server = spend(responder());
  const message = server.query({ ...QUESTION, opt: { flags: 0x8000, options: [ecs(1, 24, [192, 0, 2])] } });
  t.true(message.flags.tc);
  t.is(message.rcode, RCODE.NOERROR);
  t.true(message.edns!.dnssecOk);
  t.is(ecsOf(message), '1/24/0 192.0.2');
});

test('over a stream nothing is limited and nothing is spent', (t) => {
  const server = responder();
  for (let i = 0; i < 20; i++) t.is(server.query(QUESTION, { isStream: true }).answers.length, 2);
  t.is(server.query(QUESTION).answers.length, 2);
  t.true(server.query(QUESTION).flags.tc);
});

test('a client that was truncated gets a cookie over TCP and is not limited with it, nor are its neighbours charged', (t) => {
  const server = spend(responder());
  const cookie = cookieFrom(server, {});
  for (let i = 0; i < 100; i++) {
    const reply = server.query({ ...QUESTION, opt: { options: [option(OPTION.COOKIE, ...cookie)] } });
    t.is(reply.answers.length, 2);
  }
  t.is(server.count('RATE_LIMIT_COOKIE'), 100);
  t.is(server.count('RATE_LIMIT_TRUNCATED'), 0);
  t.is(server.query(QUESTION, { address: '198.51.100.54' }).answers.length, 2);
});

test('the cookie of one client does not help another, and an old one is renewed in the truncated reply', (t) => {
  const server = spend(responder());
  const cookie = cookieFrom(server, { address: '203.0.113.9' });
  const query = queryOctets({ ...QUESTION, opt: { options: [option(OPTION.COOKIE, ...cookie)] } });
  const reply = server.ask(query);
  t.is(flagsOf(reply) & FLAG.TC, FLAG.TC);
  t.is(reply.length, query.length);
  const renewed = [...decoded(reply).edns!.options.find(({ code }) => code === OPTION.COOKIE)!.data];
  t.deepEqual(renewed, cookieFrom(server, {}));
  t.is(server.query({ ...QUESTION, opt: { options: [option(OPTION.COOKIE, ...renewed)] } }).answers.length, 2);
});

test('a cookie that is not there yet has no room in a truncated reply', (t) => {
  const server = spend(responder());
  const reply = server.query({ ...QUESTION, opt: { options: [option(OPTION.COOKIE, ...CLIENT_COOKIE)] } });
  t.true(reply.flags.tc);
  t.deepEqual(reply.edns!.options, []);
});

test('networks of the allow list are never limited, their neighbours are', (t) => {
  const server = responder({ rateLimit: { ...TIGHT, allow: cidrs('127.0.0.0/8', '2001:db8:7::/48') } });
  for (const address of ['127.9.9.9', '2001:db8:7::1']) {
    for (let i = 0; i < 50; i++) t.is(server.query(QUESTION, { address }).answers.length, 2);
  }
  for (const address of ['128.0.0.1', '2001:db8:8::1']) {
    t.is(server.query(QUESTION, { address }).answers.length, 2);
    t.true(server.query(QUESTION, { address }).flags.tc, address);
  }
});

test('what cannot be looked up is answered for nothing within the budget and dropped beyond it', (t) => {
  const specs: readonly QuerySpec[] = [
    { flags: 0x7800 },
    { counts: [2, 0, 0, 0] },
    { ...QUESTION, opt: { version: 1 } },
    { ...QUESTION, class: 254 },
  ];
  for (const spec of specs) {
    const server = responder();
    for (let i = 0; i < 100; i++) t.not(server.ask(queryOctets(spec)).length, 0);
    spend(server);
    t.is(server.ask(queryOctets(spec)).length, 0);
    t.is(server.count('RATE_LIMIT_DROPPED'), 1);
    t.is(server.count('DROPPED'), 1);
  }
});

test('every budget recovers with the time of the client', (t) => {
  const server = spend(responder());
  t.true(server.query(QUESTION, { nowMs: 100 }).flags.tc);
  t.is(server.query(QUESTION, { nowMs: 70_000 }).answers.length, 2);
});

for (const [dropOneIn, least, most] of [
  [0, 0, 0],
  [1, 3000, 3000],
  [2, 1400, 1600],
  [8, 325, 425],
] as const) {
  test(`of limited replies one in ${dropOneIn} is dropped, in no order that the queries decide`, (t) => {
    const server = spend(responder({ rateLimit: { ...TIGHT, dropOneIn } }));
    const query = queryOctets(QUESTION);
    let dropped = 0;
    for (let i = 0; i < 3000; i++) if (server.ask(query).length === 0) dropped++;
    t.true(dropped >= least && dropped <= most, String(dropped));
    t.is(server.count('RATE_LIMIT_DROPPED'), dropped);
    t.is(server.count('RATE_LIMIT_TRUNCATED'), 3000 - dropped);
  });
}

test('a reply that does not fit into what is left is truncated like any other, and smaller ones are still answered', (t) => {
  const server = responder({ rateLimit: { excessPerSecond: LARGE_EXCESS, excessBurst: 2 * LARGE_EXCESS - 1 } });
  t.is(server.query(LARGE).answers.length, 1);
  const query = queryOctets({ ...LARGE, id: 0x4711 });
  const expected = Uint8Array.from(query);
  expected.set([0x82, 0x00], 2); // QR, TC
  t.deepEqual(server.ask(query), expected);
  t.is(server.count('RATE_LIMIT_TRUNCATED'), 1);
  t.is(server.count('TRUNCATED'), 0);
  t.is(server.count('REPLIES_NOERROR'), 2);
  t.is(server.query(QUESTION).answers.length, 2);
});

test('a reply that just fits is given whole', (t) => {
  const server = responder({ rateLimit: { excessPerSecond: LARGE_EXCESS, excessBurst: 2 * LARGE_EXCESS } });
  t.is(server.query(LARGE).answers.length, 1);
  t.is(server.query(LARGE).answers.length, 1);
  t.true(server.query(LARGE).flags.tc);
});

test('replies that do not fit are dropped in their turn too', (t) => {
  const server = responder({ rateLimit: { excessPerSecond: 1, excessBurst: LARGE_EXCESS - 1, dropOneIn: 1 } });
  t.is(server.ask(queryOctets(LARGE)).length, 0);
  t.is(server.count('RATE_LIMIT_DROPPED'), 1);
  t.is(server.count('DROPPED'), 1);
  t.is(server.count('REPLIES_NOERROR'), 0);
});

test('a reply no larger than its query costs nothing', (t) => {
  const server = responder();
  for (let i = 0; i < 1000; i++) t.is(server.query({ name: 'www.elsewhere.test.', type: 'A' }).rcode, RCODE.REFUSED);
  t.is(server.query(QUESTION).answers.length, 2);
});

/** With 17 replies to LARGE fewer than 4,096 octets of it are left, which is as good as none. */
const TOTAL = { totalExcess: 8192, dropOneIn: 1 };

test('beyond the budget of all large replies these are truncated, never dropped, whoever asks; small ones are answered', (t) => {
  const server = responder({ rateLimit: TOTAL });
  const answers = Array.from({ length: 30 }, (_, i) => server.query(LARGE, { address: crowd(i) }));
  t.is(answers.filter(({ flags }) => !flags.tc).length, 17);
  t.true(answers.every(({ flags }, i) => flags.tc === i > 16));
  t.is(server.count('RATE_LIMIT_LARGE'), 13);
  t.is(server.count('RATE_LIMIT_DROPPED'), 0);
  t.is(server.query(QUESTION, { address: crowd(30) }).answers.length, 2);
  t.is(server.query(LARGE, { address: crowd(31), nowMs: 1000 }).answers.length, 1);
});

test('known clients and streams neither use up the budget of all large replies nor are bound by it', (t) => {
  const server = responder({ rateLimit: { ...TOTAL, allow: cidrs('192.0.2.53') } });
  for (let i = 0; i < 100; i++) {
    t.is(server.query(LARGE, { address: '192.0.2.53' }).answers.length, 1);
    t.is(server.query(LARGE, { isStream: true }).answers.length, 1);
  }
  t.is(server.query(LARGE).answers.length, 1);
});

const anyOption = fc.oneof(
  fc.constant(ecs(1, 24, [192, 0, 2])),
  fc.constant(ecs(2, 56, [0x20, 1, 0x0d, 0xb8, 0, 0, 1])),
  fc.constant(ecs(0, 0, [])),
  fc.constantFrom(8, 16, 24, 40).map((size) => option(OPTION.COOKIE, ...new Uint8Array(size).fill(7))),
  fc.constant(option(OPTION.NSID)),
  fc.uint8Array({ maxLength: 40 }).map((octets) => option(12, ...octets)),
  fc.constant(option(11)),
);
const anyOpt: fc.Arbitrary<OptSpec | undefined> = fc.option(
  fc.record({
    udpPayloadSize: fc.constantFrom(0, 512, 1232, 65_535),
    flags: fc.constantFrom(0, 0x8000),
    version: fc.constantFrom(0, 0, 0, 1),
    options: fc.array(anyOption, { maxLength: 4 }),
  }),
  { nil: undefined },
);
const anyQuery = fc.record({
  id: fc.nat(0xffff),
  flags: fc.constantFrom(0, FLAG.RD, FLAG.CD),
  name: fc.constantFrom('.', ORIGIN, `www.${ORIGIN}`, `nothing.${ORIGIN}`, 'a.very.long.name.that.is.not.ours.example.'),
  type: fc.constantFrom('A', 'NS', 'SOA', 'TXT', 'ANY', 'AXFR'),
  class: fc.constantFrom(1, 1, 1, 3, 255),
  opt: anyOpt,
});

test('no limited reply is larger than its query, whatever options the query and the server have', (t) => {
  const server = spend(
    responder({
      identity: {
        nsid: 'a-rather-long-name-of-this-server',
        chaos: { id: 'id', version: 'version' },
        reportAgent: Uint8Array.of(5, 97, 103, 101, 110, 116, 0),
      },
    }),
  );
  fc.assert(
    fc.property(anyQuery, (spec) => {
      const { opt, ...rest } = spec;
      const query = queryOctets(opt === undefined ? rest : { ...rest, opt });
      const reply = server.ask(query);
      t.true(reply.length <= query.length);
      if (reply.length === 0) return;
      const message = decoded(reply);
      t.is(message.id, spec.id);
      t.true(message.flags.tc);
      t.is(message.edns !== undefined, opt !== undefined);
      t.is(message.answers.length + message.authorities.length, 0);
    }),
    { seed: SEED, numRuns: 2000 },
  );
  t.true(server.count('RATE_LIMIT_TRUNCATED') > 500);
  t.is(server.count('EXCEPTIONS'), 0);
});

/** Ten times as many queries as the governor lets through at once, each from a network of its own. */
const CROWD = 1000;
const crowd = (i: number): string => `${10 + (i % 100)}.${i & 255}.0.1`;
const governed = { total: 1000 };

test('beyond the total of the server as many replies are truncated, and the rest are dropped', (t) => {
  const server = responder({ rateLimit: governed });
  const query = queryOctets(QUESTION);
  const replies = Array.from({ length: CROWD }, (_, i) => server.ask(query, { address: crowd(i) }));
  t.deepEqual(
    [0, 150, 250].map((i) => (replies[i]!.length === 0 ? 'none' : flagsOf(replies[i]!) & FLAG.TC ? 'truncated' : 'full')),
    ['full', 'truncated', 'none'],
  );
  t.is(server.count('GOVERNOR_TRUNCATED'), 100);
  t.is(server.count('GOVERNOR_DROPPED'), CROWD - 200);
});

test('what cannot be looked up is dropped, not truncated, beyond the total', (t) => {
  const server = responder({ rateLimit: governed });
  const query = queryOctets({ ...QUESTION, opt: { version: 1 } });
  for (let i = 0; i < 150; i++) server.ask(query, { address: crowd(i) });
  t.is(server.count('REPLIES_BADVERS'), 100);
  t.is(server.count('GOVERNOR_DROPPED'), 50);
});

test('known clients are answered in full beyond the total, streams do not count', (t) => {
  const server = responder({ rateLimit: { ...governed, allow: cidrs('192.0.2.53') } });
  const query = queryOctets(QUESTION);
  for (let i = 0; i < 500; i++) server.ask(query, { address: crowd(i), isStream: true });
  t.is(server.query(QUESTION).answers.length, 2);
  for (let i = 0; i < CROWD; i++) server.ask(query, { address: crowd(i) });
  const cookie = cookieFrom(server, {});
  t.is(server.query({ ...QUESTION, opt: { options: [option(OPTION.COOKIE, ...cookie)] } }).answers.length, 2);
  t.is(server.query(QUESTION, { address: '192.0.2.53' }).answers.length, 2);
  t.is(server.query(QUESTION, { isStream: true }).answers.length, 2);
});

test('replies truncated for their network count as truncated ones for the governor', (t) => {
  const server = spend(responder({ rateLimit: { ...TIGHT, total: 1000 } }));
  const query = queryOctets(QUESTION);
  for (let i = 0; i < 150; i++) server.ask(query);
  t.is(server.count('RATE_LIMIT_TRUNCATED'), 150);
  t.is(server.count('GOVERNOR_DROPPED'), 50);
});

test('without limits none of this happens', (t) => {
  const server = new TestResponder({ zones: { [ORIGIN]: ZONE } });
  for (let i = 0; i < 1000; i++) t.is(server.query(QUESTION).answers.length, 2);
});
