// DNS Cookies as a client sees them (RFC 7873, RFC 9018), asked of a whole responder.

import test from 'ava';
import { RCODE } from '../../../src/wire/constants.ts';
import type { Message } from '../../../src/wire/message-types.ts';
import { ORIGIN, ZONE } from '../../support/answer-zone.ts';
import { ecs, option, type QuerySpec } from '../../support/query-octets.ts';
import { optionsOf, TestResponder } from '../../support/responder.ts';

const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const OLD_SECRET = octets('dd3bdf9344b678b185a6f5cb60fca715');
const NEW_SECRET = octets('445536bcd2513298075a5d379663c962');
const SECRET = octets('e5e973e5a6b2a43f48e7dc849e37bfcf');
const CLIENT = '2464c4abcf10c957';
const ADDRESS = '198.51.100.100';
/** When the cookie of appendix A.1 was made. */
const MADE_SEC = 1559731985;
const MADE = '010000005cf79f111f8130c3eee29480';

const responder = (...cookieSecrets: Uint8Array[]) => new TestResponder({ zones: { [ORIGIN]: ZONE }, cookieSecrets });
const withCookie = (hex: string, spec: QuerySpec = {}): QuerySpec => ({
  ...spec,
  opt: { options: [option(10, ...octets(hex))] },
});

const cookieOf = (reply: Message): string | undefined => {
  const found = reply.edns?.options.filter(({ code }) => code === 10) ?? [];
  if (found.length > 1) throw new Error('several cookies');
  return found[0] && Buffer.from(found[0].data).toString('hex');
};

/** The server cookie in the reply to a query with this cookie; fails unless the query was answered and the client part came back. */
function exchange(server: TestResponder, cookie: string, nowSec: number, address = ADDRESS): string {
  const reply = server.query(withCookie(cookie), { address, nowSec });
  const returned = cookieOf(reply);
  if (reply.rcode !== RCODE.NOERROR || reply.answers.length !== 1) throw new Error('not answered');
  if (returned?.length !== 48 || !returned.startsWith(cookie.slice(0, 16))) throw new Error(`bad cookie ${returned}`);
  return returned.slice(16);
}

const worth = (server: TestResponder) => [
  server.count('COOKIES_VALID'),
  server.count('COOKIES_BAD'),
  server.count('COOKIES_CLIENT_ONLY'),
];

test('RFC 9018 appendix A.1: a client cookie alone gets a server cookie', (t) => {
  const server = responder(SECRET);
  t.is(exchange(server, CLIENT, MADE_SEC), MADE);
  t.deepEqual(worth(server), [0, 0, 1]);
});

test('RFC 9018 appendix A.2: a cookie of 40 minutes is good and replaced', (t) => {
  const server = responder(SECRET);
  t.is(exchange(server, CLIENT + MADE, 1559734385), '010000005cf7a871d4a564a1442aca77');
  t.deepEqual(worth(server), [1, 0, 0]);
});

test('RFC 9018 appendix A.3: the reserved octets presented are hashed, those given are zero', (t) => {
  const presented = 'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5';
  const server = responder(SECRET);
  t.is(exchange(server, presented, 1559734700, '203.0.113.203'), '010000005cf7a9acf73a7810aca2381e');
  // The server of that example takes older cookies than section 4.3 recommends; within the hour this one is good here too.
  t.deepEqual(worth(server), [0, 1, 0]);
  exchange(server, presented, 0x5cf78f71 + 3600, '203.0.113.203');
  t.deepEqual(worth(server), [1, 1, 0]);
});

test('RFC 9018 appendix A.4: after a rollover the former secret is accepted and the new one signs', (t) => {
  const server = responder(NEW_SECRET, OLD_SECRET);
  const presented = '22681ab97d52c298010000005cf7c57926556bd0934c72f8';
  const address = '2001:db8:220:1:59de:d0f4:8769:82b8';
  t.is(exchange(server, presented, 1559741961, address), '010000005cf7c609a6bb79d16625507a');
  t.deepEqual(worth(server), [1, 0, 0]);
});

// Section 4.3: age in seconds, whether the cookie is good, whether it is kept.
const AGES: readonly [number, boolean, boolean][] = [
  [-301, false, false],
  [-300, true, true],
  [0, true, true],
  [1800, true, true],
  [1801, true, false],
  [3600, true, false],
  [3601, false, false],
  [2 ** 31, false, false],
];

for (const [ageSec, isGood, isKept] of AGES) {
  test(`a cookie of ${ageSec} s is ${isGood ? 'good' : 'bad'} and ${isKept ? 'kept' : 'replaced'}`, (t) => {
    const server = responder(SECRET);
    const returned = exchange(server, CLIENT + MADE, MADE_SEC + ageSec);
    t.deepEqual(worth(server), isGood ? [1, 0, 0] : [0, 1, 0]);
    t.is(returned === MADE, isKept);
    // What is given instead is good.
    exchange(server, CLIENT + returned, MADE_SEC + ageSec);
    t.is(server.count('COOKIES_VALID'), isGood ? 2 : 1);
  });
}

test('timestamps go on when 32 bits of seconds are used up', (t) => {
  const server = responder(SECRET);
  const before = exchange(server, CLIENT, 2 ** 32 - 10);
  t.is(before.slice(8, 16), 'fffffff6');
  t.is(exchange(server, CLIENT + before, 2 ** 32 + 10), before);
  const after = exchange(server, CLIENT, 2 ** 32 + 10);
  t.is(after.slice(8, 16), '0000000a');
  t.is(exchange(server, CLIENT + after, 2 ** 32 - 10), after);
  t.deepEqual(worth(server), [2, 0, 2]);
});

test('a cookie with any bit changed, or from another address, family or secret, is bad and replaced', (t) => {
  const server = responder(SECRET);
  const good = octets(CLIENT + MADE);
  let bad = 0;
  for (let bit = 0; bit < 24 * 8; bit++) {
    const changed = Uint8Array.from(good);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    exchange(server, Buffer.from(changed).toString('hex'), MADE_SEC);
    t.is(server.count('COOKIES_BAD'), ++bad, `bit ${bit}`);
  }
  for (const address of ['198.51.100.101', 'c633:6464::', '::ffff:198.51.100.100']) {
    exchange(server, CLIENT + MADE, MADE_SEC, address);
    t.is(server.count('COOKIES_BAD'), ++bad, address);
  }
  const stranger = responder(OLD_SECRET, NEW_SECRET);
  exchange(stranger, CLIENT + MADE, MADE_SEC);
  t.deepEqual(worth(stranger), [0, 1, 0]);
  t.is(server.count('COOKIES_VALID'), 0);
});

test('server cookies of other sizes are bad, whatever they begin with', (t) => {
  const server = responder(SECRET);
  for (const size of [8, 15, 17, 32]) {
    t.is(exchange(server, CLIENT + (MADE + '00'.repeat(16)).slice(0, 2 * size), MADE_SEC), MADE);
  }
  t.deepEqual(worth(server), [0, 4, 0]);
});

test('a new secret can be brought in without a break', (t) => {
  const first = responder(OLD_SECRET);
  const given = exchange(first, CLIENT, MADE_SEC);
  first.responder.useCookieSecrets([OLD_SECRET, NEW_SECRET]);
  t.is(exchange(first, CLIENT + given, MADE_SEC), given);
  // Another server that signs with the new one already.
  const second = responder(NEW_SECRET, OLD_SECRET);
  const renewed = exchange(second, CLIENT + given, MADE_SEC);
  t.not(renewed, given);
  exchange(first, CLIENT + renewed, MADE_SEC);
  second.responder.useCookieSecrets([NEW_SECRET]);
  t.is(exchange(second, CLIENT + renewed, MADE_SEC), renewed);
  t.deepEqual(
    [worth(first), worth(second)],
    [
      [2, 0, 1],
      [2, 0, 0],
    ],
  );
});

test('without a question a cookie gets a cookie and nothing else (RFC 7873 section 5.4)', (t) => {
  const server = responder(SECRET);
  const spec: QuerySpec = { counts: [0, 0, 0, 1], question: new Uint8Array(0) };
  const reply = server.query(withCookie(CLIENT, spec), { address: ADDRESS, nowSec: MADE_SEC });
  t.is(reply.rcode, RCODE.NOERROR);
  t.deepEqual([reply.questions, reply.answers, reply.authorities], [[], [], []]);
  t.is(cookieOf(reply), CLIENT + MADE);
});

test('of two cookies the first counts', (t) => {
  const server = responder(SECRET);
  const options = [option(10, ...octets(CLIENT + MADE)), option(10, ...octets('0000000000000000'))];
  const reply = server.query({ opt: { options } }, { address: ADDRESS, nowSec: MADE_SEC });
  t.is(cookieOf(reply), CLIENT + MADE);
  t.deepEqual(worth(server), [1, 0, 0]);
});

test('a cookie comes with every rcode that a well-formed query can have, and over a stream', (t) => {
  const server = responder(SECRET);
  for (const [spec, rcode] of [
    [{ name: 'nothing.example.test.' }, RCODE.NXDOMAIN],
    [{ name: 'elsewhere.' }, RCODE.REFUSED],
    [{ type: 'MAILA' }, RCODE.NOTIMP],
    [{ type: 'NXNAME' }, RCODE.FORMERR],
    [{ class: 3, type: 'TXT' }, RCODE.REFUSED],
  ] as const) {
    for (const isStream of [false, true]) {
      const type = 'type' in spec && spec.type === 'MAILA' ? 254 : 'type' in spec ? spec.type : 'A';
      const reply = server.query(withCookie(CLIENT, { ...spec, type }), { address: ADDRESS, nowSec: MADE_SEC, isStream });
      t.is(reply.rcode, rcode);
      t.is(cookieOf(reply), CLIENT + MADE);
    }
  }
});

test('no cookie comes with BADVERS or with FORMERR for the options, or where cookies are off', (t) => {
  const server = responder(SECRET);
  const cookie = option(10, ...octets(CLIENT));
  t.deepEqual(optionsOf(server.query({ opt: { version: 1, options: [cookie] } })), []);
  t.deepEqual(optionsOf(server.query({ opt: { options: [cookie, ecs(1, 33, [1, 2, 3, 4, 5])] } })), []);
  const off = responder();
  const reply = off.query(withCookie(CLIENT));
  t.is(reply.rcode, RCODE.NOERROR);
  t.deepEqual(optionsOf(reply), []);
  t.deepEqual([...worth(server), ...worth(off)], [0, 0, 0, 0, 0, 0]);
});
