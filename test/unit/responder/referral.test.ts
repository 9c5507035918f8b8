import test from 'ava';
import { RCODE } from '../../../src/wire/constants.ts';
import { ORIGIN, ZONE } from '../../support/answer-zone.ts';
import { queryOctets } from '../../support/query-octets.ts';
import { decoded, lines, TestResponder } from '../../support/responder.ts';

const server = new TestResponder({ zones: { [ORIGIN]: ZONE } });

const SUB_NS = [
  'sub.example.test. 3600 NS ns.sub.example.test.',
  'sub.example.test. 3600 NS ns2.example.test.',
  'sub.example.test. 3600 NS ns.example.net.',
];
const GLUE = ['ns.sub.example.test. 3600 A 192.0.2.40', 'ns.sub.example.test. 3600 AAAA 2001:db8::40'];
const HELP = ['ns2.example.test. 3600 A 192.0.2.2', 'ns2.example.test. 3600 AAAA 2001:db8::2'];

for (const [name, type] of [
  ['sub.example.test.', 'NS'],
  ['sub.example.test.', 'A'],
  ['sub.example.test.', 'ANY'],
  ['host.sub.example.test.', 'A'],
  ['ns.sub.example.test.', 'A'],
  ['a.b.ns.sub.example.test.', 'A'],
  ['host.sub.example.test.', 'DS'],
]) {
  test(`${name} ${type} is referred to the servers of the child zone`, (t) => {
    const reply = server.query({ name: name!, type: type! });
    t.is(reply.rcode, RCODE.NOERROR);
    t.false(reply.flags.aa);
    t.deepEqual(reply.answers, []);
    t.deepEqual(lines(reply.authorities).toSorted(), SUB_NS.toSorted());
    t.deepEqual(lines(reply.additionals), [...GLUE, ...HELP]);
  });
}

test('a delegation to servers elsewhere has no glue', (t) => {
  const reply = server.query({ name: 'x.insecure.example.test.', type: 'A' });
  t.deepEqual(lines(reply.authorities), ['insecure.example.test. 3600 NS ns.example.net.']);
  t.deepEqual(reply.additionals, []);
});

test('a CNAME into a delegated zone gives the CNAME with authority, and the referral', (t) => {
  const reply = server.query({ name: 'to-sub.example.test.', type: 'A' });
  t.true(reply.flags.aa);
  t.deepEqual(lines(reply.answers), ['to-sub.example.test. 3600 CNAME host.sub.example.test.']);
  t.deepEqual(lines(reply.authorities).toSorted(), SUB_NS.toSorted());
  t.deepEqual(lines(reply.additionals), [...GLUE, ...HELP]);
});

test('referrals are counted', (t) => {
  const counted = new TestResponder({ zones: { [ORIGIN]: ZONE } });
  counted.query({ name: 'x.sub.example.test.', type: 'A' });
  t.is(counted.count('REFERRALS'), 1);
});

/** 13 servers inside the child zone with two addresses each, and one outside with one. */
const servers = Array.from(
  { length: 13 },
  (_, i) => `sub NS ns${i}.sub\nns${i}.sub A 192.0.2.${i}\nns${i}.sub AAAA 2001:db8::${i}\n`,
);
const big = new TestResponder({
  zones: { 'big.test.': `$TTL 60\n@ SOA a a 1 1 1 1 1\n@ NS a\na A 192.0.2.99\nsub NS a\n${servers.join('')}` },
});

test('glue that does not fit sets TC, and what does fit is whole', (t) => {
  const octets = big.ask(queryOctets({ name: 'www.sub.big.test.', type: 'A' }));
  const reply = decoded(octets);
  t.true(octets.length <= 512);
  t.true(reply.flags.tc);
  t.is(reply.authorities.length, 14);
  t.true(reply.additionals.length > 0 && reply.additionals.length < 26);
  t.false(lines(reply.additionals).some((line) => line.startsWith('a.big.test.')));
});

test('all glue is there when it fits', (t) => {
  const reply = big.query({ name: 'www.sub.big.test.', type: 'A', opt: { udpPayloadSize: 1232 } });
  t.false(reply.flags.tc);
  t.is(reply.additionals.length, 27);
});

test('addresses of servers outside the child are left out without TC when there is no room', (t) => {
  const wide = Array.from({ length: 20 }, (_, i) => `a A 192.0.3.${i}\n`).join('');
  const tight = new TestResponder({
    zones: { 'big.test.': `$TTL 60\n@ SOA a a 1 1 1 1 1\n@ NS a\n${wide}sub NS a\n${servers.slice(0, 5).join('')}` },
  });
  const reply = tight.query({ name: 'www.sub.big.test.', type: 'A' });
  t.false(reply.flags.tc);
  t.is(reply.additionals.length, 10);
});

test('a referral whose NS RRset does not fit is truncated to the question', (t) => {
  const many = Array.from({ length: 40 }, (_, i) => `sub NS ns${i}.elsewhere${i}.net.\n`).join('');
  const wide = new TestResponder({ zones: { 'big.test.': `$TTL 60\n@ SOA a a 1 1 1 1 1\n@ NS a\n${many}` } });
  const reply = wide.query({ name: 'www.sub.big.test.', type: 'A' });
  t.true(reply.flags.tc);
  t.deepEqual([reply.answers, reply.authorities, reply.additionals], [[], [], []]);
  t.is(wide.query({ name: 'www.sub.big.test.', type: 'A' }, { isStream: true }).authorities.length, 40);
});
