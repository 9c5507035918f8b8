import test from 'ava';
import { nameToText } from '../../../src/wire/name.ts';
import { TYPE } from '../../../src/wire/rrtype.ts';
import { compileZone } from '../../../src/zone/compile.ts';
import { HEADER, LABELS_SHIFT, NO_NAME, NODE, NODE_FLAG, RRSET, ZoneImage } from '../../../src/zone/image.ts';
import { rrsetOf } from '../../../src/zone/lookup.ts';
import { rdataOf } from '../../support/naive-zone.ts';
import { encodeRdata, type Row, SOA_ROW, wire, zoneRecords } from '../../support/zone-records.ts';

const ORIGIN = 'example.com.';
const imageOf = (rows: readonly Row[], origin = ORIGIN): ZoneImage => new ZoneImage(compileZone(zoneRecords(origin, rows)));
const textOf = (image: ZoneImage, id: number): string => nameToText(image.octets, image.nameOffset(id));
const nodesOf = (image: ZoneImage): string[] => Array.from({ length: image.nodeCount }, (_, id) => textOf(image, id));

function nodeOf(image: ZoneImage, name: string): number {
  const node = nodesOf(image).indexOf(name);
  if (node < 0) throw new Error(`no node ${name}`);
  return node;
}

function rrset(image: ZoneImage, name: string, type: keyof typeof TYPE): number {
  return rrsetOf(image, nodeOf(image, name), TYPE[type]);
}

function typesAt(image: ZoneImage, name: string): number[] {
  const node = nodeOf(image, name);
  const first = image.nodeWord(node, NODE.RRSETS);
  return Array.from({ length: image.nodeWord(node, NODE.FLAGS) & 0xffff }, (_, i) => image.rrsetType(first + i));
}

const hex = (type: keyof typeof TYPE, data: string): string => Buffer.from(encodeRdata(type, data, wire(ORIGIN))).toString('hex');

/** The encoded records of an RRset as hexadecimal digits. */
function encoded(image: ZoneImage, index: number): string {
  const from = image.rrsetWord(index, RRSET.DATA);
  return Buffer.from(image.octets.slice(from, from + image.rrsetWord(index, RRSET.SIZE))).toString('hex');
}

test('Records are encoded as they go on the wire behind their owner name.', (t) => {
  const image = imageOf([SOA_ROW, ['www', 'A', '192.0.2.1', 60], ['www', 'A', '192.0.2.2', 60]]);
  const a = rrset(image, 'www.example.com.', 'A');
  t.is(encoded(image, a), '000100010000003c0004c0000201000100010000003c0004c0000202');
  t.is(image.rrsetRecords(a), 2);
  t.is(image.rrsetWord(a, RRSET.TTL), 60);
  t.is(image.recordCount, 3);
});

test('RRsets stand in ascending order of type, records in the order of the zone, wherever their lines are.', (t) => {
  const image = imageOf([
    ['www', 'TXT', 'one'],
    ['www', 'AAAA', '2001:db8::1'],
    SOA_ROW,
    ['www', 'A', '192.0.2.2'],
    ['www', 'TXT', 'two'],
    ['ftp', 'A', '192.0.2.3'],
    ['WWW', 'A', '192.0.2.1'],
  ]);
  t.deepEqual(nodesOf(image), ['example.com.', 'www.example.com.', 'ftp.example.com.']);
  t.deepEqual(typesAt(image, 'www.example.com.'), [TYPE.A, TYPE.TXT, TYPE.AAAA]);
  t.deepEqual(rdataOf(image, rrset(image, 'www.example.com.', 'A')), ['c0000202', 'c0000201']);
  t.deepEqual(rdataOf(image, rrset(image, 'www.example.com.', 'TXT')), [hex('TXT', 'one'), hex('TXT', 'two')]);
});

test('A node with very many records keeps their order within each type.', (t) => {
  const rows: Row[] = [SOA_ROW];
  for (let i = 0; i < 200; i++) rows.push(['www', i % 2 === 0 ? 'TXT' : 'A', i % 2 === 0 ? `text ${i}` : `192.0.2.${i}`]);
  const image = imageOf(rows);
  const texts = rows.filter(([, type]) => type === 'TXT').map(([, , data]) => hex('TXT', data));
  const addresses = rows.filter(([, type]) => type === 'A').map(([, , data]) => hex('A', data));
  t.deepEqual(rdataOf(image, rrset(image, 'www.example.com.', 'TXT')), texts);
  t.deepEqual(rdataOf(image, rrset(image, 'www.example.com.', 'A')), addresses);
});

test('A record that is given twice is kept once, in its first place.', (t) => {
  const image = imageOf([
    SOA_ROW,
    ['www', 'A', '192.0.2.1'],
    ['www', 'A', '192.0.2.2'],
    ['www', 'A', '192.0.2.1'],
    ['www', 'TXT', 'same'],
    ['www', 'TXT', 'SAME'],
    ['www', 'TXT', 'same longer'],
    ['ftp', 'A', '192.0.2.1'],
    ['WWW', 'A', '192.0.2.2'],
  ]);
  t.deepEqual(rdataOf(image, rrset(image, 'www.example.com.', 'A')), ['c0000201', 'c0000202']);
  t.is(image.rrsetRecords(rrset(image, 'www.example.com.', 'TXT')), 3);
  t.is(image.recordCount, 7);
});

test('Names in RDATA are compared without regard to case, the numbers before them are not.', (t) => {
  const image = imageOf([
    SOA_ROW,
    ['@', 'NS', 'ns.example.net.'],
    ['@', 'NS', 'NS.Example.Net.'],
    ['@', 'MX', '65 mail'], // 65 and 97 differ as the letters A and a do
    ['@', 'MX', '97 mail'],
    ['@', 'MX', '65 MAIL'],
  ]);
  t.deepEqual(rdataOf(image, rrset(image, ORIGIN, 'NS')), [hex('NS', 'ns.example.net.')]);
  t.deepEqual(rdataOf(image, rrset(image, ORIGIN, 'MX')), [hex('MX', '65 mail'), hex('MX', '97 mail')]);
});

test('The TTL of an RRset is the lowest of its records, duplicates included.', (t) => {
  const image = imageOf([
    SOA_ROW,
    ['www', 'A', '192.0.2.1', 300],
    ['www', 'A', '192.0.2.2', 200],
    ['www', 'A', '192.0.2.1', 100],
    ['www', 'A', '192.0.2.2', 250],
    ['www', 'TXT', 'other', 900],
  ]);
  const a = rrset(image, 'www.example.com.', 'A');
  t.is(image.rrsetWord(a, RRSET.TTL), 100);
  t.is(encoded(image, a), '00010001000000640004c000020100010001000000640004c0000202');
  t.is(image.rrsetWord(rrset(image, 'www.example.com.', 'TXT'), RRSET.TTL), 900);
});

test('Signatures keep each their own TTL, that of the RRset which they cover.', (t) => {
  const image = imageOf([SOA_ROW, ['www', 'RRSIG', 'a', 300], ['www', 'RRSIG', 'b', 200]]);
  t.is(encoded(image, rrset(image, 'www.example.com.', 'RRSIG')), '002e00010000012c000161002e0001000000c8000162');
});

test('Every name from an owner up to the apex is a node, spelled as in its first record, or else in a descendant.', (t) => {
  const image = imageOf([SOA_ROW, ['A.b.C.d', 'A', '192.0.2.1'], ['c.D', 'A', '192.0.2.2'], ['e.c.d', 'A', '192.0.2.3']]);
  t.deepEqual(nodesOf(image), [
    'example.com.',
    'D.example.com.',
    'c.D.example.com.',
    'b.C.d.example.com.',
    'A.b.C.d.example.com.',
    'e.c.d.example.com.',
  ]);
  t.deepEqual(
    [1, 2, 3, 4, 5].map((node) => image.nameParent(node)),
    [0, 1, 2, 3, 2],
  );
  t.deepEqual(typesAt(image, 'D.example.com.'), []);
  t.deepEqual([image.apexLabels, image.maxLabels], [2, 6]);
});

test('Nodes know their wildcard child, and the cut or DNAME that they lie at or below.', (t) => {
  const image = imageOf([
    SOA_ROW,
    ['@', 'NS', 'ns'],
    ['*', 'A', '192.0.2.1'],
    ['sub', 'NS', 'ns.sub'],
    ['ns.sub', 'A', '192.0.2.2'],
    ['old', 'DNAME', 'new'],
    ['x.old', 'NS', 'ns'],
  ]);
  const word = (name: string, index: number): number => image.nodeWord(nodeOf(image, name), index);
  const flags = (name: string): number => word(name, NODE.FLAGS) & ((1 << LABELS_SHIFT) - 1);
  t.is(word('example.com.', NODE.WILDCARD) - 1, nodeOf(image, '*.example.com.'));
  t.is(word('example.com.', NODE.BOUNDARY), 0);
  t.is(word('example.com.', NODE.FLAGS) & NODE_FLAG.CUT, 0);
  t.is(flags('*.example.com.'), 1 | NODE_FLAG.WILDCARD);
  t.is(flags('sub.example.com.'), 1 | NODE_FLAG.CUT);
  t.is(word('sub.example.com.', NODE.BOUNDARY) - 1, nodeOf(image, 'sub.example.com.'));
  t.is(word('ns.sub.example.com.', NODE.BOUNDARY) - 1, nodeOf(image, 'sub.example.com.'));
  t.is(word('old.example.com.', NODE.BOUNDARY), 0);
  t.is(word('x.old.example.com.', NODE.BOUNDARY) - 1, nodeOf(image, 'old.example.com.'));
});

test('Nodes know how many labels they have, from 0 to 127.', (t) => {
  const deep = `${'a.'.repeat(126)}z.`;
  const image = imageOf([SOA_ROW, [deep, 'A', '192.0.2.1'], ['*.x', 'TXT', 'star']], 'z.');
  const labels = (name: string): number => image.nodeLabels(nodeOf(image, name));
  t.deepEqual([labels('z.'), labels('x.z.'), labels('*.x.z.'), labels('a.z.'), labels(deep)], [1, 2, 3, 2, 127]);
  t.is(imageOf([SOA_ROW], '.').nodeLabels(0), 0);
});

/** The ancestors of MNAME and RNAME just below the apex, or null. */
function soaTops(names: string): string[] | null {
  const image = imageOf([['@', 'SOA', `${names} 1 2 3 4 5`]]);
  for (const { offset, size } of image.soaNames ?? []) {
    if (nameToText(image.octets, offset + size) !== ORIGIN) throw new Error(`${names}: ${size} octets do not lead to the apex`);
  }
  return image.soaNames?.map(({ top }) => textOf(image, top)) ?? null;
}

test('The names of the SOA record are known to be apart below the apex, or not.', (t) => {
  t.deepEqual(soaTops('ns1 host'), ['ns1.example.com.', 'host.example.com.']);
  t.deepEqual(soaTops('a.ns1 b.c.host'), ['ns1.example.com.', 'host.example.com.']);
  for (const names of [
    'ns ns',
    'ns.dns host.dns',
    'dns host.dns',
    '@ host',
    'ns @',
    'ns host.example.net.',
    'com. host',
    '. host',
  ]) {
    t.is(soaTops(names), null, names);
  }
});

test('References name the targets of NS, CNAME, PTR, MX, SOA, DNAME and SRV records in order.', (t) => {
  const image = imageOf([
    SOA_ROW,
    ['@', 'NS', 'b.ns.example.net.'],
    ['@', 'NS', 'NS'],
    ['ns', 'A', '192.0.2.1'],
    ['alias', 'CNAME', 'b.ns.EXAMPLE.net.'],
    ['old', 'DNAME', 'com.'],
    ['@', 'PTR', 'none'],
    ['@', 'MX', '0 .'],
    ['@', 'SRV', '1 2 3 net.'],
  ]);
  const refs = (name: string, type: keyof typeof TYPE, count: number): string[] =>
    Array.from({ length: count }, (_, k) => {
      const id = image.ref(rrset(image, name, type), k);
      return id === NO_NAME ? 'root' : textOf(image, id);
    });
  t.deepEqual(refs(ORIGIN, 'SOA', 2), ['ns.example.com.', 'host.example.com.']);
  t.deepEqual(refs(ORIGIN, 'NS', 2), ['b.ns.example.net.', 'ns.example.com.']);
  t.deepEqual(refs(ORIGIN, 'PTR', 1), ['none.example.com.']);
  t.deepEqual(refs(ORIGIN, 'MX', 1), ['root']);
  t.deepEqual(refs(ORIGIN, 'SRV', 1), ['net.']);
  t.deepEqual(refs('alias.example.com.', 'CNAME', 1), ['b.ns.example.net.']);
  t.deepEqual(refs('old.example.com.', 'DNAME', 1), ['com.']);
  t.is(image.ref(rrset(image, ORIGIN, 'NS'), 1), nodeOf(image, 'ns.example.com.'));
});

test('Every name is there once, with its parent, up to the top-level names.', (t) => {
  const rows: Row[] = [SOA_ROW];
  for (let i = 0; i < 200; i++) rows.push([`h.ent${i}`, 'PTR', `T${i}.x.example.net.`], [`h.ent${i}`, 'MX', `1 m${i}`]);
  const image = imageOf(rows);
  const names = Array.from({ length: image.nameCount }, (_, id) => textOf(image, id).toLowerCase());
  t.is(new Set(names).size, names.length);
  t.is(image.nodeCount, 1 + 2 * 200);
  t.is(
    image.nameCount,
    image.nodeCount + 'ns host'.split(' ').length + 200 + 'com net example.net x.example.net'.split(' ').length + 200,
  );
  for (const [id, name] of names.entries()) {
    const parent = image.nameParent(id);
    const rest = name.slice(name.indexOf('.') + 1);
    t.is(parent === NO_NAME ? '' : names[parent], rest);
  }
});

test('The root zone has the root as node 0 and as the parent of its top-level names.', (t) => {
  const image = imageOf(
    [
      ['@', 'SOA', 'a.nic. b. 1 2 3 4 5'],
      ['@', 'NS', 'a.nic.'],
      ['x.nic', 'MX', '0 .'],
    ],
    '.',
  );
  t.is(textOf(image, 0), '.');
  t.is(image.nameParent(0), NO_NAME);
  t.is(image.nameParent(nodeOf(image, 'nic.')), 0);
  t.is(image.ref(rrset(image, 'x.nic.', 'MX'), 0), 0);
  t.is(image.apexLabels, 0);
});

test('The negative TTL is the lower of the TTL and the MINIMUM of the SOA; the serial is that of the SOA.', (t) => {
  const low = imageOf([
    ['@', 'NS', 'ns'],
    ['@', 'A', '192.0.2.1'],
    ['@', 'SOA', 'ns host 4294967295 1 2 3 300', 900],
  ]);
  t.is(low.negativeTtlSec, 300);
  t.is(low.serial, 4294967295);
  t.is(imageOf([['@', 'SOA', 'ns host 1 1 2 3 300', 200]]).negativeTtlSec, 200);
});

test('GSLB records carry the index of their policy, and their octets with the minimum TTL.', (t) => {
  const image = imageOf([SOA_ROW, ['@', 'GSLB', '5 first', 30], ['www', 'GSLB', '0 second', 60], ['api', 'GSLB', '7 first', 90]]);
  t.deepEqual(image.policyNames, ['first', 'second']);
  const policy = (name: string): number => image.rrsetWord(rrset(image, name, 'GSLB'), RRSET.REFS);
  t.deepEqual([policy(ORIGIN), policy('www.example.com.'), policy('api.example.com.')], [0, 1, 0]);
  const api = rrset(image, 'api.example.com.', 'GSLB');
  t.is(image.rrsetWord(api, RRSET.TTL), 90);
  t.true(encoded(image, api).endsWith(`00000007${Buffer.from('first').toString('hex')}`));
  t.deepEqual(imageOf([SOA_ROW]).policyNames, []);
});

test('The same records give the same octets.', (t) => {
  const rows: Row[] = [SOA_ROW, ['*', 'A', '192.0.2.1'], ['a.b', 'MX', '1 c.d'], ['www', 'GSLB', '1 p']];
  const [one, two] = [compileZone(zoneRecords(ORIGIN, rows)), compileZone(zoneRecords(ORIGIN, rows))];
  t.deepEqual(new Uint8Array(one), new Uint8Array(two));
});

test('An image is exactly as large as its sections, and that of a small zone is small.', (t) => {
  const image = imageOf([SOA_ROW, ['@', 'NS', 'ns'], ['ns', 'A', '192.0.2.1']]);
  t.is(image.buffer.byteLength, image.words[HEADER.OCTETS_AT]! + image.words[HEADER.OCTETS_SIZE]!);
  t.is(image.buffer.byteLength, 413);
});

test('Compiling leaves the records as they were.', (t) => {
  const records = zoneRecords(ORIGIN, [SOA_ROW, ['b', 'TXT', 'x'], ['b', 'A', '192.0.2.1'], ['B', 'A', '192.0.2.1', 1]]);
  const before = structuredClone(records);
  compileZone(records);
  t.deepEqual(structuredClone(records), before);
});

test('Records without an SOA are refused, as is a block that is not an image.', (t) => {
  t.throws(() => compileZone(zoneRecords(ORIGIN, [['www', 'A', '192.0.2.1']])), { message: /SOA/ });
  t.throws(() => new ZoneImage(new SharedArrayBuffer(4096)), { message: /not a zone image/ });
});
