// Octets from anyone: nothing may be thrown, and what goes back is well-formed, no larger than allowed, and never an answer
// to a response. Rcodes of malformed queries are those of test/unit/wire/query.test.ts; here the whole reply is read.

import test from 'ava';
import * as dnsPacket from 'dns-packet';
import { RCODE } from '../../../src/wire/constants.ts';
import { ORIGIN, ZONE } from '../../support/answer-zone.ts';
import {
  ecs,
  option,
  optRecord,
  type QuerySpec,
  queryOctets,
  question,
  record,
  u16,
  wireName,
} from '../../support/query-octets.ts';
import { decoded, TestResponder } from '../../support/responder.ts';

const server = new TestResponder({ zones: { [ORIGIN]: ZONE } });

/** Asks, and checks what holds for every reply; returns the rcode, or undefined if there is none. */
function rcodeOf(message: Uint8Array, isStream = false): number | undefined {
  const reply = server.ask(message, { isStream });
  if (reply.length === 0) return undefined;
  if (message.length < 12 || (message[2]! & 0x80) !== 0) throw new Error('a reply to what is no query');
  if (reply[0] !== message[0] || reply[1] !== message[1]) throw new Error('the reply has another id');
  if (reply.length > (isStream ? 65535 : 1232)) throw new Error(`a reply of ${reply.length} octets`);
  const read = decoded(reply);
  if (!read.isResponse) throw new Error('the reply is no response');
  if (read.questions.length > 1) throw new Error('the reply has several questions');
  dnsPacket.decode(Buffer.from(reply));
  return read.rcode;
}

const root = Uint8Array.of(0);
const none = new Uint8Array(0);

// The probes of issue 2, sent over UDP; undefined = no reply.
const PROBES: readonly [string, QuerySpec | Uint8Array, number | undefined][] = [
  ['an empty datagram', none, undefined],
  ['11 octets', new Uint8Array(11), undefined],
  ['QR=1', queryOctets({ flags: 0x8000 }), undefined],
  ['QR=1 with rcode and opcode', queryOctets({ flags: 0xf805 }), undefined],
  ['a header with QDCOUNT 0', { counts: [0, 0, 0, 0], question: none }, RCODE.FORMERR],
  ['a header with QDCOUNT 1', { question: none }, RCODE.FORMERR],
  ['QDCOUNT 2', { counts: [2, 0, 0, 0], trailing: question('example.test.', 'A') }, RCODE.FORMERR],
  ['QDCOUNT 65535', { counts: [65535, 0, 0, 0] }, RCODE.FORMERR],
  ['a QNAME that points to itself', { question: Uint8Array.of(0xc0, 12, 0, 1, 0, 1) }, RCODE.FORMERR],
  ['a QNAME that points forward', { question: Uint8Array.of(0xc0, 14, 1, 0x61, 0, 0, 1, 0, 1) }, RCODE.FORMERR],
  ['label type 0x40', { question: Uint8Array.of(0x40, 0, 0, 1, 0, 1) }, RCODE.FORMERR],
  ['label type 0x80', { question: Uint8Array.of(0x80, 0, 0, 1, 0, 1) }, RCODE.FORMERR],
  [
    'a name of 256 octets',
    {
      question: Uint8Array.of(
        ...Array(4)
          .fill([62, ...Array(62).fill(0x61)])
          .flat(),
        2,
        0x61,
        0x61,
        0,
        0,
        1,
        0,
        1,
      ),
    },
    RCODE.FORMERR,
  ],
  ['127 labels', { name: Uint8Array.of(...Array(127).fill([1, 0x61]).flat(), 0), type: 'A' }, RCODE.REFUSED],
  [
    '120 labels in our zone',
    { name: Uint8Array.of(...Array(113).fill([1, 0x61]).flat(), ...wireName(ORIGIN)), type: 'A' },
    RCODE.NXDOMAIN,
  ],
  ['trailing octets', { trailing: Uint8Array.of(1, 2, 3, 4) }, RCODE.NOERROR],
  ['an answer record', { records: [record(root, 1, [1, 2, 3, 4])] }, RCODE.NOERROR],
  ['an OPT record cut off', { counts: [1, 0, 0, 1], trailing: optRecord({}).subarray(0, 9) }, RCODE.FORMERR],
  ['an option cut off', { opt: { options: [Uint8Array.of(0, 8, 0, 9, 0)] } }, RCODE.FORMERR],
  ['two OPT records', { counts: [1, 0, 0, 2], opt: {}, trailing: optRecord({}) }, RCODE.FORMERR],
  ['an OPT record not at the root', { opt: { owner: wireName('a.') } }, RCODE.FORMERR],
  ['an OPT record in the answer section', { counts: [1, 1, 0, 0], opt: {} }, RCODE.FORMERR],
  ['EDNS version 1', { opt: { version: 1 } }, RCODE.BADVERS],
  ['EDNS version 255', { opt: { version: 255 } }, RCODE.BADVERS],
  ['EDNS size 0', { opt: { udpPayloadSize: 0 } }, RCODE.NOERROR],
  ['client subnet /33', { opt: { options: [ecs(1, 33, [1, 2, 3, 4, 0])] } }, RCODE.FORMERR],
  ['client subnet with too many octets', { opt: { options: [ecs(1, 24, [1, 2, 3, 4])] } }, RCODE.FORMERR],
  ['client subnet with dirty bits', { opt: { options: [ecs(1, 20, [1, 2, 0xff])] } }, RCODE.FORMERR],
  ['client subnet with SCOPE', { opt: { options: [ecs(1, 24, [1, 2, 3], 24)] } }, RCODE.FORMERR],
  ['client subnet of family 3', { opt: { options: [ecs(3, 0, [])] } }, RCODE.FORMERR],
  ['an empty client subnet', { opt: { options: [option(8)] } }, RCODE.FORMERR],
  ['client subnet of one octet', { opt: { options: [option(8, 0)] } }, RCODE.FORMERR],
  ['client subnet of family 0', { opt: { options: [ecs(0, 0, [])] } }, RCODE.NOERROR],
  ['client subnet 0.0.0.0/0', { opt: { options: [ecs(1, 0, [])] } }, RCODE.NOERROR],
  ['two client subnets', { opt: { options: [ecs(1, 0, []), ecs(1, 0, [])] } }, RCODE.FORMERR],
  ['a cookie of 7 octets', { opt: { options: [option(10, ...Array(7).fill(0))] } }, RCODE.FORMERR],
  ['a cookie of 8 octets', { opt: { options: [option(10, ...Array(8).fill(0))] } }, RCODE.NOERROR],
  ['a cookie of 12 octets', { opt: { options: [option(10, ...Array(12).fill(0))] } }, RCODE.FORMERR],
  ['a cookie of 24 octets', { opt: { options: [option(10, ...Array(24).fill(0))] } }, RCODE.NOERROR],
  ['a cookie of 41 octets', { opt: { options: [option(10, ...Array(41).fill(0))] } }, RCODE.FORMERR],
  ['keepalive over UDP', { opt: { options: [option(11)] } }, RCODE.NOERROR],
  ['opcode 1', { flags: 1 << 11 }, RCODE.NOTIMP],
  ['opcode 15', { flags: 15 << 11 }, RCODE.NOTIMP],
  ['an UPDATE', { flags: 5 << 11 }, RCODE.NOTIMP],
  ['AXFR', { type: 'AXFR' }, RCODE.NOTIMP],
  ['class 0', { class: 0 }, RCODE.REFUSED],
  ['class NONE', { class: 254 }, RCODE.REFUSED],
  ['class CH', { class: 3 }, RCODE.REFUSED],
  ['type NXNAME', { type: 'NXNAME' }, RCODE.FORMERR],
  ['a name outside our zones', { name: 'other.' }, RCODE.REFUSED],
];

for (const [name, probe, rcode] of PROBES) {
  test(`${rcode === undefined ? 'no reply' : `rcode ${rcode}`} to ${name}`, (t) => {
    t.is(rcodeOf(probe instanceof Uint8Array ? probe : queryOctets(probe)), rcode);
  });
}

const full = queryOctets({
  name: 'www.dname.example.test.',
  type: 'A',
  records: [record(wireName('a.test.'), 16, [3, 1, 2, 3])],
  opt: { options: [ecs(1, 24, [192, 0, 2]), option(10, 1, 2, 3, 4, 5, 6, 7, 8), option(3)] },
});

test('a query cut off at any octet gets no reply or FORMERR', (t) => {
  t.is(rcodeOf(full), RCODE.NOERROR);
  for (let size = 0; size < full.length; size++) {
    t.is(rcodeOf(full.subarray(0, size)), size < 12 ? undefined : RCODE.FORMERR, `${size} octets`);
  }
});

test('a query with any one octet changed gets a well-formed reply or none', (t) => {
  for (let at = 0; at < full.length; at++) {
    for (const change of [0x01, 0x40, 0x80, 0xc0, 0xff]) {
      const message = Uint8Array.from(full);
      message[at]! ^= change;
      t.notThrows(() => rcodeOf(message), `octet ${at} ^ ${change}`);
    }
  }
  t.is(server.count('EXCEPTIONS'), 0);
});

/** Mulberry32 (T. Ettinger): numbers that are the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) % below;
  };
}

const NAMES = [
  '',
  'www',
  'dname',
  'x.dname',
  'a.wild',
  'loop1',
  'ns.sub',
  'x.ns.sub',
  'nothing',
  'deep',
  'chain1',
  'to-sub',
  'dname-loop',
];

test('fifty thousand random messages get well-formed replies or none', (t) => {
  const next = random(20_260_101);
  const rcodes = new Map<number | undefined, number>();
  for (let i = 0; i < 50_000; i++) {
    const noise = Uint8Array.from({ length: next(80) }, () => next(256));
    let message: Uint8Array;
    if (next(4) === 0) message = noise;
    else {
      // A question that can be read, so that random octets reach what lies behind it.
      const label = NAMES[next(NAMES.length)]!;
      message = queryOctets({
        id: next(65536),
        flags: next(8) === 0 ? next(65536) : 0,
        name: label === '' ? ORIGIN : `${label}.${ORIGIN}`,
        type: [1, 2, 5, 6, 15, 28, 39, 255, next(65536)][next(9)]!,
        counts: [1, next(3) === 0 ? 1 : 0, 0, next(3)],
        ...(next(2) === 0
          ? {}
          : { opt: { udpPayloadSize: next(4096), options: [ecs(next(3), next(40), [...noise.subarray(0, 4)])] } }),
        trailing: noise,
      });
      if (next(3) === 0) message[next(message.length)] = next(256);
    }
    const rcode = rcodeOf(message, next(8) === 0);
    rcodes.set(rcode, (rcodes.get(rcode) ?? 0) + 1);
  }
  t.is(server.count('EXCEPTIONS'), 0);
  for (const rcode of [undefined, RCODE.NOERROR, RCODE.FORMERR, RCODE.NXDOMAIN, RCODE.NOTIMP])
    t.true(rcodes.get(rcode)! > 500, `${rcode}`);
});

test('replies stay within what the client takes, whatever that is', (t) => {
  const next = random(9715);
  for (let i = 0; i < 2000; i++) {
    const udpPayloadSize = next(1400);
    const label = NAMES[next(NAMES.length)]!;
    const reply = server.ask(
      queryOctets({ name: label === '' ? ORIGIN : `${label}.${ORIGIN}`, type: 255 - next(2) * 254, opt: { udpPayloadSize } }),
    );
    if (reply.length > Math.min(1232, Math.max(512, udpPayloadSize)))
      t.fail(`${label}: ${reply.length} octets for ${udpPayloadSize}`);
  }
  t.deepEqual([...server.ask(queryOctets({ flags: 0 })).subarray(0, 2)], u16(0x1234));
});
