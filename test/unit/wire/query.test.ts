import test from 'ava';
import { RCODE } from '../../../src/wire/constants.ts';
import { Query, VERDICT } from '../../../src/wire/query.ts';
import { TYPE } from '../../../src/wire/rrtype.ts';
import { ecs, option, optRecord, type QuerySpec, queryOctets, question, record, wireName } from '../../support/query-octets.ts';

const root = Uint8Array.of(0);

function read(message: Uint8Array, isStream = false): { query: Query; verdict: number } {
  const input = new Uint8Array(message.length + 9).fill(0xff);
  input.set(message, 4);
  const query = new Query();
  return { query, verdict: query.read(input, 4, message.length, isStream) };
}

test('a plain query is to be looked up', (t) => {
  const { query, verdict } = read(queryOctets({ id: 7, flags: 0x0100, name: 'WWW.example.test.', type: 'AAAA' }));
  t.is(verdict, VERDICT.RESOLVE);
  t.is(query.id, 7);
  t.is(query.flags, 0x0100);
  t.is(query.type, 28);
  t.is(query.questionSize, 22);
  t.is(query.name.labels, 3);
  t.false(query.hasEdns);
});

test('the OPT record gives size and DO, and sizes under 512 count as 512', (t) => {
  const { query } = read(queryOctets({ opt: { udpPayloadSize: 4096, flags: 0x8000 } }));
  t.true(query.hasEdns);
  t.is(query.udpPayloadSize, 4096);
  t.true(query.isDnssecOk);
  t.is(read(queryOctets({ opt: { udpPayloadSize: 0 } })).query.udpPayloadSize, 512);
  t.false(read(queryOctets({ opt: { flags: 0x7fff } })).query.isDnssecOk);
});

test('a query leaves nothing behind for the next one', (t) => {
  const query = new Query();
  const full = queryOctets({
    opt: {
      udpPayloadSize: 4096,
      flags: 0x8000,
      options: [ecs(1, 24, [192, 0, 2]), option(10, 1, 2, 3, 4, 5, 6, 7, 8), option(3)],
    },
  });
  t.is(query.read(full, 0, full.length, false), VERDICT.RESOLVE);
  t.true(query.cookieSize === 8 && query.wantsNsid && query.ecs.isPresent);
  query.hasValidCookie = true;
  const plain = queryOctets({});
  t.is(query.read(plain, 0, plain.length, false), VERDICT.RESOLVE);
  t.false(
    query.hasEdns || query.cookieSize > 0 || query.hasValidCookie || query.wantsNsid || query.ecs.isPresent || query.isDnssecOk,
  );
  t.is(query.udpPayloadSize, 512);
  t.is(query.read(plain, 0, 5, false), VERDICT.DROP);
  t.is(query.questionSize, 0);
});

const DROPPED: readonly [string, Uint8Array][] = [
  ['no octets', new Uint8Array(0)],
  ['11 octets', queryOctets({}).subarray(0, 11)],
  ['a response', queryOctets({ flags: 0x8000 })],
  ['a response with an unknown opcode', queryOctets({ flags: 0xf800 })],
];

for (const [name, message] of DROPPED) {
  test(`no reply is due to ${name}`, (t) => {
    t.is(read(message).verdict, VERDICT.DROP);
  });
}

const PASSED: readonly [string, QuerySpec][] = [
  ['octets behind the message', { trailing: Uint8Array.of(1, 2, 3, 4) }],
  ['an answer record', { records: [record(wireName('a.test.'), 1, [1, 2, 3, 4])] }],
  ['a record whose owner is a pointer to itself', { records: [record(Uint8Array.of(0xc0, 30), 1, [1, 2, 3, 4])] }],
  ['a record whose owner ends in a pointer', { records: [record(Uint8Array.of(1, 0x61, 0xc0, 12), 1, [])] }],
  ['an unknown option', { opt: { options: [option(100, 1, 2)] } }],
  ['an empty option', { opt: { options: [option(3)] } }],
  ['a keepalive option', { opt: { options: [option(11)] } }],
  ['a cookie of 8 octets', { opt: { options: [option(10, ...Array(8).fill(1))] } }],
  ['a cookie of 40 octets', { opt: { options: [option(10, ...Array(40).fill(1))] } }],
  ['a client subnet', { opt: { options: [ecs(1, 24, [192, 0, 2])] } }],
  ['a record before the OPT record', { counts: [1, 0, 0, 2], records: [record(root, 16, [0])], opt: {} }],
  ['a record behind the OPT record', { counts: [1, 0, 0, 2], opt: {}, trailing: record(root, 250, [1, 2]) }],
  ['type ANY', { type: 'ANY' }],
  ['type GSLB', { type: 'GSLB' }],
  ['type 65535', { type: 65535 }],
];

for (const [name, spec] of PASSED) {
  test(`a query is looked up with ${name}`, (t) => {
    t.is(read(queryOctets(spec)).verdict, VERDICT.RESOLVE);
  });
}

const longName = Uint8Array.of(
  ...Array(4)
    .fill([63, ...Array(63).fill(0x61)])
    .flat(),
  0,
);

const UNREADABLE: readonly [string, QuerySpec][] = [
  ['header only with QDCOUNT 0', { counts: [0, 0, 0, 0], question: new Uint8Array(0) }],
  ['header only with QDCOUNT 1', { question: new Uint8Array(0) }],
  ['QDCOUNT 2', { counts: [2, 0, 0, 0], question: Uint8Array.of(...question('a.test.', 1), ...question('b.test.', 1)) }],
  ['QDCOUNT 65535', { counts: [65535, 0, 0, 0] }],
  ['a pointer as name', { question: Uint8Array.of(0xc0, 12, 0, 1, 0, 1) }],
  ['a pointer behind a label', { question: Uint8Array.of(1, 0x61, 0xc0, 12, 0, 1, 0, 1) }],
  ['label type 0x40', { question: Uint8Array.of(0x41, 0x61, 0, 0, 1, 0, 1) }],
  ['label type 0x80', { question: Uint8Array.of(0x81, 0x61, 0, 0, 1, 0, 1) }],
  ['a name of 257 octets', { question: Uint8Array.of(...longName, 0, 1, 0, 1) }],
  ['a name without end', { question: Uint8Array.of(3, 0x61, 0x62, 0x63) }],
  ['a question without class', { question: question('a.test.', 1).subarray(0, -2) }],
];

for (const [name, spec] of UNREADABLE) {
  test(`FORMERR without a question: ${name}`, (t) => {
    const { query, verdict } = read(queryOctets(spec));
    t.is(verdict, VERDICT.REPLY);
    t.is(query.rcode, RCODE.FORMERR);
    t.is(query.questionSize, 0);
  });
}

test('a name of 255 octets and one of 127 labels are read', (t) => {
  const longest = Uint8Array.of(
    ...Array(3)
      .fill([63, ...Array(63).fill(0x61)])
      .flat(),
    61,
    ...Array(61).fill(0x62),
    0,
  );
  t.is(longest.length, 255);
  t.is(read(queryOctets({ name: longest })).verdict, VERDICT.RESOLVE);
  const deepest = Uint8Array.of(...Array(127).fill([1, 0x61]).flat(), 0);
  const { query, verdict } = read(queryOctets({ name: deepest }));
  t.is(verdict, VERDICT.RESOLVE);
  t.is(query.name.labels, 127);
});

const opt = optRecord({});
const REFUSED: readonly [string, QuerySpec, number, boolean][] = [
  ['record cut off in its owner', { counts: [1, 1, 0, 0], trailing: Uint8Array.of(3, 0x61) }, RCODE.FORMERR, false],
  ['record cut off in its pointer', { counts: [1, 1, 0, 0], trailing: Uint8Array.of(0xc0) }, RCODE.FORMERR, false],
  ['record cut off in its head', { counts: [1, 0, 1, 0], trailing: Uint8Array.of(0, 0, 1, 0, 1) }, RCODE.FORMERR, false],
  [
    'record with an owner of label type 0x40',
    { counts: [1, 1, 0, 0], trailing: record(Uint8Array.of(0x40, 0), 1, []) },
    RCODE.FORMERR,
    false,
  ],
  ['RDATA cut off', { counts: [1, 0, 0, 1], trailing: record(root, 1, [1, 2], 3) }, RCODE.FORMERR, false],
  ['more records announced than sent', { counts: [1, 65535, 65535, 65535] }, RCODE.FORMERR, false],
  ['two OPT records', { counts: [1, 0, 0, 2], opt: {}, trailing: opt }, RCODE.FORMERR, true],
  ['OPT in the answer section', { counts: [1, 1, 0, 0], trailing: opt }, RCODE.FORMERR, false],
  ['OPT in the authority section', { counts: [1, 0, 1, 0], trailing: opt }, RCODE.FORMERR, false],
  ['OPT not at the root', { opt: { owner: wireName('a.') } }, RCODE.FORMERR, false],
  ['OPT with RDLENGTH beyond the message', { opt: { rdataSize: 4 } }, RCODE.FORMERR, false],
  ['EDNS version 1', { opt: { version: 1 } }, RCODE.BADVERS, true],
  ['EDNS version 255 with a broken option', { opt: { version: 255, options: [Uint8Array.of(0, 8, 0)] } }, RCODE.BADVERS, true],
  ['stray octets behind the options', { opt: { options: [Uint8Array.of(0, 100, 0)] } }, RCODE.FORMERR, true],
  ['option length beyond the OPT record', { opt: { options: [Uint8Array.of(0, 100, 0, 5, 1)] } }, RCODE.FORMERR, true],
  ['cookie of 7 octets', { opt: { options: [option(10, ...Array(7).fill(1))] } }, RCODE.FORMERR, true],
  ['cookie of 12 octets', { opt: { options: [option(10, ...Array(12).fill(1))] } }, RCODE.FORMERR, true],
  ['cookie of 15 octets', { opt: { options: [option(10, ...Array(15).fill(1))] } }, RCODE.FORMERR, true],
  ['cookie of 41 octets', { opt: { options: [option(10, ...Array(41).fill(1))] } }, RCODE.FORMERR, true],
  ['client subnet of family 3', { opt: { options: [ecs(3, 0, [])] } }, RCODE.FORMERR, true],
  ['two client subnets', { opt: { options: [ecs(1, 24, [1, 2, 3]), ecs(1, 24, [1, 2, 3])] } }, RCODE.FORMERR, true],
  ['class 0', { class: 0 }, RCODE.REFUSED, false],
  ['class CH', { class: 3 }, RCODE.REFUSED, false],
  ['class NONE', { class: 254 }, RCODE.REFUSED, false],
  ['class ANY', { class: 255 }, RCODE.REFUSED, false],
  ['type 0', { type: 0 }, RCODE.FORMERR, false],
  ['type OPT', { type: 'OPT' }, RCODE.FORMERR, false],
  ['type TSIG', { type: 'TSIG' }, RCODE.FORMERR, false],
  ['type NXNAME', { type: 'NXNAME' }, RCODE.FORMERR, false],
  ['type MAILB', { type: 253 }, RCODE.NOTIMP, false],
  ['type MAILA', { type: 254 }, RCODE.NOTIMP, false],
  ['type AXFR over UDP', { type: 'AXFR' }, RCODE.NOTIMP, false],
];

for (const [name, spec, rcode, hasEdns] of REFUSED) {
  test(`a query with a readable question gets its rcode: ${name}`, (t) => {
    const { query, verdict } = read(queryOctets(spec));
    t.is(verdict, VERDICT.REPLY);
    t.is(query.rcode, rcode);
    t.is(query.questionSize, 18);
    t.is(query.hasEdns, hasEdns);
    t.false(query.ecs.isPresent);
  });
}

test('zone transfers are told apart, to be refused unless someone allows them', (t) => {
  for (const [type, isStream] of [
    ['AXFR', true],
    ['IXFR', true],
    ['IXFR', false],
  ] as const) {
    const { query, verdict } = read(queryOctets({ type }), isStream);
    t.is(verdict, VERDICT.TRANSFER);
    t.is(query.rcode, RCODE.REFUSED);
    t.is(query.extendedError, 18);
  }
});

test('class CH asks for text about the server, and for nothing else', (t) => {
  for (const type of ['TXT', 'ANY']) t.is(read(queryOctets({ type, class: 3 })).verdict, VERDICT.IDENTIFY);
  for (const [type, questionClass] of [
    ['A', 3],
    ['TXT', 4],
    ['TXT', 0],
  ] as const) {
    const { query, verdict } = read(queryOctets({ type, class: questionClass }));
    t.is(verdict, VERDICT.REPLY);
    t.is(query.rcode, RCODE.REFUSED);
  }
});

test('a cookie is found where it stands in the message, the first of several', (t) => {
  const options = [option(100, 1), option(10, 1, 2, 3, 4, 5, 6, 7, 8), option(10, ...Array(24).fill(9))];
  const message = queryOctets({ opt: { options } });
  const { query } = read(message);
  t.is(query.cookieSize, 8);
  t.deepEqual([...message.subarray(query.cookieAt - 4, query.cookieAt - 4 + 8)], [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('keepalive is read from streams only', (t) => {
  const message = queryOctets({ opt: { options: [option(11)] } });
  t.true(read(message, true).query.hasKeepalive);
  t.false(read(message).query.hasKeepalive);
});

test('a malformed keepalive is FORMERR over a stream and ignored otherwise', (t) => {
  const message = queryOctets({ opt: { options: [option(11, 0, 100)] } });
  t.is(read(message, true).query.rcode, RCODE.FORMERR);
  t.is(read(message).verdict, VERDICT.RESOLVE);
});

test('with BADVERS and with malformed options nothing counts but NSID', (t) => {
  const options = [option(3), ecs(1, 24, [192, 0, 2]), option(10, 1, 2, 3, 4, 5, 6, 7, 8), option(11)];
  for (const spec of [
    { version: 1, options },
    { version: 1, options: [...options, option(10)] },
    { options: [...options, option(10)] },
  ]) {
    const { query } = read(queryOctets({ opt: spec }), true);
    t.is(query.rcode, spec.version === 1 ? RCODE.BADVERS : RCODE.FORMERR);
    t.true(query.wantsNsid);
    t.false(query.ecs.isPresent || query.cookieSize > 0 || query.hasKeepalive);
  }
});

test('NXNAME is refused with the Extended DNS Error of RFC 9824', (t) => {
  t.is(read(queryOctets({ type: 'NXNAME' })).query.extendedError, 30);
});

test('every opcode but QUERY is not implemented, whatever follows the header', (t) => {
  for (let opcode = 1; opcode < 16; opcode++) {
    for (const counts of [
      [0, 0, 0, 0],
      [2, 9, 9, 9],
    ] as const) {
      const { query, verdict } = read(queryOctets({ flags: opcode << 11, counts, question: new Uint8Array(0) }));
      t.is(verdict, VERDICT.REPLY);
      t.is(query.rcode, RCODE.NOTIMP);
      t.is(query.questionSize, 0);
    }
  }
});

test('no question is in order when a cookie is asked for', (t) => {
  const spec = { counts: [0, 0, 0, 1] as const, question: new Uint8Array(0) };
  const { query, verdict } = read(queryOctets({ ...spec, opt: { options: [option(10, 1, 2, 3, 4, 5, 6, 7, 8)] } }));
  t.is(verdict, VERDICT.REPLY);
  t.is(query.rcode, RCODE.NOERROR);
  t.is(read(queryOctets({ ...spec, opt: {} })).query.rcode, RCODE.FORMERR);
});

test('a TSIG record is found where it begins, and only as the last record of all', (t) => {
  const tsig = record(wireName('key.'), TYPE.TSIG, [1, 2, 3]);
  const other = record(wireName('example.'), TYPE.A, [1, 2, 3, 4]);
  const plain = queryOctets({ opt: {} });
  const build = (records: readonly Uint8Array[], counts: readonly [number, number]): Uint8Array => {
    const message = Uint8Array.from([...plain, ...records.flatMap((item) => [...item])]);
    message[9] = counts[0];
    message[11] = counts[1];
    return message;
  };
  const { query, verdict } = read(build([tsig], [0, 2]));
  t.is(verdict, VERDICT.RESOLVE);
  t.is(query.tsigAt, plain.length);
  t.is(read(plain).query.tsigAt, 0);
  for (const [what, message] of [
    ['before another record', build([tsig, other], [0, 3])],
    ['twice', build([tsig, tsig], [0, 3])],
  ] as const) {
    const { query: bad } = read(message);
    t.is(bad.rcode, RCODE.FORMERR, what);
    t.is(bad.tsigAt, 0, what);
  }
  const inAuthority = Uint8Array.of(...queryOctets({}), ...tsig);
  inAuthority[9] = 1;
  t.is(read(inAuthority).query.rcode, RCODE.FORMERR);
});
