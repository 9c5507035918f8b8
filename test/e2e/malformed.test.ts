// Malformed packets against the running server over UDP and TCP, each reply octet for octet. Most rcodes are what NSD, Knot DNS,
// BIND and gdnsd agree on; the titles name the RFC that decides.

import test from 'ava';
import { RCODE } from '../../src/wire/constants.ts';
import { decodeMessage } from '../../src/wire/message.ts';
import type { Message } from '../../src/wire/message-types.ts';
import { askTcp, askUdp } from '../support/prober.ts';
import { ecs, option, optRecord, type QuerySpec, queryOctets, question, record, u16, wireName } from '../support/query-octets.ts';
import { type RunningServer, startServer } from '../support/server.ts';

let server: RunningServer;
test.before(async () => {
  server = await startServer();
});
test.after.always(async () => {
  await server?.stop();
});

const ID = 0x0a0b;
const UPDATE = 5;
const none = new Uint8Array(0);
const SOA_QUESTION = question('example.test.', 'SOA');
const ede = (code: number): Uint8Array => option(15, ...u16(code));

/** A reply without records: header with QR, opcode and rcode, perhaps the question, perhaps an OPT record. */
function errorReply(rcode: number, asked: Uint8Array = none, opt?: readonly Uint8Array[], opcode = 0): Uint8Array {
  const counts = [asked.length > 0 ? 1 : 0, 0, 0, opt === undefined ? 0 : 1].flatMap(u16);
  const edns = opt === undefined ? none : optRecord({ options: opt });
  if (opt !== undefined) edns[5] = rcode >> 4;
  return Uint8Array.of(...u16(ID), 0x80 | (opcode << 3), rcode & 15, ...counts, ...asked, ...edns);
}

const name = (...labels: number[]): Uint8Array => Uint8Array.of(...labels, 0, 1, 0, 1);
const LONG_NAME = name(...[62, 62, 62, 62].flatMap((n) => [n, ...Array<number>(n).fill(0x61)]), 2, 0x61, 0x61, 0);
const badEcs = (octets: Uint8Array): QuerySpec => ({ opt: { options: [octets] } });
const cookie = (size: number): QuerySpec => ({ opt: { options: [option(10, ...Array<number>(size).fill(7))] } });
const FORMERR = errorReply(RCODE.FORMERR);
const FORMERR_WITH_QUESTION = errorReply(RCODE.FORMERR, SOA_QUESTION);
const FORMERR_WITH_OPT = errorReply(RCODE.FORMERR, SOA_QUESTION, []);
const class0 = question('example.test.', 'SOA', 0);
const classNone = question('example.test.', 'SOA', 254);
const classCh = question('example.test.', 'SOA', 3);
const elsewhere = question('www.example.net.', 'A');
const root = Uint8Array.of(0);

// [the RFC that decides, what is sent, the message, the whole reply (undefined = none, over TCP the connection is closed)]
const PROBES: readonly [string, string, QuerySpec, Uint8Array | undefined][] = [
  ['RFC 1035 section 4.1.1', 'a response', { flags: 0x8000 }, undefined],
  ['RFC 1035 section 4.1.1', 'a response with an error', { flags: 0x8003 }, undefined],
  ['RFC 1035 section 4.1.1', 'a response with opcode 15 and every flag', { flags: 0xffff }, undefined],
  ['RFC 9619 section 4', 'a header with QDCOUNT 0', { counts: [0, 0, 0, 0], question: none }, FORMERR],
  ['RFC 1035 section 4.1.2', 'a header with QDCOUNT 1 and no question', { question: none }, FORMERR],
  ['RFC 9619 section 4', 'QDCOUNT 2', { counts: [2, 0, 0, 0], trailing: SOA_QUESTION }, FORMERR],
  ['RFC 9619 section 4', 'QDCOUNT 65535', { counts: [65535, 0, 0, 0] }, FORMERR],
  ['RFC 9267 section 2', 'a QNAME that points to itself', { question: name(0xc0, 12) }, FORMERR],
  ['RFC 9267 section 2', 'a QNAME that points forward', { question: name(0xc0, 14, 1, 0x61, 0) }, FORMERR],
  ['RFC 9267 section 2', 'a QNAME that ends in a pointer', { question: name(1, 0x61, 0xc0, 4) }, FORMERR],
  ['RFC 1035 section 4.1.4', 'label type 0x40', { question: name(0x40, 0) }, FORMERR],
  ['RFC 1035 section 4.1.4', 'label type 0x80', { question: name(0x80, 0) }, FORMERR],
  ['RFC 1035 section 2.3.4', 'a name of 256 octets', { question: LONG_NAME }, FORMERR],
  ['RFC 1035 section 4.1.2', 'a question cut off', { question: SOA_QUESTION.subarray(0, -1) }, FORMERR],
  [
    'RFC 1035 section 4.1.3',
    'a record cut off',
    { counts: [1, 1, 0, 0], trailing: record(root, 1, [1], 2) },
    FORMERR_WITH_QUESTION,
  ],
  [
    'RFC 6891 section 6.1.2',
    'an OPT record cut off',
    { counts: [1, 0, 0, 1], trailing: optRecord({}).subarray(0, 9) },
    FORMERR_WITH_QUESTION,
  ],
  ['RFC 6891 section 6.1.2', 'an option cut off', badEcs(Uint8Array.of(0, 8, 0, 9, 0)), FORMERR_WITH_OPT],
  ['RFC 6891 section 6.1.2', 'stray octets behind the options', badEcs(Uint8Array.of(0, 100, 0)), FORMERR_WITH_OPT],
  ['RFC 6891 section 6.1.1', 'two OPT records', { counts: [1, 0, 0, 2], opt: {}, trailing: optRecord({}) }, FORMERR_WITH_OPT],
  ['RFC 6891 section 6.1.2', 'an OPT record not at the root', { opt: { owner: wireName('a.') } }, FORMERR_WITH_QUESTION],
  ['RFC 6891 section 6.1.1', 'an OPT record in the answer section', { counts: [1, 1, 0, 0], opt: {} }, FORMERR_WITH_QUESTION],
  ['RFC 6891 section 6.1.3', 'EDNS version 1', { opt: { version: 1 } }, errorReply(RCODE.BADVERS, SOA_QUESTION, [])],
  ['RFC 6891 section 6.1.3', 'EDNS version 255', { opt: { version: 255 } }, errorReply(RCODE.BADVERS, SOA_QUESTION, [])],
  ['RFC 7871 section 7.1.2', 'a client subnet /33', badEcs(ecs(1, 33, [1, 2, 3, 4, 0])), FORMERR_WITH_OPT],
  ['RFC 7871 section 7.1.2', 'an IPv6 client subnet /129', badEcs(ecs(2, 129, Array(17).fill(1))), FORMERR_WITH_OPT],
  ['RFC 7871 section 6', 'a client subnet with too many octets', badEcs(ecs(1, 24, [1, 2, 3, 4])), FORMERR_WITH_OPT],
  ['RFC 7871 section 6', 'a client subnet with too few octets', badEcs(ecs(1, 24, [1, 2])), FORMERR_WITH_OPT],
  ['RFC 7871 section 6', 'a client subnet with bits behind its prefix', badEcs(ecs(1, 20, [1, 2, 255])), FORMERR_WITH_OPT],
  ['RFC 7871 section 6', 'a client subnet with a scope', badEcs(ecs(1, 24, [1, 2, 3], 24)), FORMERR_WITH_OPT],
  ['RFC 7871 section 7.1.2', 'a client subnet of family 3', badEcs(ecs(3, 0, [])), FORMERR_WITH_OPT],
  ['RFC 7871 section 6', 'an empty client subnet', badEcs(option(8)), FORMERR_WITH_OPT],
  ['RFC 7871 section 6', 'a client subnet of one octet', badEcs(option(8, 0)), FORMERR_WITH_OPT],
  ['RFC 7871 section 6', 'two client subnets', { opt: { options: [ecs(1, 0, []), ecs(1, 0, [])] } }, FORMERR_WITH_OPT],
  ...[0, 7, 9, 12, 15, 41].map((size): [string, string, QuerySpec, Uint8Array] => [
    'RFC 7873 section 5.2.2',
    `a cookie of ${size} octets`,
    cookie(size),
    FORMERR_WITH_OPT,
  ]),
  ...[1, 2, 3, 4, 6, 15].map((opcode): [string, string, QuerySpec, Uint8Array] => [
    'RFC 8906 section 3.1.4',
    `opcode ${opcode}`,
    { flags: opcode << 11 },
    errorReply(RCODE.NOTIMP, none, undefined, opcode),
  ]),
  ['RFC 2136 section 3.1', 'an UPDATE', { flags: UPDATE << 11 }, errorReply(RCODE.NOTIMP, none, undefined, UPDATE)],
  ['RFC 1035 section 3.2.4', 'class 0', { class: 0 }, errorReply(RCODE.REFUSED, class0)],
  ['RFC 1035 section 3.2.4', 'class NONE', { class: 254 }, errorReply(RCODE.REFUSED, classNone)],
  ['RFC 1035 section 3.2.4', 'class CH', { class: 3 }, errorReply(RCODE.REFUSED, classCh)],
  [
    'RFC 9824 section 3.1',
    'type NXNAME',
    { type: 'NXNAME', opt: {} },
    errorReply(RCODE.FORMERR, question('example.test.', 'NXNAME'), [ede(30)]),
  ],
  ['RFC 1034 section 4.3.2', 'a name outside our zones', { question: elsewhere }, errorReply(RCODE.REFUSED, elsewhere)],
  [
    'RFC 8914 section 4.21',
    'a name outside our zones, with EDNS',
    { question: elsewhere, opt: {} },
    errorReply(RCODE.REFUSED, elsewhere, [ede(20)]),
  ],
];

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

for (const [rfc, what, spec, expected] of PROBES) {
  const message = queryOctets({ id: ID, ...spec });
  test(`${rfc}: ${what} ${expected === undefined ? 'gets no reply' : 'gets its error'} over UDP`, async (t) => {
    t.deepEqual((await askUdp(server.port, message)).map(hex), expected === undefined ? [] : [hex(expected)]);
  });
  test(`${rfc}: ${what} ${expected === undefined ? 'closes the connection' : 'gets its error'} over TCP`, async (t) => {
    const { reply, isOpen } = await askTcp(server.port, message);
    t.is(reply && hex(reply), expected && hex(expected));
    t.is(isOpen, expected !== undefined);
  });
}

for (const size of [0, 1, 2, 11]) {
  const message = queryOctets({ id: ID }).subarray(0, size);
  test(`RFC 1035 section 4.1.1: ${size} octets are no message and get no reply`, async (t) => {
    t.deepEqual(await askUdp(server.port, message), []);
    t.deepEqual(await askTcp(server.port, message), { reply: undefined, isOpen: false });
  });
}

// What looks wrong and is answered all the same: rcode NOERROR, and the SOA record.
const ANSWERED: readonly [string, string, QuerySpec][] = [
  ['RFC 1035 section 4.1', 'octets behind the message', { trailing: Uint8Array.of(1, 2, 3, 4) }],
  ['RFC 1035 section 4.1', 'a record in the answer section', { records: [record(root, 1, [1, 2, 3, 4])] }],
  ['RFC 9267 section 2', 'a record whose owner is a pointer', { records: [record(Uint8Array.of(0xc0, 12), 1, [1, 2, 3, 4])] }],
  ['RFC 6891 section 6.2.3', 'an EDNS size of 0', { opt: { udpPayloadSize: 0 } }],
  ['RFC 7871 section 7.1.2', 'a client subnet of family 0', badEcs(ecs(0, 0, []))],
  ['RFC 7871 section 7.5', 'a client subnet 0.0.0.0/0', badEcs(ecs(1, 0, []))],
  ['RFC 7871 section 7.5', 'a client subnet ::/0', badEcs(ecs(2, 0, []))],
  ['RFC 7873 section 5.2.3', 'a client cookie alone', cookie(8)],
  ['RFC 7873 section 5.2.4', 'a server cookie that is not ours', cookie(24)],
  ['RFC 7828 section 3.2.1', 'keepalive', { opt: { options: [option(11)] } }],
];

for (const [rfc, what, spec] of ANSWERED) {
  const message = queryOctets({ id: ID, ...spec });
  test(`${rfc}: a query with ${what} is answered over UDP and TCP`, async (t) => {
    const [udp] = await askUdp(server.port, message);
    const { reply, isOpen } = await askTcp(server.port, message);
    for (const octets of [udp!, reply!]) t.deepEqual([octets[2], octets[3], octets[7]], [0x84, RCODE.NOERROR, 1], hex(octets));
    t.true(isOpen);
  });
}

test('RFC 7873 section 5.4: a cookie without a question gets a cookie', async (t) => {
  const message = queryOctets({ id: ID, counts: [0, 0, 0, 1], question: none, ...cookie(8) });
  const [reply] = await askUdp(server.port, message);
  t.deepEqual([reply![3]! & 15, reply![5]], [RCODE.NOERROR, 0]);
  t.is(hex(reply!.subarray(-28, -16)), '000a00180707070707070707');
});

/** A signature by a key that the server does not have (RFC 8945 section 4.2). */
const ALGORITHM = wireName('hmac-sha256.');
const TIME = [0, 0, 0x60, 0, 0, 0];
const SIGNATURE = [...ALGORITHM, ...TIME, ...u16(300), ...u16(32), ...Array<number>(32).fill(0), ...u16(ID), 0, 0, 0, 0];
const tsig = record(wireName('unknown.'), 250, SIGNATURE);
tsig[wireName('unknown.').length + 3] = 255; // class ANY
tsig.fill(0, wireName('unknown.').length + 4, wireName('unknown.').length + 8); // TTL 0

test('RFC 8945 section 5.2.1: a signature by an unknown key is NOTAUTH with BADKEY, unsigned', async (t) => {
  const [reply] = await askUdp(server.port, queryOctets({ id: ID, counts: [1, 0, 0, 1], trailing: tsig }));
  const message = decodeMessage(reply!) as Message;
  t.is(message.rcode, 9);
  t.deepEqual(
    message.additionals.map(({ type }) => type),
    [250],
  );
  const { rdata } = message.additionals[0]!;
  const macSizeAt = ALGORITHM.length + 8;
  t.is(hex(rdata.subarray(macSizeAt, macSizeAt + 6)), '00000a0b0011');
});

test('RFC 8945 section 5.1: a signature that is not the last record is FORMERR', async (t) => {
  const message = queryOctets({ id: ID, counts: [1, 0, 0, 2], trailing: Uint8Array.of(...tsig, ...optRecord({})) });
  t.is((await askUdp(server.port, message))[0]![3]! & 15, RCODE.FORMERR);
});

test('RFC 5936 section 4.2 and RFC 1995 section 2: a transfer nobody may have is not implemented over UDP and refused over TCP', async (t) => {
  const asked = question('example.test.', 'AXFR');
  const message = queryOctets({ id: ID, question: asked });
  t.deepEqual((await askUdp(server.port, message)).map(hex), [hex(errorReply(RCODE.NOTIMP, asked))]);
  t.is(hex((await askTcp(server.port, message)).reply!), hex(errorReply(RCODE.REFUSED, asked)));
});
