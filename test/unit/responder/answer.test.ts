import test from 'ava';
import { RCODE } from '../../../src/wire/constants.ts';
import type { Message } from '../../../src/wire/message-types.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { ORIGIN, ZONE } from '../../support/answer-zone.ts';
import { wireName } from '../../support/query-octets.ts';
import { lines, TestResponder } from '../../support/responder.ts';

const server = new TestResponder({ zones: { [ORIGIN]: ZONE } });
const ask = (name: string, type: string | number): Message => server.query({ name, type });

const SOA = 'example.test. 300 SOA ns1.example.test. hostmaster.example.test. 2024010101 7200 900 1209600 300';

/** name, type -> rcode, answer section, authority section; all of them authoritative. */
const AUTHORITATIVE: readonly [string, string | number, number, string[], string[]][] = [
  ['www.example.test.', 'A', RCODE.NOERROR, ['www.example.test. 3600 A 192.0.2.10', 'www.example.test. 3600 A 192.0.2.11'], []],
  ['example.test.', 'SOA', RCODE.NOERROR, [SOA.replace(' 300 ', ' 7200 ')], []],
  [
    'example.test.',
    'NS',
    RCODE.NOERROR,
    ['example.test. 3600 NS ns1.example.test.', 'example.test. 3600 NS ns2.example.test.'],
    [],
  ],
  ['www.example.test.', 'TXT', RCODE.NOERROR, [], [SOA]],
  ['www.example.test.', 'GSLB', RCODE.NOERROR, [], [SOA]],
  ['www.example.test.', 666, RCODE.NOERROR, [], [SOA]],
  ['nothing.example.test.', 'A', RCODE.NXDOMAIN, [], [SOA]],
  ['a.b.c.www.example.test.', 'A', RCODE.NXDOMAIN, [], [SOA]],
  ['deep.example.test.', 'A', RCODE.NOERROR, [], [SOA]],
  ['deep.example.test.', 'ANY', RCODE.NOERROR, [], [SOA]],
  ['alias.example.test.', 'CNAME', RCODE.NOERROR, ['alias.example.test. 3600 CNAME www.example.test.'], []],
  ['null-mx.example.test.', 'MX', RCODE.NOERROR, ['null-mx.example.test. 3600 MX 0 .'], []],
  ['sub.example.test.', 'DS', RCODE.NOERROR, [`sub.example.test. 3600 DS 12345 13 2 ${'0123456789ABCDEF'.repeat(4)}`], []],
  ['insecure.example.test.', 'DS', RCODE.NOERROR, [], [SOA]],
  [
    'chain1.example.test.',
    'A',
    RCODE.NOERROR,
    [
      'chain1.example.test. 3600 CNAME chain2.example.test.',
      'chain2.example.test. 3600 CNAME chain3.example.test.',
      'chain3.example.test. 3600 CNAME www.example.test.',
      'www.example.test. 3600 A 192.0.2.10',
      'www.example.test. 3600 A 192.0.2.11',
    ],
    [],
  ],
  ['to-nothing.example.test.', 'A', RCODE.NXDOMAIN, ['to-nothing.example.test. 3600 CNAME nothing.example.test.'], [SOA]],
  ['to-txt.example.test.', 'A', RCODE.NOERROR, ['to-txt.example.test. 3600 CNAME Mixed.example.test.'], [SOA]],
  ['outside.example.test.', 'A', RCODE.NOERROR, ['outside.example.test. 3600 CNAME www.example.net.'], []],
  ['to-root.example.test.', 'A', RCODE.NOERROR, ['to-root.example.test. 3600 CNAME .'], []],
  ['loop.example.test.', 'A', RCODE.NOERROR, ['loop.example.test. 3600 CNAME loop.example.test.'], []],
  [
    'loop1.example.test.',
    'A',
    RCODE.NOERROR,
    ['loop1.example.test. 3600 CNAME loop2.example.test.', 'loop2.example.test. 3600 CNAME loop1.example.test.'],
    [],
  ],
  ['a.wild.example.test.', 'TXT', RCODE.NOERROR, ['a.wild.example.test. 3600 TXT "star"'], []],
  ['a.b.wild.example.test.', 'MX', RCODE.NOERROR, ['a.b.wild.example.test. 3600 MX 10 mail.example.test.'], []],
  ['a.wild.example.test.', 'A', RCODE.NOERROR, [], [SOA]],
  [
    'to-wild.example.test.',
    'TXT',
    RCODE.NOERROR,
    ['to-wild.example.test. 3600 CNAME anything.wild.example.test.', 'anything.wild.example.test. 3600 TXT "star"'],
    [],
  ],
  [
    'x.wildalias.example.test.',
    'A',
    RCODE.NOERROR,
    [
      'x.wildalias.example.test. 3600 CNAME www.example.test.',
      'www.example.test. 3600 A 192.0.2.10',
      'www.example.test. 3600 A 192.0.2.11',
    ],
    [],
  ],
  ['dname.example.test.', 'DNAME', RCODE.NOERROR, ['dname.example.test. 3600 DNAME target.example.test.'], []],
  ['dname.example.test.', 'A', RCODE.NOERROR, [], [SOA]],
  [
    'www.dname.example.test.',
    'A',
    RCODE.NOERROR,
    [
      'dname.example.test. 3600 DNAME target.example.test.',
      'www.dname.example.test. 3600 CNAME www.target.example.test.',
      'www.target.example.test. 3600 A 192.0.2.30',
    ],
    [],
  ],
  [
    'www.dname.example.test.',
    'CNAME',
    RCODE.NOERROR,
    ['dname.example.test. 3600 DNAME target.example.test.', 'www.dname.example.test. 3600 CNAME www.target.example.test.'],
    [],
  ],
  [
    'no.dname.example.test.',
    'A',
    RCODE.NXDOMAIN,
    ['dname.example.test. 3600 DNAME target.example.test.', 'no.dname.example.test. 3600 CNAME no.target.example.test.'],
    [SOA],
  ],
  [
    'a.b.dname-out.example.test.',
    'A',
    RCODE.NOERROR,
    ['dname-out.example.test. 3600 DNAME example.net.', 'a.b.dname-out.example.test. 3600 CNAME a.b.example.net.'],
    [],
  ],
  [
    'a.dname-root.example.test.',
    'A',
    RCODE.NOERROR,
    ['dname-root.example.test. 3600 DNAME .', 'a.dname-root.example.test. 3600 CNAME a.'],
    [],
  ],
  [
    'www.dname-deep.example.test.',
    'A',
    RCODE.NOERROR,
    [
      'dname-deep.example.test. 3600 DNAME dname.example.test.',
      'www.dname-deep.example.test. 3600 CNAME www.dname.example.test.',
      'dname.example.test. 3600 DNAME target.example.test.',
      'www.dname.example.test. 3600 CNAME www.target.example.test.',
      'www.target.example.test. 3600 A 192.0.2.30',
    ],
    [],
  ],
  [
    'up.dname.example.test.',
    'A',
    RCODE.NOERROR,
    [
      'dname.example.test. 3600 DNAME target.example.test.',
      'up.dname.example.test. 3600 CNAME up.target.example.test.',
      'up.target.example.test. 3600 CNAME www.example.test.',
      'www.example.test. 3600 A 192.0.2.10',
      'www.example.test. 3600 A 192.0.2.11',
    ],
    [],
  ],
  [
    'back.dname.example.test.',
    'A',
    RCODE.NOERROR,
    [
      'dname.example.test. 3600 DNAME target.example.test.',
      'back.dname.example.test. 3600 CNAME back.target.example.test.',
      'back.target.example.test. 3600 CNAME www.dname.example.test.',
      'www.dname.example.test. 3600 CNAME www.target.example.test.',
      'www.target.example.test. 3600 A 192.0.2.30',
    ],
    [],
  ],
  [
    'to-dname.example.test.',
    'A',
    RCODE.NXDOMAIN,
    [
      'to-dname.example.test. 3600 CNAME x.dname.example.test.',
      'dname.example.test. 3600 DNAME target.example.test.',
      'x.dname.example.test. 3600 CNAME x.target.example.test.',
    ],
    [SOA],
  ],
];

for (const [name, type, rcode, answers, authorities] of AUTHORITATIVE) {
  test(`the answer to ${name} ${type} is what RFC 1034 and its successors say`, (t) => {
    const reply = ask(name, type);
    t.is(reply.rcode, rcode);
    t.true(reply.flags.aa);
    t.false(reply.flags.tc);
    t.deepEqual(lines(reply.answers), answers);
    t.deepEqual(lines(reply.authorities), authorities);
    t.deepEqual(reply.additionals, []);
  });
}

test('the question keeps its case, and names made from it do too', (t) => {
  const reply = ask('WwW.DnAmE.eXaMpLe.TeSt.', 'A');
  t.is(nameToText(reply.questions[0]!.name), 'WwW.DnAmE.eXaMpLe.TeSt.');
  t.is(nameToText(reply.answers[1]!.owner), 'WwW.DnAmE.eXaMpLe.TeSt.');
  t.regex(lines(reply.answers)[1]!, / CNAME WwW\.target\./);
});

test('ANY gives one RRset', (t) => {
  t.deepEqual(lines(ask('example.test.', 'ANY').answers), lines(ask('example.test.', 'NS').answers));
  t.deepEqual(lines(ask('alias.example.test.', 'ANY').answers), lines(ask('alias.example.test.', 'CNAME').answers));
  t.deepEqual(lines(ask('www.dname.example.test.', 'ANY').answers), lines(ask('www.dname.example.test.', 'A').answers));
});

test('a substitution by DNAME over 255 octets is YXDOMAIN with the DNAME', (t) => {
  const long = `${`${'a'.repeat(60)}.`.repeat(3)}${'b'.repeat(40)}.dname.example.test.`;
  t.is(wireName(long).length, 244);
  t.is(server.query({ name: long, type: 'A' }, { isStream: true }).rcode, RCODE.NXDOMAIN);
  const longer = ask(long.replace('b.dname', `${'b'.repeat(12)}.dname`), 'A');
  t.is(longer.rcode, RCODE.YXDOMAIN);
  t.true(longer.flags.aa);
  t.deepEqual(lines(longer.answers), ['dname.example.test. 3600 DNAME target.example.test.']);
});

test('a DNAME that the chain comes to again stands in the reply once', (t) => {
  const again = new TestResponder({
    zones: { 'd.test.': '@ 60 SOA a a 1 1 1 1 1\n@ 60 NS a\n$TTL 60\nd DNAME @\n* CNAME x.d\nx A 192.0.2.1\n' },
  });
  t.deepEqual(lines(again.query({ name: 'y.d.d.test.', type: 'A' }).answers), [
    'd.d.test. 60 DNAME d.test.',
    'y.d.d.test. 60 CNAME y.d.test.',
    'y.d.test. 60 CNAME x.d.d.test.',
    'x.d.d.test. 60 CNAME x.d.test.',
    'x.d.test. 60 A 192.0.2.1',
  ]);
});

test('a DNAME that leads below itself is followed for eleven links', (t) => {
  const { rcode, answers } = ask('a.dname-loop.example.test.', 'A');
  t.is(rcode, RCODE.NOERROR);
  t.is(answers.length, 12);
  t.is(lines(answers)[1], 'a.dname-loop.example.test. 3600 CNAME a.x.dname-loop.example.test.');
});

test('a chain of more than eleven links is left to the resolver', (t) => {
  const links = Array.from({ length: 20 }, (_, i) => `c${i} CNAME c${i + 1}`).join('\n');
  const chain = new TestResponder({
    zones: { 'c.test.': `@ 60 SOA a a 1 1 1 1 1\n@ 60 NS a\n$TTL 60\n${links}\nc20 A 192.0.2.1\n` },
  });
  const reply = chain.query({ name: 'c0.c.test.', type: 'A' });
  t.is(reply.rcode, RCODE.NOERROR);
  t.is(reply.answers.length, 11);
  t.is(lines(reply.answers).at(-1), 'c10.c.test. 60 CNAME c11.c.test.');
  t.is(chain.query({ name: 'c9.c.test.', type: 'A' }).answers.length, 12);
});

test('a chain knows nothing of the DNAMEs that answered before it', (t) => {
  const renamed = new TestResponder({
    zones: { 'd.test.': '@ 60 SOA a a 1 1 1 1 1\n@ 60 NS a\n$TTL 60\n*.w CNAME x.d\nd DNAME e\nx.e A 192.0.2.1\n' },
  });
  const answerOf = (name: string): string[] => lines(renamed.query({ name, type: 'A' }).answers);
  const first = answerOf('a.w.d.test.');
  t.is(first.length, 4);
  answerOf('x.d.d.test.');
  t.deepEqual(answerOf('a.w.d.test.'), first);
});

test('a chain that is long enough ends before a DNAME too', (t) => {
  const links = Array.from({ length: 10 }, (_, i) => `c${i} CNAME c${i + 1}`).join('\n');
  const chain = new TestResponder({
    zones: { 'c.test.': `@ 60 SOA a a 1 1 1 1 1\n@ 60 NS a\n$TTL 60\n${links}\nc10 CNAME x.d\nd DNAME e\nx.e A 192.0.2.1\n` },
  });
  t.is(lines(chain.query({ name: 'c0.c.test.', type: 'A' }).answers).at(-1), 'c10.c.test. 60 CNAME x.d.c.test.');
  t.is(lines(chain.query({ name: 'c1.c.test.', type: 'A' }).answers).at(-1), 'x.e.c.test. 60 A 192.0.2.1');
});

test('a synthesised CNAME that does not fit truncates the reply', (t) => {
  const name = `${`${'a'.repeat(60)}.`.repeat(3)}${'b'.repeat(40)}.dname.example.test.`;
  const reply = server.query({ name, type: 'A' });
  t.true(reply.flags.tc);
  t.deepEqual(reply.answers, []);
});

test('the root can be served and asked for', (t) => {
  const root = new TestResponder({
    zones: {
      '.': '$TTL 60\n@ SOA a.nic b.nic 1 2 3 4 5\n@ NS a.nic\na.nic A 192.0.2.1\nto-apex CNAME .\nchild NS ns.child\nns.child A 192.0.2.2\n',
    },
  });
  const apex = root.query({ name: '.', type: 'NS' });
  t.deepEqual(lines(apex.answers), ['. 60 NS a.nic.']);
  const missing = root.query({ name: 'x.', type: 'A' });
  t.is(missing.rcode, RCODE.NXDOMAIN);
  t.deepEqual(lines(missing.authorities), ['. 5 SOA a.nic. b.nic. 1 2 3 4 5']);
  t.deepEqual(lines(root.query({ name: 'to-apex.', type: 'NS' }).answers), ['to-apex. 60 CNAME .', '. 60 NS a.nic.']);
  t.deepEqual(lines(root.query({ name: 'x.child.', type: 'A' }).additionals), ['ns.child. 60 A 192.0.2.2']);
});

test('the closest of several zones answers, and DS of a child is answered by the parent', (t) => {
  const both = new TestResponder({
    zones: {
      [ORIGIN]: ZONE,
      'sub.example.test.': '$TTL 60\n@ SOA ns a 1 1 1 1 1\n@ NS ns\nns A 192.0.2.40\nhost A 192.0.2.41\n',
    },
  });
  t.deepEqual(lines(both.query({ name: 'host.sub.example.test.', type: 'A' }).answers), [
    'host.sub.example.test. 60 A 192.0.2.41',
  ]);
  t.regex(lines(both.query({ name: 'sub.example.test.', type: 'DS' }).answers)[0]!, /^sub\.example\.test\. 3600 DS /);
  t.is(both.query({ name: 'other.test.', type: 'A' }).rcode, RCODE.REFUSED);
});
