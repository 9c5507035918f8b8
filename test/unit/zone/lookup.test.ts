import test from 'ava';
import fc from 'fast-check';
import { QueryName } from '../../../src/wire/qname.ts';
import { TYPE } from '../../../src/wire/rrtype.ts';
import { compileZone } from '../../../src/zone/compile.ts';
import { NO_NAME, ZoneImage } from '../../../src/zone/image.ts';
import { lookup, lookupInside, lookupName, rrsetOf } from '../../../src/zone/lookup.ts';
import { Found } from '../../../src/zone/lookup-result.ts';
import { type Finding, finding, labelsOf, NaiveZone } from '../../support/naive-zone.ts';
import { type Row, SOA_ROW, wire, zoneRecords } from '../../support/zone-records.ts';

type TypeName = keyof typeof TYPE;

const imageOf = (origin: string, rows: readonly Row[]): ZoneImage => new ZoneImage(compileZone(zoneRecords(origin, rows)));

function ask(image: ZoneImage, name: string | Uint8Array, type: number): Finding {
  const octets = typeof name === 'string' ? wire(name, image.octets.slice(0, 255)) : name;
  const query = new QueryName();
  query.read(octets, 0, octets.length);
  const found = new Found();
  lookup(image, query, type, found);
  return finding(image, found);
}

/** `kind`, or `kind node` with the node's labels, `(wildcard)` behind if it was matched by synthesis. */
function short(image: ZoneImage, name: string, type: TypeName): string {
  const { kind, node, wildcard } = ask(image, wire(name), TYPE[type]);
  return `${kind} ${node?.join('.')}${wildcard ? ' (wildcard)' : ''}`;
}

const asks = test.macro({
  exec(t, image: ZoneImage, name: string, type: TypeName, expected: string) {
    t.is(short(image, name, type), expected);
  },
  title: (given, _image, name, type, expected) => `${given}: ${name} ${type} is ${expected}.`,
});

// RFC 4592 section 2.2.1: the zone and its eight questions.
const rfc4592 = imageOf('example.', [
  ['@', 'SOA', 'ns.example.com. host 7 3600 600 86400 300'],
  ['@', 'NS', 'ns.example.com.'],
  ['@', 'NS', 'ns.example.net.'],
  ['*', 'TXT', 'this is a wildcard'],
  ['*', 'MX', '10 host1'],
  ['sub.*', 'TXT', 'this is not a wildcard'],
  ['host1', 'A', '192.0.2.1'],
  ['_ssh._tcp.host1', 'SRV', '0 0 22 host1'],
  ['_ssh._tcp.host2', 'SRV', '0 0 22 host1'],
  ['subdel', 'NS', 'ns.example.com.'],
  ['subdel', 'NS', 'ns.example.net.'],
]);
test('RFC 4592 synthesised', asks, rfc4592, 'host3.example.', 'MX', 'DATA *.example (wildcard)');
test('RFC 4592 synthesised, other type', asks, rfc4592, 'host3.example.', 'A', 'NODATA *.example (wildcard)');
test('RFC 4592 synthesised, two labels', asks, rfc4592, 'foo.bar.example.', 'TXT', 'DATA *.example (wildcard)');
test('RFC 4592 existing name', asks, rfc4592, 'host1.example.', 'MX', 'NODATA host1.example');
test('RFC 4592 existing name under an asterisk', asks, rfc4592, 'sub.*.example.', 'MX', 'NODATA sub.*.example');
test('RFC 4592 below an existing name', asks, rfc4592, '_telnet._tcp.host1.example.', 'SRV', 'NXDOMAIN _tcp.host1.example');
test('RFC 4592 delegation', asks, rfc4592, 'host.subdel.example.', 'A', 'REFERRAL subdel.example');
test('RFC 4592 below an asterisk', asks, rfc4592, 'ghost.*.example.', 'MX', 'NXDOMAIN *.example');
test('RFC 4592 literal asterisk', asks, rfc4592, '*.example.', 'TXT', 'DATA *.example');
test('RFC 4592 empty non-terminal', asks, rfc4592, '_tcp.host2.example.', 'MX', 'NODATA _tcp.host2.example');
test('RFC 4592 owner of nothing but descendants', asks, rfc4592, 'host2.example.', 'MX', 'NODATA host2.example');

const cuts = imageOf('example.', [
  SOA_ROW,
  ['@', 'NS', 'ns'],
  ['ns', 'A', '192.0.2.1'],
  ['sub', 'NS', 'ns.sub'],
  ['sub', 'DS', 'digest'],
  ['sub', 'TXT', 'not authoritative'],
  ['ns.sub', 'A', '192.0.2.2'],
  ['deeper.sub', 'NS', 'ns.sub'],
  ['deeper.sub', 'DS', 'digest'],
  ['*.sub', 'A', '192.0.2.3'],
  ['plain', 'NS', 'ns'],
  ['*.wild', 'NS', 'ns'],
  ['*.wild', 'A', '192.0.2.4'],
]);
test('the apex is not a cut', asks, cuts, 'example.', 'NS', 'DATA example');
test('NS at a cut', asks, cuts, 'sub.example.', 'NS', 'REFERRAL sub.example');
test('data at a cut', asks, cuts, 'sub.example.', 'TXT', 'REFERRAL sub.example');
test('ANY at a cut', asks, cuts, 'sub.example.', 'ANY', 'REFERRAL sub.example');
test('DS at a cut', asks, cuts, 'sub.example.', 'DS', 'DATA sub.example');
test('no DS at a cut', asks, cuts, 'plain.example.', 'DS', 'NODATA plain.example');
test('glue', asks, cuts, 'ns.sub.example.', 'A', 'REFERRAL sub.example');
test('a wildcard below a cut', asks, cuts, 'x.y.sub.example.', 'A', 'REFERRAL sub.example');
test('a cut below a cut', asks, cuts, 'deeper.sub.example.', 'DS', 'REFERRAL sub.example');
test('DS below a cut', asks, cuts, 'none.sub.example.', 'DS', 'REFERRAL sub.example');
test('NS at a wildcard, synthesised', asks, cuts, 'x.wild.example.', 'A', 'DATA *.wild.example (wildcard)');
test('NS at a wildcard, literally', asks, cuts, 'x.*.wild.example.', 'A', 'REFERRAL *.wild.example');

const dnames = imageOf('example.', [
  SOA_ROW,
  ['@', 'NS', 'ns.example.com.'],
  ['old', 'DNAME', 'new'],
  ['old', 'A', '192.0.2.1'],
  ['occluded.old', 'A', '192.0.2.2'],
  ['*.old', 'A', '192.0.2.3'],
  ['both', 'DNAME', 'new'],
  ['both', 'NS', 'ns.example.com.'],
]);
test('data at a DNAME', asks, dnames, 'old.example.', 'A', 'DATA old.example');
test('the DNAME itself', asks, dnames, 'old.example.', 'DNAME', 'DATA old.example');
test('no data at a DNAME', asks, dnames, 'old.example.', 'MX', 'NODATA old.example');
test('a name below a DNAME', asks, dnames, 'a.b.old.example.', 'MX', 'DNAME old.example');
test('an occluded name', asks, dnames, 'occluded.old.example.', 'A', 'DNAME old.example');
test('DS below a DNAME', asks, dnames, 'a.old.example.', 'DS', 'DNAME old.example');
test('NS outranks DNAME', asks, dnames, 'a.both.example.', 'A', 'REFERRAL both.example');
const apexDname = imageOf('example.', [SOA_ROW, ['@', 'NS', 'ns.example.com.'], ['@', 'DNAME', 'example.net.']]);
test('a DNAME at the apex', asks, apexDname, 'www.example.', 'A', 'DNAME example');
test('the apex with a DNAME', asks, apexDname, 'example.', 'A', 'NODATA example');

const steered = imageOf('example.', [
  SOA_ROW,
  ['@', 'GSLB', '5 apex-policy', 30],
  ['*.any', 'GSLB', '5 any-policy', 30],
  ['www', 'GSLB', '5 apex-policy', 30],
  ['www', 'TXT', 'text'],
  ['alias', 'CNAME', 'WWW'],
  ['alias', 'RRSIG', 'signature'],
  ['*.alias', 'CNAME', 'alias'],
  ['deep.er.ent', 'A', '192.0.2.1'],
]);
test('steering at the apex', asks, steered, 'example.', 'A', 'GSLB example');
test('steering through a wildcard', asks, steered, 'x.any.example.', 'AAAA', 'GSLB *.any.example (wildcard)');
test('other data beside steering', asks, steered, 'www.example.', 'TXT', 'DATA www.example');
test('HTTPS beside steering', asks, steered, 'www.example.', 'HTTPS', 'NODATA www.example');
test('the steering record itself', asks, steered, 'www.example.', 'GSLB', 'NODATA www.example');
test('ANY with steering and data', asks, steered, 'www.example.', 'ANY', 'DATA www.example');
test('ANY with steering alone', asks, steered, 'x.any.example.', 'ANY', 'GSLB *.any.example (wildcard)');
test('ANY at an empty non-terminal', asks, steered, 'any.example.', 'ANY', 'NODATA any.example');
test('A at an alias', asks, steered, 'alias.example.', 'A', 'CNAME alias.example');
test('CNAME at an alias', asks, steered, 'alias.example.', 'CNAME', 'DATA alias.example');
test('RRSIG at an alias', asks, steered, 'alias.example.', 'RRSIG', 'DATA alias.example');
test('ANY at an alias', asks, steered, 'alias.example.', 'ANY', 'DATA alias.example');
test('an alias through a wildcard', asks, steered, 'x.alias.example.', 'A', 'CNAME *.alias.example (wildcard)');
test('an empty non-terminal', asks, steered, 'ent.example.', 'A', 'NODATA ent.example');
test('a name outside', asks, steered, 'www.example.net.', 'A', 'OUTSIDE undefined');
test('a name above', asks, steered, '.', 'A', 'OUTSIDE undefined');

test('Names match without regard to ASCII case, in the zone and in the question.', (t) => {
  const image = imageOf('ExAmPle.', [SOA_ROW, ['WwW', 'A', '192.0.2.1']]);
  t.is(ask(image, wire('wWw.eXAMPLE.'), TYPE.A).kind, 'DATA');
  const found = new Found();
  const query = new QueryName();
  query.read(wire('www.example.'), 0, 255);
  lookup(image, query, TYPE.A, found);
  t.deepEqual(image.octets.slice(image.nameOffset(found.node)).subarray(0, 13), wire('WwW.ExAmPle.'));
});

test('Labels may hold any octet, and only ASCII letters fold.', (t) => {
  const image = imageOf('example.', [SOA_ROW, ['a\\.b', 'A', '192.0.2.1'], ['\\000\\224', 'A', '192.0.2.2']]);
  t.is(ask(image, wire('a\\.b.example.'), TYPE.A).kind, 'DATA');
  t.is(ask(image, wire('a.b.example.'), TYPE.A).kind, 'NXDOMAIN');
  t.is(ask(image, wire('\\000\\224.example.'), TYPE.A).kind, 'DATA');
  t.is(ask(image, wire('\\000\\192.example.'), TYPE.A).kind, 'NXDOMAIN');
});

// Found by search.
for (const [what, one, other] of [
  ['names', '8sz8f3ut', 'knj2tvpb'],
  ['names of different depth', 'c2kgax13', 'cgfc.eczv'],
] as const) {
  test(`Of two ${what} whose hashes are equal each is found, and neither for the other.`, (t) => {
    const [oneName, otherName] = [new QueryName(), new QueryName()];
    oneName.read(wire(`${one}.example.`), 0, 255);
    otherName.read(wire(`${other}.example.`), 0, 255);
    t.is(oneName.hash[0], otherName.hash[0]);
    const both = imageOf('example.', [SOA_ROW, [one, 'A', '192.0.2.1'], [other, 'TXT', 'other']]);
    t.is(short(both, `${one}.example.`, 'A'), `DATA ${one}.example`);
    t.is(short(both, `${other}.example.`, 'TXT'), `DATA ${other}.example`);
    const first = imageOf('example.', [SOA_ROW, [one, 'A', '192.0.2.1']]);
    t.is(short(first, `${other}.example.`, 'A'), 'NXDOMAIN example');
    const second = imageOf('example.', [SOA_ROW, [other, 'A', '192.0.2.1']]);
    t.is(short(second, `${one}.example.`, 'A'), 'NXDOMAIN example');
  });
}

test('A name that is known to lie in the zone is looked up without comparing the apex.', (t) => {
  const image = imageOf('example.', [SOA_ROW, ['www', 'A', '192.0.2.1']]);
  const found = new Found();
  const query = new QueryName();
  for (const name of ['example.', 'www.example.', 'x.www.example.', 'x.example.']) {
    query.read(wire(name), 0, 255);
    lookupInside(image, query, TYPE.A, found);
    t.deepEqual(finding(image, found), ask(image, wire(name), TYPE.A), name);
  }
});

test('A name of 127 labels is found, and its closest encloser when it is not.', (t) => {
  const deep = 'a.'.repeat(126);
  const image = imageOf('z.', [SOA_ROW, [`${deep}z.`, 'A', '192.0.2.1']]);
  t.is(image.maxLabels, 127);
  t.is(ask(image, wire(`${deep}z.`), TYPE.A).kind, 'DATA');
  for (let depth = 0; depth < 126; depth++) {
    const encloser = `${'a.'.repeat(depth)}z`;
    t.deepEqual(ask(image, wire(`b.${encloser}.`), TYPE.A).node, encloser.split('.'));
    t.is(ask(image, wire(`${encloser}.`), TYPE.MX).kind, 'NODATA');
  }
  const shallow = imageOf('z.', [SOA_ROW]);
  t.deepEqual(ask(shallow, wire(`${deep}z.`), TYPE.A), { kind: 'NXDOMAIN', node: ['z'], wildcard: false });
});

test('The root zone answers for every name, and a null target there is the apex.', (t) => {
  const image = imageOf('.', [
    ['@', 'SOA', 'a.nic. host.nic. 1 2 3 4 5'],
    ['@', 'NS', 'a.nic.'],
    ['com', 'NS', 'a.nic.'],
    ['nic', 'MX', '0 .'],
  ]);
  t.is(short(image, '.', 'NS'), 'DATA ');
  t.is(short(image, 'www.com.', 'A'), 'REFERRAL com');
  t.is(short(image, 'org.', 'A'), 'NXDOMAIN ');
  const found = new Found();
  const query = new QueryName();
  query.read(wire('nic.'), 0, 255);
  lookup(image, query, TYPE.MX, found);
  lookupName(image, image.ref(found.rrset, 0), TYPE.NS, found);
  t.is(finding(image, found).kind, 'DATA');
});

test('The root as a target lies outside of any other zone.', (t) => {
  const found = new Found();
  lookupName(steered, NO_NAME, TYPE.A, found);
  t.is(finding(steered, found).kind, 'OUTSIDE');
});

test('rrsetOf finds glue below a cut, and -1 for a type that is not there.', (t) => {
  const found = new Found();
  const query = new QueryName();
  query.read(wire('sub.example.'), 0, 255);
  lookup(cuts, query, TYPE.A, found);
  const server = cuts.ref(found.rrset, 0);
  t.true(server < cuts.nodeCount);
  t.is(cuts.rrsetType(rrsetOf(cuts, server, TYPE.A)), TYPE.A);
  t.is(rrsetOf(cuts, server, TYPE.AAAA), -1);
});

test('A Found that is used again keeps nothing of the lookup before.', (t) => {
  const found = new Found();
  const query = new QueryName();
  query.read(wire('x.any.example.'), 0, 255);
  lookup(steered, query, TYPE.A, found);
  query.read(wire('none.example.'), 0, 255);
  lookup(steered, query, TYPE.A, found);
  t.deepEqual({ ...found }, { kind: 4, node: 0, rrset: -1, wildcard: 0 });
});

// Random zones over so few names that wildcards, empty non-terminals, cuts, DNAMEs and aliases meet.
const label = fc.constantFrom('a', 'b', '*', 'A');
const relative = fc.array(label, { minLength: 0, maxLength: 4 });
const address = fc.constantFrom('192.0.2.1', '192.0.2.2');
const profile = fc.constantFrom<readonly TypeName[]>(
  ['A'],
  ['A', 'AAAA', 'TXT'],
  ['TXT', 'A'],
  ['MX', 'SRV', 'PTR'],
  ['CNAME'],
  ['CNAME', 'RRSIG'],
  ['DNAME', 'A'],
  ['GSLB', 'TXT'],
  ['GSLB'],
  ['NS', 'A'],
  ['DS', 'NS', 'DNAME'],
);
const absolute = (labels: readonly string[], origin: string): string =>
  labels.length === 0 ? origin : `${labels.join('.')}.${origin === '.' ? '' : origin}`;
const target = (origin: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: relative.map((labels) => absolute(labels, origin)) },
    { weight: 1, arbitrary: fc.constantFrom('.', 'other.', 'a.other.', 'b.') },
  );

function dataOf(type: TypeName, name: string, ip: string): string {
  if (type === 'A') return ip;
  if (type === 'AAAA') return '2001:db8::1';
  if (type === 'MX') return `10 ${name}`;
  if (type === 'SRV') return `0 0 80 ${name}`;
  if (type === 'GSLB') return '5 policy';
  return ['NS', 'CNAME', 'DNAME', 'PTR'].includes(type) ? name : 'text';
}

const zone = fc.constantFrom('z.', 'b.a.', '.').chain((origin) => {
  const owner = fc.record({ labels: relative, types: profile, name: target(origin), ip: address });
  const apexTypes = fc.constantFrom<readonly TypeName[]>([], ['NS'], ['NS', 'A', 'MX'], ['NS', 'DNAME'], ['GSLB', 'NS']);
  return fc.record({ owners: fc.array(owner, { maxLength: 8 }), apexTypes, name: target(origin) }).map((parts) => {
    const rows: Row[] = [['@', 'SOA', `${parts.name} ${parts.name} 1 2 3 4 5`]];
    for (const type of parts.apexTypes) rows.push(['@', type, dataOf(type, parts.name, '192.0.2.3')]);
    const taken = new Set(['']);
    for (const { labels, types, name, ip } of parts.owners) {
      const key = labels.join('.').toLowerCase();
      if (taken.has(key)) continue;
      taken.add(key);
      for (const type of types) rows.push([absolute(labels, origin), type, dataOf(type, name, ip)]);
    }
    return { origin, rows };
  });
});
const questionTypes = ['A', 'AAAA', 'NS', 'DS', 'CNAME', 'DNAME', 'TXT', 'GSLB', 'ANY', 'RRSIG', 'MX'] as const;

test('Random zones: lookup() says what the text of the RFCs says.', (t) => {
  const question = fc.record({
    labels: fc.array(label, { maxLength: 6 }),
    suffix: fc.constantFrom('', '', '', 'other.'),
    type: fc.constantFrom(...questionTypes),
  });
  const property = fc.property(zone, fc.array(question, { minLength: 6, maxLength: 6 }), ({ origin, rows }, questions) => {
    const image = imageOf(origin, rows);
    const naive = new NaiveZone(origin, rows);
    for (const { labels, suffix, type } of questions) {
      const name = wire(absolute(labels, suffix === '' ? origin : suffix));
      t.deepEqual(ask(image, name, TYPE[type]), naive.find(labelsOf(name), TYPE[type]));
    }
  });
  t.notThrows(() => fc.assert(property, { seed: 4592, numRuns: 4000 }));
});

test('Random zones: lookupName() of every name in the image says the same.', (t) => {
  const property = fc.property(zone, fc.constantFrom(...questionTypes), ({ origin, rows }, type) => {
    const image = imageOf(origin, rows);
    const naive = new NaiveZone(origin, rows);
    const found = new Found();
    for (let id = 0; id < image.nameCount; id++) {
      lookupName(image, id, TYPE[type], found);
      const expected = naive.find(labelsOf(image.octets, image.nameOffset(id)), TYPE[type]);
      t.deepEqual(finding(image, found), expected);
    }
  });
  t.notThrows(() => fc.assert(property, { seed: 6672, numRuns: 3000 }));
});
