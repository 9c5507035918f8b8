// Transfers through the responder, message by message.

import test from 'ava';
import { hmac } from '../../../src/app/answering/hmac.ts';
import { parseCidr } from '../../../src/base/address.ts';
import { COUNTER, type CounterName } from '../../../src/metrics/counters.ts';
import type { TransferRule } from '../../../src/model/transfer.ts';
import { Responder } from '../../../src/responder/responder.ts';
import { TransferDesk } from '../../../src/transfer/transfer-desk.ts';
import { RCODE } from '../../../src/wire/constants.ts';
import { recordToText } from '../../../src/wire/message.ts';
import { type QuerySpec, queryOctets, record, u16, wireName } from '../../support/query-octets.ts';
import { clientOf, decoded, edeOf, type From, imagesOf } from '../../support/responder.ts';
import { areSigned, KEY, NOW_SEC, signatureOf, signed } from '../../support/tsig.ts';

const SMALL = `$TTL 60
@ SOA ns host 7 3600 600 86400 300
@ NS ns
ns A 192.0.2.1
www GSLB p
`;
const OUTPUT_AT = 2;
const clock = { monotonicMs: () => 0, wallMs: () => NOW_SEC * 1000 };
const OTHER_KEY = { ...KEY, name: wireName('other.') };

interface World {
  readonly zone?: string;
  readonly rule?: Partial<TransferRule> | null;
}

function world({ zone = SMALL, rule = { keys: [0] } }: World = {}) {
  const counters = new Float64Array(Object.keys(COUNTER).length);
  const desk = new TransferDesk({ hmac, clock, udpPayloadSize: 1232, counters });
  const responder = new Responder({ udpPayloadSize: 1232, counters, deputy: desk });
  const rules = rule === null ? [] : [{ origin: wireName('example.test.'), allow: [], keys: [], notify: [], ...rule }];
  const install = (text: string): void => {
    const images = imagesOf({ zones: { 'example.test.': text } });
    desk.install(images.zones, { keys: [KEY, OTHER_KEY], rules });
    responder.install(images);
  };
  install(zone);
  const output = new Uint8Array(OUTPUT_AT + 65_535);
  const ask = (query: Uint8Array, from: From = {}) => {
    const client = clientOf({ isStream: true, ...from });
    const first = responder.respond(query, 0, query.length, client, output, OUTPUT_AT);
    const messages = first === 0 ? [] : [output.slice(OUTPUT_AT, OUTPUT_AT + first)];
    const rest = (): Uint8Array[] => {
      for (;;) {
        const size = client.continuation?.next(output, OUTPUT_AT) ?? 0;
        if (size === 0) return messages;
        messages.push(output.slice(OUTPUT_AT, OUTPUT_AT + size));
      }
    };
    return { messages, rest };
  };
  return { ask, install, count: (name: CounterName): number => counters[COUNTER[name]]! };
}

const axfr = (spec: QuerySpec = {}): Uint8Array => queryOctets({ name: 'example.test.', type: 'AXFR', ...spec });
const soa = (serial: number, owner = wireName('example.test.')): Uint8Array =>
  record(owner, 6, [
    ...wireName('ns.'),
    ...wireName('host.'),
    ...u16(serial >>> 16),
    ...u16(serial & 0xffff),
    ...new Array(16).fill(0),
  ]);

function ixfr(authority: Uint8Array, spec: QuerySpec = {}): Uint8Array {
  const question = queryOctets({ name: 'example.test.', type: 'IXFR', ...spec });
  const query = Uint8Array.of(...question, ...authority);
  query[9] = 1;
  return query;
}

const texts = (messages: readonly Uint8Array[]): string[] =>
  messages.flatMap((message) => decoded(message).answers.map((item) => recordToText(item).split('\t').slice(0, 4).join(' ')));

test('a signed AXFR gets the zone, framed by its SOA record, without the steered names', (t) => {
  const { ask, count } = world();
  const query = axfr({ opt: {}, flags: 0x0100 });
  const { message, mac } = signed(query);
  const replies = ask(message).rest();
  t.is(replies.length, 1);
  t.true(areSigned(replies, mac));
  const reply = decoded(signatureOf(replies[0]!).unsigned);
  t.deepEqual(
    reply.answers.map((item) => recordToText(item)),
    [
      'example.test.\t60\tIN\tSOA\tns.example.test. host.example.test. 7 3600 600 86400 300',
      'example.test.\t60\tIN\tNS\tns.example.test.',
      'ns.example.test.\t60\tIN\tA\t192.0.2.1',
      'example.test.\t60\tIN\tSOA\tns.example.test. host.example.test. 7 3600 600 86400 300',
    ],
  );
  t.true(reply.flags.aa);
  t.true(reply.flags.rd);
  t.is(reply.questions.length, 1);
  t.is(reply.edns?.udpPayloadSize, 1232);
  t.is(count('ZONE_TRANSFERS'), 1);
  t.is(count('REPLIES_NOERROR'), 1);
});

test('who may transfer is who has an allowed address and an allowed key, where either is asked for', (t) => {
  const allow = [parseCidr('198.51.100.0/24')!, parseCidr('2001:db8::/32')!];
  const plain = axfr();
  const ours = signed(plain).message;
  const others = signed(plain, { key: OTHER_KEY }).message;
  const inside = { address: '198.51.100.53' };
  const inside6 = { address: '2001:db8::53' };
  const outside = { address: '192.0.2.53' };
  const cases: readonly (readonly [World['rule'], Uint8Array, From, boolean])[] = [
    [null, ours, inside, false],
    [{ allow }, plain, inside, true],
    [{ allow }, plain, inside6, true],
    [{ allow }, ours, inside, true],
    [{ allow }, plain, outside, false],
    [{ allow }, ours, outside, false],
    [{ keys: [0] }, ours, outside, true],
    [{ keys: [0] }, others, outside, false],
    [{ keys: [0, 1] }, others, outside, true],
    [{ keys: [0] }, plain, inside, false],
    [{ allow, keys: [0] }, ours, inside, true],
    [{ allow, keys: [0] }, plain, inside, false],
    [{ allow, keys: [0] }, ours, outside, false],
    [{ allow, keys: [0] }, others, inside, false],
  ];
  for (const [i, [rule, query, from, isAllowed]] of cases.entries()) {
    const [reply] = world({ rule: rule ?? null })
      .ask(query, from)
      .rest();
    t.is(reply![3]! & 0x0f, isAllowed ? RCODE.NOERROR : RCODE.REFUSED, `case ${i}`);
    t.is((reply![6]! << 8) | reply![7]!, isAllowed ? 4 : 0, `case ${i}`);
  }
});

test('a refused transfer says why to clients with EDNS', (t) => {
  const reply = decoded(world({ rule: null }).ask(axfr({ opt: {} })).messages[0]!);
  t.is(reply.rcode, RCODE.REFUSED);
  t.is(edeOf(reply), 18);
});

test('a name that is not the apex of a zone of ours is NOTAUTH', (t) => {
  for (const name of ['www.example.test.', 'test.', 'example.net.', '.']) {
    const { ask, count } = world();
    const reply = decoded(ask(axfr({ name, opt: {} })).messages[0]!);
    t.is(reply.rcode, RCODE.NOTAUTH, name);
    t.is(edeOf(reply), 20);
    t.is(count('REPLIES_NOTAUTH'), 1);
  }
});

test('AXFR over UDP is not implemented', (t) => {
  t.is(
    decoded(world({ rule: { allow: [parseCidr('0.0.0.0/0')!] } }).ask(axfr(), { isStream: false }).messages[0]!).rcode,
    RCODE.NOTIMP,
  );
});

test('a query that is not signed right gets NOTAUTH with the reason, and no data', (t) => {
  const cases = [
    [{ key: { ...KEY, name: wireName('strange.') } }, 17],
    [{ key: { ...KEY, secret: new Uint8Array(32) } }, 16],
    [{ timeSec: NOW_SEC - 301 }, 18],
    [{ macSize: 20 }, 22],
  ] as const;
  for (const type of ['AXFR', 'SOA']) {
    for (const [options, error] of cases) {
      const { ask, count } = world();
      const query = axfr({ type });
      const [reply] = ask(signed(query, options).message).messages;
      const { unsigned, error: found } = signatureOf(reply!, 'key' in options ? options.key : KEY);
      t.is(found, error);
      t.is(decoded(unsigned).rcode, RCODE.NOTAUTH);
      t.is(decoded(unsigned).answers.length, 0);
      t.is(count('TSIG_REJECTED'), 1);
    }
  }
});

test('a malformed TSIG record, or one that is not the last record, is FORMERR without a signature', (t) => {
  const { message } = signed(axfr());
  const late = Uint8Array.of(...message, ...record(wireName('.'), 1, [1, 2, 3, 4]));
  late[11] = 2;
  for (const query of [signed(axfr(), { macSize: 3 }).message, late]) {
    const reply = decoded(world().ask(query).messages[0]!);
    t.is(reply.rcode, RCODE.FORMERR);
    t.is(reply.additionals.length, 0);
  }
});

test('ordinary queries are answered signed if they are signed, whatever the answer', (t) => {
  for (const [spec, rcode, answers] of [
    [{ type: 'SOA' }, RCODE.NOERROR, 1],
    [{ type: 'SOA', opt: {} }, RCODE.NOERROR, 1],
    [{ type: 'A', name: 'nope.example.test.' }, RCODE.NXDOMAIN, 0],
    [{ type: 'A', name: 'example.net.' }, RCODE.REFUSED, 0],
    [{ type: 'MAILB' }, RCODE.FORMERR, 0],
  ] as const) {
    for (const isStream of [false, true]) {
      const query = queryOctets({ name: 'example.test.', ...spec, type: spec.type === 'MAILB' ? 128 : spec.type });
      const { message, mac } = signed(query);
      const { messages } = world().ask(message, { isStream });
      t.true(areSigned(messages, mac));
      const reply = decoded(signatureOf(messages[0]!).unsigned);
      t.is(reply.rcode, rcode);
      t.is(reply.answers.length, answers);
    }
  }
});

test('a signed reply over UDP is truncated early enough to leave room for its signature', (t) => {
  const rows = Array.from({ length: 26 }, (_, i) => `many A 192.0.2.${i + 1}\n`).join('');
  const { ask } = world({ zone: SMALL + rows });
  const query = queryOctets({ name: 'many.example.test.', type: 'A' });
  t.is(decoded(ask(query, { isStream: false }).messages[0]!).answers.length, 26);
  const { message, mac } = signed(query);
  const [reply] = ask(message, { isStream: false }).messages;
  t.true(reply!.length <= 512);
  t.true(areSigned([reply!], mac));
  t.true(decoded(signatureOf(reply!).unsigned).flags.tc);
});

test('a large zone takes many messages, each signed, none but the first with the question', (t) => {
  const rows = Array.from({ length: 3000 }, (_, i) => `host-${i} A 192.0.2.1\nhost-${i} TXT "text of host ${i}"\n`).join('');
  const { ask } = world({ zone: SMALL + rows });
  const { message, mac } = signed(axfr({ opt: {} }));
  const replies = ask(message).rest();
  t.true(replies.length > 5);
  t.true(areSigned(replies, mac));
  for (const reply of replies) t.true(reply.length <= 16_384);
  const inner = replies.map((reply) => signatureOf(reply).unsigned);
  t.deepEqual(
    inner.map((reply) => [decoded(reply).questions.length, decoded(reply).edns === undefined]),
    inner.map((_, i) => (i === 0 ? [1, false] : [0, true])),
  );
  const all = texts(inner);
  t.is(all.length, 4 + 6000);
  t.is(new Set(all).size, 3 + 6000);
  t.is(all[0], all.at(-1));
});

test('a record too large for a usual message has one of its own', (t) => {
  const large = `large TXT ${Array.from({ length: 130 }, () => `"${'x'.repeat(250)}"`).join(' ')}\n`;
  const { ask } = world({ zone: SMALL + large });
  const { message, mac } = signed(axfr());
  const replies = ask(message).rest();
  t.true(areSigned(replies, mac));
  t.deepEqual(
    replies.map((reply) => reply.length > 16_384),
    [false, true, false],
  );
  t.is(texts(replies.map((reply) => signatureOf(reply).unsigned)).length, 5);
});

test('a record that fits in no message ends the transfer with SERVFAIL', (t) => {
  const huge = `huge TYPE65280 \\# 65500 ${'00'.repeat(65_500)}\n`;
  const replies = world({ zone: SMALL + huge })
    .ask(signed(axfr()).message)
    .rest();
  t.is(replies.length, 2);
  const last = decoded(signatureOf(replies[1]!).unsigned);
  t.is(last.rcode, RCODE.SERVFAIL);
  t.is(last.answers.length, 0);
});

test('a transfer ends with the version it began with', (t) => {
  const rows = Array.from({ length: 3000 }, (_, i) => `host-${i} A 192.0.2.1\n`).join('');
  const { ask, install } = world({ zone: SMALL + rows });
  const begun = ask(signed(axfr()).message);
  install(SMALL.replace('host 7', 'host 8'));
  const all = texts(begun.rest().map((reply) => signatureOf(reply).unsigned));
  t.is(all.length, 4 + 3000);
  const after = texts(
    ask(signed(axfr()).message)
      .rest()
      .map((reply) => signatureOf(reply).unsigned),
  );
  t.is(after.length, 4);
});

test('an IXFR from an older serial gets the whole zone over TCP', (t) => {
  const { ask } = world({ rule: { allow: [parseCidr('198.51.100.53')!] } });
  for (const serial of [6, 0, 0xffffffff]) t.is(texts(ask(ixfr(soa(serial))).rest()).length, 4, String(serial));
  // Owner as a pointer to the question, as clients write it.
  t.is(texts(ask(ixfr(soa(6, Uint8Array.of(0xc0, 12)))).rest()).length, 4);
});

test('an IXFR from our serial or a later one, or over UDP, gets the SOA record alone', (t) => {
  const { ask, count } = world({ rule: { allow: [parseCidr('198.51.100.53')!] } });
  for (const serial of [7, 8]) t.is(texts(ask(ixfr(soa(serial))).rest()).length, 1);
  t.is(texts(ask(ixfr(soa(6)), { isStream: false }).rest()).length, 1);
  t.is(count('ZONE_TRANSFERS'), 0);
});

test('an IXFR is signed over UDP too', (t) => {
  const { message, mac } = signed(ixfr(soa(6)));
  const replies = world().ask(message, { isStream: false }).rest();
  t.true(areSigned(replies, mac));
});

test('an SOA record too large for the datagram sends the client to TCP', (t) => {
  const label = 'x'.repeat(60);
  const long = `${label}.${label}.${label}`;
  const zone = `$TTL 60\n@ SOA ${long}.a ${long}.b 7 1 1 1 1\n@ NS ${long}.a\n${long}.a A 192.0.2.1\n`;
  const { message, mac } = signed(ixfr(soa(6)));
  const [reply] = world({ zone }).ask(message, { isStream: false }).rest();
  t.true(areSigned([reply!], mac));
  const inner = decoded(signatureOf(reply!).unsigned);
  t.true(inner.flags.tc);
  t.is(inner.answers.length, 0);
});

test('an IXFR whose SOA record is missing, of another zone or malformed is FORMERR', (t) => {
  const { ask } = world({ rule: { allow: [parseCidr('198.51.100.53')!] } });
  const names = [...wireName('ns.'), ...wireName('host.')];
  const bad: Readonly<Record<string, Uint8Array>> = {
    'of another zone': soa(6, wireName('example.net.')),
    'of another type': record(wireName('example.test.'), 1, [1, 2, 3, 4]),
    'too long': record(wireName('example.test.'), 6, [...names, ...new Array(24).fill(0)]),
    'too short': record(wireName('example.test.'), 6, [...names, ...new Array(16).fill(0)]),
    'with a name cut off': record(wireName('example.test.'), 6, [9, 1, 2, 3]),
    'with a label type of its own': record(wireName('example.test.'), 6, [0x40, ...new Array(30).fill(0)]),
  };
  for (const [what, authority] of Object.entries(bad)) t.is(decodedRcode(ask(ixfr(authority)).rest()), RCODE.FORMERR, what);
  const none = queryOctets({ name: 'example.test.', type: 'IXFR' });
  t.is(decodedRcode(ask(none).rest()), RCODE.FORMERR);
  const inAnswer = Uint8Array.of(...none, ...soa(6));
  inAnswer[7] = 1;
  t.is(decodedRcode(ask(inAnswer).rest()), RCODE.FORMERR);
});

const decodedRcode = (replies: readonly Uint8Array[]): number => decoded(replies[0]!).rcode;

test('before any image there is, transfers are NOTAUTH', (t) => {
  const counters = new Float64Array(Object.keys(COUNTER).length);
  const desk = new TransferDesk({ hmac, clock, udpPayloadSize: 1232, counters });
  const responder = new Responder({ udpPayloadSize: 1232, counters, deputy: desk });
  const output = new Uint8Array(65_537);
  const query = axfr();
  const size = responder.respond(query, 0, query.length, clientOf({ isStream: true }), output, 0);
  t.is(decoded(output.slice(0, size)).rcode, RCODE.NOTAUTH);
});
