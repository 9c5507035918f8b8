import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { formatProblem } from '../../../src/base/errors.ts';
import { compareWithPrevious, openDatabase, openGeo } from '../../../src/geo/open.ts';
import { writeMmdb } from '../../support/mmdb-writer.ts';

const directory = mkdtempSync(join(tmpdir(), 'meridian-geo-'));
test.after.always(() => rmSync(directory, { recursive: true }));

function put(name: string, content: string | Buffer): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

const country = put('country.mmdb', writeMmdb({ networks: { '1.0.0.0/8': { country_code: 'AU' } }, databaseType: 'Country' }));
const asn = put('asn.mmdb', writeMmdb({ networks: { '1.0.0.0/8': { autonomous_system_number: 7 } }, databaseType: 'ASN' }));

test('databases and maps are opened together', (t) => {
  const map = put('good.map', '10.0.0.0/8 tag=x\n');
  const opened = openGeo({ databaseFile: country, asnFile: asn, networkMapFiles: [map] });
  t.deepEqual(opened.problems, []);
  t.deepEqual(
    opened.databases.map(({ databaseType }) => databaseType),
    ['Country', 'ASN'],
  );
  t.is(opened.networkMaps[0]!.entries.length, 1);
});

test('nothing configured is nothing wrong', (t) => {
  t.deepEqual(openGeo({ databaseFile: null, asnFile: null, networkMapFiles: [] }), {
    databases: [],
    networkMaps: [],
    problems: [],
  });
});

test('all problems of all files are reported at once', (t) => {
  const files = [put('bad.map', '10.0.0.0/8\n10.0.0.0/8 x=y\n'), join(directory, 'missing.map')];
  const opened = openGeo({
    databaseFile: join(directory, 'missing.mmdb'),
    asnFile: put('text.mmdb', 'text'),
    networkMapFiles: files,
  });
  t.deepEqual(
    opened.problems.map(({ code, line }) => [code, line]),
    [
      ['ERR_GEO_FILE', undefined],
      ['ERR_GEO_FORMAT', undefined],
      ['ERR_GEO_MAP', 1],
      ['ERR_GEO_MAP', 2],
      ['ERR_GEO_FILE', undefined],
    ],
  );
  t.regex(formatProblem(opened.problems[0]!), /missing\.mmdb: error ERR_GEO_FILE: cannot be read: ENOENT/);
});

test('a database in the wrong role is refused', (t) => {
  const { problems, databases } = openGeo({ databaseFile: asn, asnFile: country, networkMapFiles: [] });
  t.deepEqual(databases, []);
  t.deepEqual(
    problems.map(({ code, message }) => `${code} ${message}`),
    [
      "ERR_GEO_SCHEMA no record holds a country, continent or coordinates; found a database of type 'ASN'",
      "ERR_GEO_SCHEMA no record holds an AS number; found a database of type 'Country'",
    ],
  );
});

test('a database that lost most of its networks, a family or its size is suspect', (t) => {
  const summary = { sizeOctets: 1000, knownShareV4: 0.8, knownShareV6: 0.4 };
  const judge = (change: Partial<typeof summary>) => compareWithPrevious('n.mmdb', { ...summary, ...change }, summary);
  t.is(judge({}), undefined);
  t.is(judge({ sizeOctets: 500, knownShareV4: 0.41 }), undefined);
  t.is(
    formatProblem(judge({ sizeOctets: 499 })!),
    'n.mmdb: error ERR_GEO_SUSPECT: size in octets fell from 1000 to 499; at least 50 % must remain',
  );
  t.regex(judge({ knownShareV4: 0.3 })!.message, /known share of IPv4 fell from 0.8 to 0.3/);
  t.regex(judge({ knownShareV6: 0 })!.message, /known share of IPv6/);
});

test('a database opened alone tells what is wrong with it', (t) => {
  const opened = openDatabase(join(directory, 'none.mmdb'));
  t.false(opened.ok);
  t.true(openDatabase(country).ok);
});
