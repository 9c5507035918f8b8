import test from 'ava';
import { factsOf, fieldNames, NO_FACTS } from '../../../src/geo/facts.ts';

test('the schema of MaxMind City gives all facts of a place', (t) => {
  const record = {
    continent: { code: 'NA', names: { en: 'North America' } },
    country: { iso_code: 'US' },
    subdivisions: [{ iso_code: 'CA' }, { iso_code: '037' }],
    location: { latitude: 34.05, longitude: -118.24, accuracy_radius: 20 },
  };
  t.deepEqual(factsOf(record), {
    ...NO_FACTS,
    continent: 'NA',
    country: 'US',
    subdivision: 'US-CA',
    latitude: 34.05,
    longitude: -118.24,
  });
});

test('MaxMind Country and ASN, ip-location-db and IPinfo schemas are understood', (t) => {
  t.is(factsOf({ continent: { code: 'EU' }, country: { iso_code: 'GB' } }).country, 'GB');
  t.is(factsOf({ autonomous_system_number: 13335, autonomous_system_organization: 'x' }).asn, 13335);
  t.is(factsOf({ country_code: 'JP' }).country, 'JP');
  const city = factsOf({ country_code: 'US', state1: 'California', state2: '', latitude: 37.4, longitude: -122.1 });
  t.deepEqual(city, { ...NO_FACTS, country: 'US', latitude: 37.4, longitude: -122.1 });
  const ipinfo = factsOf({ country_code: 'BR', continent_code: 'SA', asn: 'AS22548', as_name: 'x' });
  t.deepEqual(ipinfo, { ...NO_FACTS, country: 'BR', continent: 'SA', asn: 22548 });
  t.deepEqual(factsOf({ country: 'ZA', continent: 'AF', lat: '-33.9', lng: '18.4', region_code: 'WC' }), {
    ...NO_FACTS,
    country: 'ZA',
    continent: 'AF',
    subdivision: 'ZA-WC',
    latitude: -33.9,
    longitude: 18.4,
  });
});

test('fields of the wrong kind or value are unknown, not wrong', (t) => {
  for (const record of [
    null,
    undefined,
    'text',
    [],
    {},
    { country_code: 'ZZ' },
    { country_code: 'us' },
    { country: { iso_code: 7 }, continent: { code: 'XX' } },
    { latitude: 91, longitude: 0 },
    { latitude: 1, longitude: Number.NaN },
    { latitude: 1 },
    { latitude: '', longitude: '' },
    { asn: 'ASX' },
    { asn: 0 },
    { asn: 1.5 },
    { asn: 2 ** 32 },
    { subdivisions: [{ iso_code: 'CA' }] },
    { country_code: 'ZZ', subdivisions: [] },
  ]) {
    t.deepEqual(factsOf(record), NO_FACTS, JSON.stringify(record));
  }
});

test('field names are listed for complaints', (t) => {
  t.is(fieldNames({ is_vpn: true, provider: 'x' }), 'is_vpn, provider');
  t.is(fieldNames(null), 'none');
});
