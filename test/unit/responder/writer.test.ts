import test from 'ava';
import type { Message } from '../../../src/wire/message-types.ts';
import { ORIGIN, ZONE } from '../../support/answer-zone.ts';
import { queryOctets } from '../../support/query-octets.ts';
import { decoded, lines, TestResponder } from '../../support/responder.ts';

const server = new TestResponder({ zones: { [ORIGIN]: ZONE } });
const sizeOf = (name: string, type: string): number => server.ask(queryOctets({ name, type }), { isStream: true }).length;

const HEADER = 12;
/** Wire size of a name, and of a question for it. */
const wire = (name: string): number => name.length + 1;
const question = (name: string): number => HEADER + wire(name) + 4;
const POINTER = 2;
/** Owner as a pointer, and the fixed part of a record. */
const HEAD = POINTER + 10;
const label = (text: string): number => text.length + 1;
/** MNAME and RNAME point into the question, five numbers follow. */
const SOA = HEAD + label('ns1') + POINTER + label('hostmaster') + POINTER + 20;

const SIZES: readonly [string, string, number][] = [
  ['www.example.test.', 'A', 2 * (HEAD + 4)],
  ['example.test.', 'NS', HEAD + label('ns1') + POINTER + HEAD + label('ns2') + POINTER],
  ['example.test.', 'SOA', SOA],
  ['a.b.c.example.test.', 'A', SOA],
  ['example.test.', 'MX', HEAD + 2 + label('mail') + POINTER],
  ['alias.example.test.', 'A', HEAD + label('www') + POINTER + 2 * (HEAD + 4)],
  // the target of a chain points at what the name before it left
  [
    'chain1.example.test.',
    'A',
    HEAD + label('chain2') + POINTER + HEAD + label('chain3') + POINTER + HEAD + label('www') + POINTER + 2 * (HEAD + 4),
  ],
  ['x.wild.example.test.', 'MX', HEAD + 2 + label('mail') + POINTER],
  ['outside.example.test.', 'A', HEAD + wire('www.example.net.')],
  // RDATA of SRV and DNAME is never compressed
  ['svc.example.test.', 'SRV', 2 * (HEAD + 6 + wire('sip.example.test.'))],
  ['dname.example.test.', 'DNAME', HEAD + wire('target.example.test.')],
  [
    'www.dname.example.test.',
    'A',
    HEAD + wire('target.example.test.') + HEAD + label('www') + label('target') + POINTER + HEAD + 4,
  ],
  // the name asked for, deeper than the cut, serves the names of the servers
  [
    'a.ns.sub.example.test.',
    'A',
    HEAD +
      POINTER +
      HEAD +
      label('ns2') +
      POINTER +
      HEAD +
      label('ns') +
      label('example') +
      label('net') +
      1 +
      HEAD +
      4 +
      HEAD +
      16 +
      HEAD +
      4 +
      HEAD +
      16,
  ],
];

for (const [name, type, records] of SIZES) {
  test(`the reply to ${name} ${type} is as small as compression allows`, (t) => {
    t.is(sizeOf(name, type), question(name) + records);
    decoded(server.ask(queryOctets({ name, type })));
  });
}

test('names beyond the reach of a pointer are written out', (t) => {
  const hosts = Array.from({ length: 1500 }, (_, i) => `@ NS host-${i}.some-longer-name.net.\n`).join('');
  const far = new TestResponder({ zones: { 'far.test.': `$TTL 60\n@ SOA a a 1 1 1 1 1\n${hosts}` } });
  const octets = far.ask(queryOctets({ name: 'far.test.', type: 'NS' }), { isStream: true });
  const reply = decoded(octets);
  t.true(octets.length > 0x4000);
  t.deepEqual(
    lines(reply.answers).toSorted(),
    Array.from({ length: 1500 }, (_, i) => `far.test. 60 NS host-${i}.some-longer-name.net.`).toSorted(),
  );
});

const many = Array.from({ length: 60 }, (_, i) => `many A 192.0.2.${i}\nlong TXT "${String(i).padStart(200, 'x')}"\n`).join('');
const big = new TestResponder({
  zones: { 'big.test.': `$TTL 60\n@ SOA a a 1 1 1 1 1\n@ NS a\nto-many CNAME many\n${many}` },
});

test('an RRset that does not fit leaves a truncated reply without records', (t) => {
  for (const name of ['many.big.test.', 'to-many.big.test.']) {
    const octets = big.ask(queryOctets({ name, type: 'A' }));
    const reply = decoded(octets);
    t.true(reply.flags.tc);
    t.true(reply.flags.aa);
    t.is(octets.length, question(name));
  }
  t.is(big.count('TRUNCATED'), 2);
});

test('a truncated reply keeps its OPT record', (t) => {
  const reply = big.query({ name: 'many.big.test.', type: 'A', opt: { udpPayloadSize: 512, flags: 0x8000 } });
  t.true(reply.flags.tc);
  t.true(reply.edns!.dnssecOk);
  t.is(reply.edns!.udpPayloadSize, 1232);
});

test('the limit is what the client takes, but not more than ours', (t) => {
  const name = 'many.big.test.';
  const size = question(name) + 60 * (HEAD + 4);
  const opt = 11;
  t.is(big.ask(queryOctets({ name, type: 'A', opt: { udpPayloadSize: 1232 } })).length, size + opt);
  t.is(big.ask(queryOctets({ name, type: 'A', opt: { udpPayloadSize: size + opt } })).length, size + opt);
  t.true(big.query({ name, type: 'A', opt: { udpPayloadSize: size + opt - 1 } }).flags.tc);
  t.true(big.query({ name: 'long.big.test.', type: 'TXT', opt: { udpPayloadSize: 65535 } }).flags.tc);
  t.is(big.query({ name: 'long.big.test.', type: 'TXT', opt: { udpPayloadSize: 512 } }, { isStream: true }).answers.length, 60);
  t.is(big.query({ name: 'long.big.test.', type: 'TXT' }, { isStream: true }).answers.length, 60);
});

test('a negative answer whose SOA does not fit is truncated', (t) => {
  const label63 = 'm'.repeat(63);
  const soa = `${label63}.${label63}.${label63}.net. ${label63}.${label63}.${label63}.org.`;
  const wide = new TestResponder({ zones: { 'big.test.': `$TTL 60\n@ SOA ${soa} 1 1 1 1 1\n@ NS a\n` } });
  const reply = wide.query({ name: `${'x'.repeat(60)}.${'y'.repeat(60)}.big.test.`, type: 'A' });
  t.is(reply.rcode, 3);
  t.true(reply.flags.tc);
  t.deepEqual(reply.authorities, []);
});

test('the Extended DNS Error is left out of a reply that has no room for it', (t) => {
  const name = `${`${'x'.repeat(62)}.`.repeat(3)}${'y'.repeat(61)}.`;
  const tight = new TestResponder({ zones: { [ORIGIN]: ZONE }, udpPayloadSize: 284 });
  const reply = tight.query({ name, type: 'A', opt: {} });
  t.is(reply.rcode, 5);
  t.deepEqual(reply.edns?.options, []);
});

// MNAME and RNAME of the zone, a name to ask for TXT, and the octets of both names in the reply.
const SOA_NAMES: readonly [string, string, number][] = [
  ['ns1 host', 'x', label('ns1') + POINTER + label('host') + POINTER],
  ['ns1 host', 'ns1', POINTER + label('host') + POINTER],
  ['ns1 host', 'host', label('ns1') + POINTER + POINTER],
  ['ns1.dns host', 'ns1.dns', POINTER + label('host') + POINTER],
  ['ns1.dns host', 'x.dns', label('ns1') + POINTER + label('host') + POINTER],
  ['ns1.dns host.dns', 'x', label('ns1') + label('dns') + POINTER + label('host') + POINTER],
  ['ns1 ns1', 'x', label('ns1') + POINTER + POINTER],
  ['@ host', 'x', POINTER + label('host') + POINTER],
  ['ns1.example.net. host', 'x', label('ns1') + label('example') + label('net') + 1 + label('host') + POINTER],
  ['ns1.other.test. host', 'x', label('ns1') + label('other') + POINTER + label('host') + POINTER],
  ['ns1 .', 'x', label('ns1') + POINTER + 1],
];

for (const [names, asked, size] of SOA_NAMES) {
  test(`the SOA record of "${names}" in the denial of ${asked} is whole, and as small as compression allows`, (t) => {
    const zone = `$TTL 60\n@ SOA ${names} 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\nhost A 192.0.2.2\nns1.dns A 192.0.2.3\n`;
    const denier = new TestResponder({ zones: { 'zone.test.': zone } });
    const name = `${asked}.zone.test.`;
    const reply = denier.ask(queryOctets({ name, type: 'TXT' }));
    t.is(reply.length, question(name) + HEAD + size + 20);
    const expected = names
      .split(' ')
      .map((part) => (part === '@' ? 'zone.test.' : part.endsWith('.') ? part : `${part}.zone.test.`));
    t.deepEqual(lines(decoded(reply).authorities), [`zone.test. 5 SOA ${expected.join(' ')} 1 2 3 4 5`]);
  });
}

test('a denial whose SOA record does not fit is truncated', (t) => {
  const labels = (...letters: readonly string[]): string => letters.map((letter) => letter.repeat(63)).join('.');
  const asked = `${labels('a', 'b', 'c')}.zone.test.`;
  const room = 512 - question(asked) - HEAD - 2 * wire(`${labels('m', 'n')}`) - 2 * POINTER - 20;
  const deny = (mname: string): Message => {
    const zone = `$TTL 60\n@ SOA ${mname} ${labels('r', 's')} 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n`;
    return decoded(new TestResponder({ zones: { 'zone.test.': zone } }).ask(queryOctets({ name: asked, type: 'A' })));
  };
  t.is(room, 1);
  const whole = deny(labels('m', 'n'));
  t.deepEqual([whole.flags.tc, whole.authorities.length], [false, 1]);
  const cut = deny(`x.${labels('m', 'n')}`);
  t.deepEqual([cut.flags.tc, cut.authorities.length], [true, 0]);
});
