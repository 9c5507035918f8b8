import test from 'ava';
import { fingerprint, StaticRecords, soaRecord } from '../../../src/transfer/static-records.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { readU16 } from '../../../src/wire/octets.ts';
import { typeName } from '../../../src/wire/rrtype.ts';
import { zoneImage } from '../../support/responder.ts';

const ZONE = `
$TTL 60
@ SOA ns host 7 3600 600 86400 300
@ NS ns
@ GSLB p
ns A 192.0.2.1
ns A 192.0.2.2
deep.ent TXT "x"
steered GSLB p
sub NS ns.sub
ns.sub A 192.0.2.3
`;

function listOf(text: string): string[] {
  const image = zoneImage('example.test.', text);
  const records = new StaticRecords(image);
  const found: string[] = [];
  while (records.next()) {
    found.push(`${nameToText(image.octets, records.ownerAt)} ${typeName(readU16(image.octets, records.recordAt))}`);
  }
  return found;
}

test('every record is visited once, but neither the SOA nor GSLB records', (t) => {
  t.deepEqual(listOf(ZONE).sort(), [
    'deep.ent.example.test. TXT',
    'example.test. NS',
    'ns.example.test. A',
    'ns.example.test. A',
    'ns.sub.example.test. A',
    'sub.example.test. NS',
  ]);
});

test('the last record may be one that is not sent', (t) => {
  t.deepEqual(listOf('$TTL 1\n@ SOA . . 1 1 1 1 1\n@ NS ns.example.net.\nz GSLB p\n'), ['example.test. NS']);
});

test('the SOA record is found', (t) => {
  const image = zoneImage('example.test.', ZONE);
  const { at, size } = soaRecord(image);
  t.is(readU16(image.octets, at), 6);
  t.is(size, 10 + readU16(image.octets, at + 8));
});

test('a fingerprint tells what a secondary would see, in whatever order', (t) => {
  const of = (text: string): string => fingerprint(zoneImage('example.test.', text));
  const own = of(ZONE);
  const shuffled = ZONE.trim().split('\n');
  shuffled.push(...shuffled.splice(5, 2));
  t.is(of(shuffled.join('\n')), own);
  t.is(of(ZONE.replace('host 7 ', 'host 8 ')), own);
  t.is(of(ZONE.replace('@ GSLB p', '@ GSLB other')), own);
  t.not(of(ZONE.replace('192.0.2.2', '192.0.2.4')), own);
  t.not(of(ZONE.replace('deep.ent', 'deeper.ent')), own);
  t.not(of(ZONE.replace('ns.sub A', 'ns.sub 61 A')), own);
});
