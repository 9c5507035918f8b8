// dns-packet is the second opinion: what it encodes is decoded here, and what is encoded here is decoded there.

import test from 'ava';
import type { Answer, Packet } from 'dns-packet';
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../src/wire/base-n.ts';
import { CLASS_CH, OPTION, RCODE } from '../../../src/wire/constants.ts';
import { decodeMessage, encodeQuery, recordToText } from '../../../src/wire/message.ts';
import type { DnsRecord, Message, QueryFields } from '../../../src/wire/message-types.ts';
import { nameFromText, nameToText } from '../../../src/wire/name.ts';
import { TYPE } from '../../../src/wire/rrtype.ts';
import { wireName } from '../../support/rdata-arbitrary.ts';

const wire = (text: string): Uint8Array => nameFromText(text) as Uint8Array;

function decoded(octets: Uint8Array): Message {
  const message = decodeMessage(octets);
  if (typeof message === 'string') throw new Error(message);
  return message;
}

/** A response in hexadecimal with its names compressed, written by hand: header, question www.example. A, then sections. */
const header = (counts: string, bits = '8580'): string => `1234${bits}${counts}`;
const QUESTION = '03777777076578616D706C6500' + '0001' + '0001';
const octetsOf = (...hex: string[]): Uint8Array => fromHex(hex.join(''))!;

/** c010 is example., c00c is www.example. */
const RESPONSE = octetsOf(
  header('0001000300010003'),
  QUESTION,
  'C00C00050001000000780006' + '0361' + '6161' + 'C010', // CNAME aaa.example.
  'C02900010001000000780004C0000201', // aaa.example. A, its owner inside the CNAME's data
  'C010000F0001000000780004000AC029', // MX 10 aaa.example.
  'C01000060001000000780018C00CC029' + '0000000100000002000000030000000400000005',
  'C01000210001000000780008' + '000100020003C029', // SRV, compressed although it may not be
  'C01000100001000000780002' + '01C0', // TXT of one octet, not a pointer
  '00002904D001008000' + '000B' + '0008000700011800C00002', // OPT: extended rcode 1, DO, ECS
);

test('a response is decoded with its names uncompressed', (t) => {
  const message = decoded(RESPONSE);
  t.is(message.id, 0x1234);
  t.true(message.isResponse);
  t.is(message.opcode, 0);
  t.deepEqual(message.flags, { aa: true, tc: false, rd: true, ra: true, ad: false, cd: false });
  t.deepEqual(message.questions, [{ name: wire('www.example.'), type: TYPE.A, class: 1 }]);
  t.deepEqual(message.answers.map(recordToText), [
    'www.example.\t120\tIN\tCNAME\taaa.example.',
    'aaa.example.\t120\tIN\tA\t192.0.2.1',
    'example.\t120\tIN\tMX\t10 aaa.example.',
  ]);
  t.deepEqual(message.authorities.map(recordToText), ['example.\t120\tIN\tSOA\twww.example. aaa.example. 1 2 3 4 5']);
  t.deepEqual(message.additionals.map(recordToText), [
    'example.\t120\tIN\tSRV\t1 2 3 aaa.example.',
    'example.\t120\tIN\tTXT\t"\\192"',
  ]);
});

test('EDNS gives the upper bits of the rcode, the payload size, DO and the options as octets', (t) => {
  const message = decoded(RESPONSE);
  t.is(message.rcode, RCODE.BADVERS);
  t.deepEqual(message.edns, {
    udpPayloadSize: 1232,
    version: 0,
    dnssecOk: true,
    options: [{ code: OPTION.ECS, data: octetsOf('00011800C00002') }],
  });
});

test('a message cut off at any octet, or with one more, gives a sentence', (t) => {
  for (let size = 0; size < RESPONSE.length; size++) t.is(typeof decodeMessage(RESPONSE.subarray(0, size)), 'string', `${size}`);
  t.is(decodeMessage(Uint8Array.of(...RESPONSE, 0)), 'octets left over after the message: 1');
});

const OPT = '0000290400000000000000';
const record = (type: string, rdata: string): string =>
  `C00C${type}000100000000${(rdata.length / 2).toString(16).padStart(4, '0')}${rdata}`;

for (const [what, octets, problem] of [
  ['eleven octets', octetsOf('1234858000010000000000'), 'a message has 12 octets at least, found 11'],
  ['a question without a name', octetsOf(header('0001000000000000')), 'a name is cut off, at octet 12'],
  [
    'a question without a class',
    octetsOf(header('0001000000000000'), QUESTION.slice(0, -2)),
    'the message ends inside a question',
  ],
  ['a record without a TTL', octetsOf(header('0001000100000000'), QUESTION, 'C00C00010001'), 'the message ends inside a record'],
  [
    'data longer than the message',
    octetsOf(header('0001000100000000'), QUESTION, 'C00C00010001000000000004C000'),
    'the message ends inside the data of a A record',
  ],
  [
    'an MX without an exchange',
    octetsOf(header('0001000100000000'), QUESTION, record('000F', '00')),
    'the data of a MX record is cut off',
  ],
  [
    'a name that leaves its data',
    octetsOf(header('0001000100000000'), QUESTION, record('0002', '0361'), '616100'),
    'a name is cut off, at octet 41',
  ],
  [
    'a pointer forwards',
    octetsOf(header('0001000100000000'), QUESTION, 'C0FF'),
    'a compression pointer does not lead backwards, at octet 29',
  ],
  ['two OPT records', octetsOf(header('0001000000000002'), QUESTION, OPT, OPT), 'a message has at most one OPT record, found 2'],
  [
    'an OPT record among the answers',
    octetsOf(header('0001000100000000'), QUESTION, OPT),
    'an OPT record stands outside the additional section',
  ],
  [
    'an OPT record below the root',
    octetsOf(header('0001000000000001'), QUESTION, 'C00C', OPT.slice(2)),
    'the owner of an OPT record is not the root',
  ],
  [
    'an EDNS option longer than its record',
    octetsOf(header('0001000000000001'), QUESTION, '0000290400000000000005', '0003000261'),
    'an EDNS option is cut off',
  ],
  [
    'an EDNS option without a length',
    octetsOf(header('0001000000000001'), QUESTION, '0000290400000000000003', '000300'),
    'an EDNS option is cut off',
  ],
] as const) {
  test(`refused: ${what}`, (t) => {
    t.is(decodeMessage(octets), problem);
  });
}

test('a count of 65535 records that are not there costs nothing', (t) => {
  t.is(decodeMessage(octetsOf(header('FFFFFFFFFFFFFFFF'))), 'a name is cut off, at octet 12');
});

const queryFields: fc.Arbitrary<QueryFields> = fc.record(
  {
    id: fc.nat(0xffff),
    name: wireName,
    type: fc.nat(0xffff),
    class: fc.nat(0xffff),
    flags: fc.record({ rd: fc.boolean(), ad: fc.boolean(), cd: fc.boolean() }),
    edns: fc.record({
      udpPayloadSize: fc.nat(0xffff),
      dnssecOk: fc.boolean(),
      options: fc.array(fc.record({ code: fc.nat(0xffff), data: fc.uint8Array({ maxLength: 40 }) }), { maxLength: 4 }),
    }),
  },
  { requiredKeys: ['id', 'name', 'type', 'flags'] },
);

test('any query is decoded to what it was made of', (t) => {
  fc.assert(
    fc.property(queryFields, (query) => {
      const message = decoded(encodeQuery(query));
      t.deepEqual(message, {
        id: query.id,
        isResponse: false,
        opcode: 0,
        flags: { aa: false, tc: false, ra: false, ...query.flags },
        rcode: 0,
        questions: [{ name: query.name, type: query.type, class: query.class ?? 1 }],
        answers: [],
        authorities: [],
        additionals: [],
        ...(query.edns === undefined ? {} : { edns: { version: 0, ...query.edns } }),
      });
    }),
    { seed: 6891 },
  );
});

test('random or damaged octets give a message or a sentence', (t) => {
  const edits = fc.array(fc.tuple(fc.nat(RESPONSE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  const damaged = edits.map((list) => {
    const copy = Uint8Array.from(RESPONSE);
    for (const [at, octet] of list) copy[at] = octet;
    return copy;
  });
  const random = fc.uint8Array({ maxLength: 120 });
  let messages = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 5, arbitrary: damaged }, random), (octets) => {
      const message = decodeMessage(octets);
      if (typeof message === 'string') {
        t.regex(message, /^[^\n]{10,}[^.]$/);
        return;
      }
      messages++;
      for (const section of [message.answers, message.authorities, message.additionals]) {
        for (const one of section) t.is(recordToText(one).split('\t').length >= 5, true);
      }
    }),
    { seed: 1987, numRuns: 3000 },
  );
  t.true(messages > 100); // or the damage is so great that nothing behind the header was tried
});

test('a query is what dns-packet makes of it', (t) => {
  const octets = encodeQuery({
    id: 4711,
    name: wire('www.example.'),
    type: TYPE.AAAA,
    flags: { rd: true, ad: true, cd: false },
    edns: {
      udpPayloadSize: 1232,
      dnssecOk: true,
      options: [{ code: OPTION.ECS, data: Uint8Array.of(0, 1, 24, 0, 81, 2, 69) }],
    },
  });
  const packet = dnsPacket.decode(Buffer.from(octets));
  t.is(packet.id, 4711);
  t.deepEqual(packet.questions, [{ name: 'www.example', type: 'AAAA', class: 'IN' }]);
  t.true(packet.flag_rd && packet.flag_ad && !packet.flag_cd && !packet.flag_qr);
  const opt = packet.additionals?.[0] as unknown as { udpPayloadSize: number; flag_do: boolean; options: { ip: string }[] };
  t.is(opt.udpPayloadSize, 1232);
  t.true(opt.flag_do);
  t.is(opt.options[0]?.ip, '81.2.69.0');
});

/** type, the data as dns-packet takes it, the text expected here. */
const RECORDS: readonly (readonly [string, unknown, string])[] = [
  ['A', '192.0.2.1', '192.0.2.1'],
  ['AAAA', '2001:db8::1', '2001:db8::1'],
  ['NS', 'ns1.example', 'ns1.example.'],
  ['CNAME', 'web.example', 'web.example.'],
  ['DNAME', 'new.example', 'new.example.'],
  ['PTR', 'host.example', 'host.example.'],
  ['MX', { preference: 10, exchange: 'mail.example' }, '10 mail.example.'],
  ['SRV', { priority: 1, weight: 2, port: 443, target: 'srv.example' }, '1 2 443 srv.example.'],
  [
    'SOA',
    { mname: 'ns1.example', rname: 'admin.example', serial: 4294967295, refresh: 1, retry: 2, expire: 3, minimum: 4 },
    'ns1.example. admin.example. 4294967295 1 2 3 4',
  ],
  ['TXT', ['one', 'two "quoted"'], '"one" "two \\"quoted\\""'],
  ['HINFO', { cpu: 'PDP-11', os: 'UNIX' }, '"PDP-11" "UNIX"'],
  ['CAA', { flags: 128, tag: 'issue', value: 'ca.example' }, '128 issue "ca.example"'],
  ['RP', { mbox: 'admin.example', txt: 'txt.example' }, 'admin.example. txt.example.'],
  [
    'NAPTR',
    { order: 100, preference: 10, flags: 's', services: 'SIP+D2U', regexp: '', replacement: '_sip._udp.example' },
    '100 10 "s" "SIP+D2U" "" _sip._udp.example.',
  ],
  ['SSHFP', { algorithm: 4, hash: 2, fingerprint: 'ab'.repeat(32) }, `4 2 ${'AB'.repeat(32)}`],
  ['TLSA', { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 0xcd) }, `3 1 1 ${'CD'.repeat(32)}`],
  ['DS', { keyTag: 60485, algorithm: 13, digestType: 2, digest: Buffer.alloc(32, 0xef) }, `60485 13 2 ${'EF'.repeat(32)}`],
  ['DNSKEY', { flags: 257, algorithm: 15, key: Buffer.alloc(32) }, `257 3 15 ${'A'.repeat(43)}=`],
  [
    'RRSIG',
    {
      typeCovered: 'MX',
      algorithm: 13,
      labels: 2,
      originalTTL: 300,
      expiration: 1700000000,
      inception: 1600000000,
      keyTag: 7,
      signersName: 'example',
      signature: Buffer.from('abc'),
    },
    'MX 13 2 300 20231114221320 20200913122640 7 example. YWJj',
  ],
  ['NSEC', { nextDomain: 'b.example', rrtypes: ['A', 'MX', 'CAA', 'NSEC'] }, 'b.example. A MX NSEC CAA'],
  [
    'NSEC3',
    { algorithm: 1, flags: 1, iterations: 2, salt: Buffer.of(0xaa), nextDomain: Buffer.alloc(20, 0xff), rrtypes: ['A'] },
    `1 1 2 AA ${'V'.repeat(32)} A`,
  ],
];

for (const [type, data, text] of RECORDS) {
  test(`a ${type} record encoded by dns-packet is decoded and printed`, (t) => {
    const answers = [{ type, name: 'x.example', ttl: 60, data }] as unknown as Answer[];
    const packet: Packet = { type: 'response', id: 1, questions: [], answers };
    t.deepEqual(decoded(dnsPacket.encode(packet)).answers.map(recordToText), [`x.example.\t60\tIN\t${type}\t${text}`]);
  });
}

test('a record is a line of a zone file; what is not valid for its type is written as octets', (t) => {
  const one = (type: number, rdata: string, recordClass = 1): DnsRecord => ({
    owner: wire('x.'),
    type,
    class: recordClass,
    ttlSec: 5,
    rdata: fromHex(rdata)!,
  });
  t.is(recordToText(one(TYPE.A, 'C0000201')), 'x.\t5\tIN\tA\t192.0.2.1');
  t.is(recordToText(one(TYPE.A, 'C00002')), 'x.\t5\tIN\tA\t\\# 3 C00002');
  t.is(recordToText(one(65280, '')), 'x.\t5\tIN\tTYPE65280\t\\# 0');
  t.is(recordToText(one(TYPE.TXT, '0161', CLASS_CH)), 'x.\t5\tCH\tTXT\t"a"');
  t.is(recordToText(one(TYPE.TXT, '0161', 77)), 'x.\t5\tCLASS77\tTXT\t"a"');
});

test('the case of names is kept', (t) => {
  const octets = encodeQuery({ id: 0, name: wire('wWw.EXAMPLE.'), type: 1, flags: { rd: false, ad: false, cd: false } });
  t.is(nameToText(decoded(octets).questions[0]!.name), 'wWw.EXAMPLE.');
  t.is(toHex(octets), '00000000000100000000000003775777074558414D504C450000010001');
});
