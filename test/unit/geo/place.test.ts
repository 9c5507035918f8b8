import test from 'ava';
import { parseAddress } from '../../../src/base/address.ts';
import { NO_FACTS } from '../../../src/geo/facts.ts';
import { parseNetworkMap } from '../../../src/geo/network-map.ts';
import { composePlace, formatEvidence, placeOf } from '../../../src/geo/place.ts';
import { NOWHERE } from '../../../src/model/place.ts';
import { database, sources } from '../../support/geo-sources.ts';

const line = (keys: string) => parseNetworkMap('x', `0.0.0.0/0 ${keys}`).map.entries[0]!.facts;
const PARIS = { ...NO_FACTS, continent: 'EU', country: 'FR', subdivision: 'FR-IDF', latitude: 48.9, longitude: 2.3 };

test('a country without more gets its continent and its centre', (t) => {
  const place = composePlace({ ...NO_FACTS, country: 'JP' }, null, [], []);
  t.deepEqual(place, { ...NOWHERE, continent: 'AS', country: 'JP', latitude: 36.63, longitude: 137.88 });
});

test('the continent that a database gives stands over the table', (t) => {
  t.is(composePlace({ ...NO_FACTS, continent: 'AS', country: 'RU' }, null, [], []).continent, 'AS');
});

test('a map line overrides key by key and leaves the rest', (t) => {
  const place = composePlace(PARIS, 3215, [line('tag=office asn=64500'), line('country=FR')], [4]);
  t.deepEqual(place, { ...PARIS, tag: 'office', asn: 64500, networks: [4] });
  t.is(composePlace(PARIS, 3215, [line('tag=office')], []).asn, 3215);
});

test('a line that moves a network drops the finer facts of where it was', (t) => {
  const moved = composePlace(PARIS, 3215, [line('tag=t'), line('country=JP')], []);
  t.deepEqual(moved, { ...NOWHERE, continent: 'AS', country: 'JP', latitude: 36.63, longitude: 137.88, asn: 3215, tag: 't' });
  const abroad = composePlace(PARIS, null, [line('continent=OC')], []);
  t.deepEqual(abroad, { ...NOWHERE, continent: 'OC' });
  const elsewhere = composePlace(PARIS, null, [line('subdivision=FR-BRE')], []);
  t.deepEqual(elsewhere, { ...NOWHERE, ...PARIS, subdivision: 'FR-BRE', latitude: 46.57, longitude: 2.46 });
});

test('a subdivision implies its country, and a country contradicts a bare continent', (t) => {
  t.is(composePlace(PARIS, null, [line('subdivision=US-CA')], []).country, 'US');
  const { continent, country } = composePlace({ ...NO_FACTS, continent: 'AF' }, null, [line('country=NZ')], []);
  t.deepEqual([continent, country], ['OC', 'NZ']);
});

test('a country may be declared part of another continent without losing its coordinates', (t) => {
  const place = composePlace(
    { ...NO_FACTS, country: 'TR', latitude: 41, longitude: 29 },
    null,
    [line('country=TR continent=EU')],
    [],
  );
  t.deepEqual(place, { ...NOWHERE, continent: 'EU', country: 'TR', latitude: 41, longitude: 29 });
});

test('the report names every source that spoke, databases first and the strongest line last', (t) => {
  const country = database({ networks: { '81.2.64.0/18': { country_code: 'GB' } } });
  const asn = database({ networks: { '81.2.69.0/24': { autonomous_system_number: 20712 } } });
  const input = sources(
    [country, asn],
    ['81.2.69.0/25 tag=b\n81.0.0.0/8 tag=a', '81.2.69.0/25 tag=c'],
    ['81.2.69.128/25', '80.0.0.0/7'],
  );
  const { family, octets } = parseAddress('::ffff:81.2.69.142')!;
  const report = placeOf(input, family, octets);
  t.is(report.family, 4);
  t.deepEqual([...report.octets], [81, 2, 69, 142]);
  t.deepEqual(report.place.networks, [1, 0]);
  t.deepEqual(report.evidence.map(formatEvidence), [
    '81.2.64.0/18 country=GB (test.mmdb)',
    '81.2.69.0/24 asn=20712 (test.mmdb)',
    '81.0.0.0/8 tag=a (0.map:2)',
  ]);
  const lower = placeOf(input, 4, Uint8Array.from([81, 2, 69, 1]));
  t.is(lower.place.tag, 'c');
  t.deepEqual(lower.evidence.slice(-2).map(formatEvidence), ['81.2.69.0/25 tag=b (0.map:1)', '81.2.69.0/25 tag=c (1.map:1)']);
});

test('the network of a database is the longest it tells apart', (t) => {
  const input = sources([database({ networks: { '1.1.1.0/26': { country_code: 'FR' } } })]);
  t.deepEqual(placeOf(input, 4, Uint8Array.from([1, 1, 1, 200])).evidence.map(formatEvidence), [
    '1.1.1.0/24 country=FR (test.mmdb)',
  ]);
});

test('private and unknown networks are nowhere, and Teredo is looked up as its IPv4 address', (t) => {
  const input = sources([
    database({ networks: { '10.0.0.0/8': { country_code: 'FR' }, '81.2.69.0/24': { country_code: 'GB' } } }),
  ]);
  const at = (text: string) => {
    const { family, octets } = parseAddress(text)!;
    return placeOf(input, family, octets);
  };
  t.true(at('10.1.1.1').isUnplacedPrivate);
  t.deepEqual(at('10.1.1.1').place, NOWHERE);
  t.false(at('9.1.1.1').isUnplacedPrivate);
  t.deepEqual(at('9.1.1.1').place, NOWHERE);
  t.is(at('2001:0:4136:e378:8000:63bf:aefd:ba71').place.country, 'GB');
});
