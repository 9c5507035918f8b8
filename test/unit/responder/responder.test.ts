import test from 'ava';
import { Counters, countersSize } from '../../../src/metrics/counters.ts';
import { Responder } from '../../../src/responder/responder.ts';
import { OPCODE, RCODE } from '../../../src/wire/constants.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { typeName } from '../../../src/wire/rrtype.ts';
import type { ZoneImage } from '../../../src/zone/image.ts';
import { ORIGIN, ZONE } from '../../support/answer-zone.ts';
import { ecs, type OptSpec, option, type QuerySpec, queryOctets, u16 } from '../../support/query-octets.ts';
import { clientOf, decoded, ecsOf, edeOf, imagesOf, lines, TestResponder } from '../../support/responder.ts';

const server = new TestResponder({ zones: { [ORIGIN]: ZONE } });

const word = (octets: Uint8Array, at: number): number => (octets[at]! << 8) | octets[at + 1]!;
const FLAG = { AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, Z: 0x0040, AD: 0x0020, CD: 0x0010 } as const;

// The compliance tests of RFC 8906 section 8, asked for the SOA of the zone. Header bits in the query, and those copied.
const HEADER_BITS: readonly [string, number, number][] = [
  ['no bit', 0, 0],
  ['AA', FLAG.AA, 0],
  ['TC', FLAG.TC, 0],
  ['RD', FLAG.RD, FLAG.RD],
  ['RA', FLAG.RA, 0],
  ['Z', FLAG.Z, 0],
  ['AD', FLAG.AD, 0],
  ['CD', FLAG.CD, FLAG.CD],
  ['all bits', 0x07f0, FLAG.RD | FLAG.CD],
];

for (const [name, sent, copied] of HEADER_BITS) {
  for (const opt of [undefined, { flags: 0 }, { flags: 0x8000 }]) {
    test(`with ${name} set and ${opt === undefined ? 'no EDNS' : `EDNS flags ${opt.flags}`} only RD and CD are copied`, (t) => {
      const octets = server.ask(queryOctets({ flags: sent, ...(opt === undefined ? {} : { opt }) }));
      t.is(word(octets, 0), 0x1234);
      t.is(word(octets, 2), 0x8000 | FLAG.AA | copied);
      const reply = decoded(octets);
      t.is(reply.rcode, RCODE.NOERROR);
      t.is(typeName(reply.answers[0]!.type), 'SOA');
      t.is(reply.edns === undefined, opt === undefined);
      t.is(reply.edns?.dnssecOk, opt === undefined ? undefined : opt.flags === 0x8000);
    });
  }
}

test('another opcode is not implemented: header only, opcode echoed, no flag but QR', (t) => {
  for (let opcode = 1; opcode < 16; opcode++) {
    for (const flags of [0, 0x07f0]) {
      const counts = [0, 0, 0, 0] as const;
      const octets = server.ask(queryOctets({ flags: (opcode << 11) | flags, counts, question: new Uint8Array(0) }));
      t.deepEqual([...octets], [0x12, 0x34, ...u16(0x8000 | (opcode << 11) | RCODE.NOTIMP), 0, 0, 0, 0, 0, 0, 0, 0]);
    }
  }
});

test('an UPDATE or NOTIFY for our zone is not implemented either', (t) => {
  for (const opcode of [OPCODE.UPDATE, OPCODE.NOTIFY]) {
    const octets = server.ask(queryOctets({ flags: opcode << 11, opt: {} }));
    t.is(octets.length, 12);
    t.is(word(octets, 2) & 15, RCODE.NOTIMP);
  }
});

test('a type the zone knows nothing of is NODATA with SOA', (t) => {
  for (const type of [
    3, 4, 7, 10, 11, 14, 18, 24, 25, 30, 36, 37, 38, 45, 49, 52, 55, 64, 99, 104, 108, 256, 261, 666, 1000, 32769, 65535,
  ]) {
    const reply = server.query({ type });
    t.is(reply.rcode, RCODE.NOERROR);
    t.true(reply.flags.aa);
    t.deepEqual(reply.answers, []);
    t.deepEqual(lines(reply.authorities).length, 1);
  }
});

const EDNS: readonly [string, OptSpec][] = [
  ['plain', {}],
  ['with an unknown option', { options: [option(100, 1, 2, 3)] }],
  ['with unknown flags', { flags: 0x0080 }],
  ['with NSID', { options: [option(3)] }],
  ['with EXPIRE', { options: [option(9)] }],
  ['with keepalive', { options: [option(11)] }],
  ['with a client cookie', { options: [option(10, 1, 2, 3, 4, 5, 6, 7, 8)] }],
  [
    'with NSID, client subnet 0/0, EXPIRE and COOKIE',
    { options: [option(3), ecs(1, 0, []), option(9), option(10, 1, 2, 3, 4, 5, 6, 7, 8)] },
  ],
  ['with size 0', { udpPayloadSize: 0 }],
];

for (const [name, opt] of EDNS) {
  test(`EDNS ${name} is answered with version 0, our size and no flag`, (t) => {
    const reply = server.query({ opt });
    t.is(reply.rcode, RCODE.NOERROR);
    t.is(reply.answers.length, 1);
    t.is(reply.edns?.version, 0);
    t.is(reply.edns?.udpPayloadSize, 1232);
    t.false(reply.edns!.dnssecOk);
    t.false(reply.edns!.options.some(({ code }) => code === 100));
  });
}

const EDNS1: readonly [string, OptSpec][] = [
  ['plain', {}],
  ['DO', { flags: 0x8000 }],
  ['an unknown option', { options: [option(100)] }],
  ['NSID', { options: [option(3)] }],
  ['COOKIE', { options: [option(10, 1, 2, 3, 4, 5, 6, 7, 8)] }],
  ['a client subnet', { options: [ecs(1, 24, [192, 0, 2])] }],
];

for (const [name, opt] of EDNS1) {
  test(`EDNS version 1 is BADVERS with version 0 and no answer: ${name}`, (t) => {
    const reply = server.query({ opt: { ...opt, version: 1 } });
    t.is(reply.rcode, RCODE.BADVERS);
    t.is(reply.edns?.version, 0);
    t.deepEqual([reply.answers, reply.authorities, reply.additionals], [[], [], []]);
    t.is(nameToText(reply.questions[0]!.name), ORIGIN);
  });
}

test('names outside our zones are refused, with the Extended DNS Error if there is EDNS', (t) => {
  for (const name of ['foo.other.', 'test.', '.', 'anexample.test.']) {
    const plain = server.query({ name, type: 'NS' });
    t.is(plain.rcode, RCODE.REFUSED);
    t.false(plain.flags.aa);
    t.is(plain.edns, undefined);
    t.deepEqual([plain.answers, plain.authorities, plain.additionals], [[], [], []]);
    t.is(edeOf(server.query({ name, type: 'NS', opt: {} })), 20);
  }
});

test('NXNAME and zone transfers get the Extended DNS Errors that say why', (t) => {
  t.is(edeOf(server.query({ type: 'NXNAME', opt: {} })), 30);
  const transfer = server.query({ type: 'AXFR', opt: {} }, { isStream: true });
  t.is(transfer.rcode, RCODE.REFUSED);
  t.is(edeOf(transfer), 18);
  t.is(server.query({ type: 'AXFR' }).rcode, RCODE.NOTIMP);
});

test('FORMERR with an unreadable question is a header, with a readable one it has the question', (t) => {
  const headerOnly = server.ask(queryOctets({ question: Uint8Array.of(0xc0, 12, 0, 1, 0, 1) }));
  t.is(headerOnly.length, 12);
  t.is(word(headerOnly, 2), 0x8000 | RCODE.FORMERR);
  const twoOpts = decoded(server.ask(queryOctets({ opt: { options: [ecs(1, 33, [1, 2, 3, 4, 5])] } })));
  t.is(twoOpts.rcode, RCODE.FORMERR);
  t.is(twoOpts.questions.length, 1);
  t.deepEqual(twoOpts.edns?.options, []);
});

test('a cookie without a question gets an empty reply', (t) => {
  const spec: QuerySpec = {
    counts: [0, 0, 0, 1],
    question: new Uint8Array(0),
    opt: { options: [option(10, 1, 2, 3, 4, 5, 6, 7, 8)] },
  };
  const reply = server.query(spec);
  t.is(reply.rcode, RCODE.NOERROR);
  t.deepEqual(reply.questions, []);
  t.is(reply.edns?.version, 0);
});

test('ports whose owners answer anything get nothing', (t) => {
  for (const port of [0, 7, 19]) t.is(server.ask(queryOctets({}), { port }).length, 0);
  t.true(server.ask(queryOctets({}), { port: 53 }).length > 0);
});

test('the client subnet is echoed in every kind of reply, with scope 0', (t) => {
  const opt = { options: [ecs(2, 45, [0x20, 0x01, 0x0d, 0xb8, 0, 0x08])] };
  for (const [name, type] of [
    ['www.example.test.', 'A'],
    ['www.example.test.', 'TXT'],
    ['nothing.example.test.', 'A'],
    ['x.sub.example.test.', 'A'],
    ['chain1.example.test.', 'A'],
    ['other.', 'A'],
    ['example.test.', 'OPT'],
  ]) {
    t.is(ecsOf(server.query({ name: name!, type: type!, opt })), '2/45/0 32.1.13.184.0.8', `${name} ${type}`);
  }
  t.is(ecsOf(server.query({ opt: { options: [ecs(0, 0, [])] } })), '0/0/0');
  t.is(ecsOf(server.query({ opt: { options: [ecs(1, 0, [])] } })), '1/0/0');
  t.is(ecsOf(server.query({ opt: {} })), undefined);
});

test('before images are installed the answer is SERVFAIL, not ready', (t) => {
  const responder = new Responder({
    udpPayloadSize: 1232,
    counters: new Counters(new SharedArrayBuffer(countersSize(1))).row(0),
  });
  const output = new Uint8Array(1232);
  const message = queryOctets({ opt: {} });
  const size = responder.respond(message, 0, message.length, clientOf({}), output, 0);
  const reply = decoded(output.subarray(0, size));
  t.is(reply.rcode, RCODE.SERVFAIL);
  t.is(edeOf(reply), 14);
});

test('a failure inside costs a SERVFAIL with the question, or no reply where there is no question', (t) => {
  const broken = new TestResponder({ zones: { [ORIGIN]: ZONE } });
  const images = imagesOf({ zones: { [ORIGIN]: ZONE } });
  const zone = images.zones[0]!;
  const damaged = Object.create(zone, {
    rrsetRecords: {
      value: () => {
        throw new Error('damaged');
      },
    },
  }) as ZoneImage;
  broken.responder.install({ ...images, zones: [damaged] });
  const reply = broken.query({ name: 'www.example.test.', type: 'A', flags: FLAG.RD, opt: {} });
  t.is(reply.rcode, RCODE.SERVFAIL);
  t.false(reply.flags.aa);
  t.true(reply.flags.rd);
  t.is(nameToText(reply.questions[0]!.name), 'www.example.test.');
  t.deepEqual([reply.answers, reply.authorities, reply.additionals], [[], [], []]);
  t.is(broken.count('EXCEPTIONS'), 1);
  t.is(broken.count('REPLIES_SERVFAIL'), 1);

  const unreadable = undefined as unknown as Uint8Array;
  t.is(broken.responder.respond(unreadable, 0, 40, clientOf({}), new Uint8Array(512), 0), 0);
  t.is(broken.count('EXCEPTIONS'), 2);
  t.is(broken.count('DROPPED'), 1);
  broken.install({ zones: { [ORIGIN]: ZONE } });
  t.is(broken.query({ name: 'www.example.test.', type: 'A' }).answers.length, 2);
});

test('queries, replies and octets are counted', (t) => {
  const counted = new TestResponder({ zones: { [ORIGIN]: ZONE } });
  const datagrams = [
    queryOctets({}),
    queryOctets({ name: 'nothing.example.test.', opt: { options: [ecs(1, 24, [192, 0, 2])] } }),
    queryOctets({ name: 'other.', opt: {} }),
    queryOctets({ flags: 0x8000 }),
  ];
  const replies = datagrams.map((message) => counted.ask(message));
  const message = queryOctets({ type: 'AXFR' });
  const reply = counted.ask(message, { isStream: true });
  const size = (messages: readonly Uint8Array[]): number => messages.reduce((sum, { length }) => sum + length, 0);
  t.deepEqual(counted.counts(), {
    UDP_QUERIES: 4,
    STREAM_QUERIES: 1,
    UDP_QUERY_OCTETS: size(datagrams),
    STREAM_QUERY_OCTETS: message.length,
    UDP_REPLY_OCTETS: size(replies),
    STREAM_REPLY_OCTETS: reply.length,
    DROPPED: 1,
    EDNS_QUERIES: 2,
    ECS_QUERIES: 1,
    REPLIES_NOERROR: 1,
    REPLIES_NXDOMAIN: 1,
    REPLIES_REFUSED: 2,
  });
});
