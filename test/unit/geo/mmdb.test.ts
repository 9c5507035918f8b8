import { gzipSync } from 'node:zlib';
import test from 'ava';
import { parseAddress } from '../../../src/base/address.ts';
import { formatProblem } from '../../../src/base/errors.ts';
import { type GeoDatabase, parseDatabase } from '../../../src/geo/mmdb.ts';
import { placeOf } from '../../../src/geo/place.ts';
import { database, sources } from '../../support/geo-sources.ts';
import { writeMmdb } from '../../support/mmdb-writer.ts';
import { Random } from '../../support/random.ts';

const NETWORKS = {
  '1.0.0.0/24': { country_code: 'AU' },
  '81.2.64.0/18': { country_code: 'GB' },
  '81.2.69.0/24': { country_code: 'FR' },
  '2001:200::/32': { country_code: 'JP' },
};

const countryAt = (opened: GeoDatabase, text: string): string | null => {
  const { family, octets } = parseAddress(text)!;
  return placeOf(sources([opened]), family, octets).place.country;
};

const complaint = (octets: Buffer): string => {
  const opened = parseDatabase('x.mmdb', octets);
  return opened.ok ? 'opened' : formatProblem(opened.error);
};

for (const recordBits of [24, 28, 32] as const) {
  test(`records of ${recordBits} bits are read, in trees of both versions`, (t) => {
    const both = database({ networks: NETWORKS, recordBits });
    t.is(countryAt(both, '81.2.69.142'), 'FR');
    t.is(countryAt(both, '81.2.70.1'), 'GB');
    t.is(countryAt(both, '2001:200::1'), 'JP');
    t.is(countryAt(both, '9.9.9.9'), null);
    const { '2001:200::/32': _, ...ipv4 } = NETWORKS;
    t.is(countryAt(database({ networks: ipv4, recordBits, ipVersion: 4 }), '81.2.70.1'), 'GB');
  });
}

test('what a database holds is summed up', (t) => {
  const opened = database({ networks: { '0.0.0.0/2': { country_code: 'US' }, '2000::/4': { country_code: 'CA' } } });
  t.is(opened.databaseType, 'Test');
  t.is(opened.builtAt.getUTCFullYear(), 2023);
  t.is(opened.summary.knownShareV4, 0.25);
  t.is(opened.summary.knownShareV6, 0.5);
  t.true(opened.hasPlaces && opened.covers(4) && opened.covers(6));
  t.false(opened.hasAsns);
});

test('records that differ in unused fields share one entry, and records without facts count as unknown', (t) => {
  const opened = database({
    networks: {
      '1.0.0.0/8': { country_code: 'AU', city: 'Sydney' },
      '2.0.0.0/8': { country_code: 'AU', city: 'Perth' },
      '3.0.0.0/8': { country_code: 'ZZ' },
    },
  });
  t.is(opened.facts.length, 2);
  t.is(opened.summary.knownShareV4, 2 / 256);
});

test('an IPv6 address in an IPv4-only database is unknown, not wrong', (t) => {
  const opened = database({ networks: { '32.0.0.0/3': { country_code: 'CN' } }, ipVersion: 4 });
  t.false(opened.covers(6));
  t.is(countryAt(opened, '2a00:1450::1'), null);
});

test('an IPv4 address in an IPv6-only database is unknown', (t) => {
  const opened = database({ networks: { '2000::/3': { country_code: 'CN' } } });
  t.false(opened.covers(4));
  t.is(countryAt(opened, '8.8.8.8'), null);
});

test('the aliases of the IPv4 part in trees of MaxMind are not visited twice', (t) => {
  const opened = database({ networks: NETWORKS, hasAliases: true });
  t.is(opened.summary.knownShareV6, 2 ** -29);
  t.is(countryAt(opened, '2001:200::1'), 'JP');
  t.is(countryAt(opened, '2002:5102:458e::'), 'FR');
});

test('files of another format are named for what they are', (t) => {
  t.is(
    complaint(Buffer.alloc(0)),
    'x.mmdb: error ERR_GEO_FORMAT: no MaxMind DB metadata; the file is cut off or of another format',
  );
  t.regex(complaint(gzipSync(writeMmdb({ networks: NETWORKS }))), /ERR_GEO_FORMAT: a gzip archive; unpack it first/);
  t.regex(complaint(Buffer.from('start,end,country\n')), /ERR_GEO_FORMAT: no MaxMind DB metadata/);
});

test('a database of another kind is refused with the fields it has', (t) => {
  const vpn = writeMmdb({ networks: { '1.0.0.0/8': { is_vpn: true, provider: 'x' } }, databaseType: 'Anonymous-IP' });
  t.is(
    complaint(vpn),
    "x.mmdb: error ERR_GEO_SCHEMA: no record holds a country, continent, coordinates or AS number; found type 'Anonymous-IP', fields of the first record: is_vpn, provider",
  );
  t.regex(complaint(writeMmdb({ networks: {} })), /ERR_GEO_SCHEMA/);
});

test('damage to metadata, separator and tree is found', (t) => {
  const whole = writeMmdb({ networks: NETWORKS, ipVersion: 6 });
  const patched = (find: string, replacement: readonly number[], shift = 0): Buffer => {
    const copy = Buffer.from(whole);
    copy.set(replacement, copy.lastIndexOf(find) + find.length + shift);
    return copy;
  };
  t.regex(complaint(patched('ip_version', [5], 2)), /ip_version must be 4 or 6, found 5/);
  t.regex(complaint(patched('node_count', [0xff, 0xff], 1)), /does not fit into \d+ octets/);
  t.regex(complaint(patched('node_count', [0, 0, 0, 1], 1)), /no separator at octet 6/);
  t.regex(complaint(patched('record_size', [26], 2)), /cannot be decoded: Unsupported record size/);
  const circle = Buffer.from(whole);
  circle.writeUIntBE(0, 3, 3); // right-hand side of the root is the root
  t.regex(complaint(circle), /node 0 is reached twice/);
  const beyond = Buffer.from(whole);
  beyond.writeUIntBE(0xffffff, 3, 3);
  t.regex(complaint(beyond), /a network points outside the data section: 8000::\/1/);
});

test('a tree deeper than an address is refused', (t) => {
  const deep = writeMmdb({ networks: { '2000::/48': { country_code: 'US' } } });
  const asIpv4 = Buffer.from(deep);
  const at = asIpv4.lastIndexOf('ip_version') + 'ip_version'.length;
  asIpv4[at + 2] = 4;
  t.regex(complaint(asIpv4), /lies below a full IPv4 address/);
});

test('pointers that form a circle are refused, not followed', (t) => {
  const octets = writeMmdb({ networks: { '1.0.0.0/8': { country_code: 'AU' } }, ipVersion: 4 });
  const record = octets.indexOf('country_code') - 2;
  octets.set([0x20, 0x00], record); // pointer to offset 0 of the data section: itself
  t.regex(complaint(octets), /ERR_GEO_FORMAT: cannot be decoded: Maximum call stack/);
});

test('a file cut off anywhere gives a problem', (t) => {
  const whole = writeMmdb({ networks: NETWORKS });
  for (let length = 0; length < whole.length; length += 7) {
    t.regex(complaint(whole.subarray(0, length)), /error ERR_GEO_(FORMAT|SCHEMA)/, String(length));
  }
});

test('a file with any octet changed gives a problem or a database that answers every address', (t) => {
  const random = new Random(7);
  const whole = writeMmdb({ networks: NETWORKS, hasAliases: true });
  let opened = 0;
  for (let round = 0; round < 3000; round++) {
    const copy = Buffer.from(whole);
    const flips = 1 + random.below(3);
    for (let i = 0; i < flips; i++) copy[random.below(copy.length)] = random.below(256);
    const result = parseDatabase('x.mmdb', copy);
    if (!result.ok) t.regex(result.error.code, /^ERR_GEO_(FORMAT|SCHEMA)$/);
    else {
      opened++;
      for (const text of ['81.2.69.142', '2001:200::1', '255.1.2.3', 'fe00::1']) {
        const country = countryAt(result.value, text);
        t.true(country === null || country.length === 2);
      }
    }
  }
  t.true(opened > 100 && opened < 2900);
});
