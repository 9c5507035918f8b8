// What becomes of gdnsd's plugins, one small configuration for each statement. The whole of test/fixtures/migrate/gdnsd is imported and
// asked in test/e2e/import.test.ts.

import test from 'ava';
import { err, ok } from '../../../src/base/result.ts';
import type { Draft } from '../../../src/migrate/draft.ts';
import { importGdnsd } from '../../../src/migrate/gdnsd.ts';

/** Imports plugins (and what stands beside them) with one zone of these records. */
function draftOf(config: string, records: string, files: Readonly<Record<string, string>> = {}): Draft {
  const all: Readonly<Record<string, string>> = { config, 'zones/example.com': records, ...files };
  const read = (path: string) => (all[path] === undefined ? err('there is no such file') : ok(all[path]));
  const draft = importGdnsd({ read, zoneFiles: ['example.com'] });
  if (!draft.ok) throw new Error(draft.error.message);
  draft.value.toConfig();
  return draft.value;
}

const lost = (draft: Draft): string => draft.losses.join('\n');
const recordsOf = (draft: Draft): string => draft.zones.get('example.com')!;

test('multifo answers with all addresses of a family, and the two families of a label are one member', (t) => {
  const draft = draftOf(
    'plugins = { multifo = { web = { lb1 = 192.0.2.1, lb1_v6 = 2001:db8::1, lb2 = 192.0.2.2 } } }',
    'www 60 DYNA multifo!web',
  );
  t.deepEqual(draft.policies.get('multifo-web'), { rule: { pool: 'multifo-web' }, answers: 2 });
  t.deepEqual(draft.pools.get('multifo-web')!.members, [
    { site: 'unplaced', name: 'lb1', v4: '192.0.2.1', v6: '2001:db8::1' },
    { site: 'unplaced', name: 'lb2', v4: '192.0.2.2' },
  ]);
});

test('simplefo is a failover of two pools', (t) => {
  const draft = draftOf(
    'plugins = { simplefo = { m = { primary = 192.0.2.1, secondary = 192.0.2.2 } } }',
    '@ 60 DYNA simplefo!m',
  );
  t.deepEqual(draft.policies.get('simplefo-m'), {
    rule: { failover: [{ pool: 'simplefo-m-primary' }, { pool: 'simplefo-m-secondary' }] },
  });
});

test('weights are kept, and scaled down together if one is above 65535', (t) => {
  const draft = draftOf(
    'plugins = { weighted = { w = { a = [ 192.0.2.1, 131070 ], b = [ 192.0.2.2, 65536 ] } } }',
    'w 60 DYNA weighted!w',
  );
  t.deepEqual(
    draft.pools.get('weighted-w')!.members.map(({ weight }) => weight),
    [65535, 32768],
  );
  t.regex(lost(draft), /weighted!w: weights above 65535 are scaled down/);
});

test('groups of weights are answered one address at a time, which keeps the share of each group', (t) => {
  const draft = draftOf(
    'plugins = { weighted = { w = { g1 = { a = [ 192.0.2.1, 2 ], b = [ 192.0.2.2, 1 ] }, g2 = { a = [ 192.0.2.3, 3 ] } } } }',
    'w 60 DYNA weighted!w',
  );
  t.deepEqual(
    draft.pools.get('weighted-w')!.members.map(({ name, weight }) => [name, weight]),
    [
      ['g1-a', 2],
      ['g1-b', 1],
      ['g2-a', 3],
    ],
  );
  t.deepEqual(draft.policies.get('weighted-w'), { rule: { pool: 'weighted-w' } });
});

test('a resource that is not defined leaves its record as a comment', (t) => {
  const draft = draftOf('plugins = {}', 'a 60 DYNA multifo!gone');
  t.regex(recordsOf(draft), /^; a 60 DYNA multifo!gone$/m);
  t.regex(lost(draft), /zones\/example\.com:1: multifo!gone is not defined/);
});

test('data centres with coordinates that differ in kind keep a fixed order, and that is told', (t) => {
  const draft = draftOf(
    'plugins = { geoip = { maps = { m = { datacenters = [ us, eu ], auto_dc_coords = { us = [ 38, -77 ], eu = [ 50, 8 ] } } }, resources = { r = { map = m, dcmap = { us = 192.0.2.1, eu = eu.example.net. } } } } }',
    'r 60 DYNC geoip!r',
  );
  t.deepEqual(draft.policies.get('geoip-r')!.rule, { failover: [{ pool: 'geoip-r-us' }, { pool: 'geoip-r-eu' }] });
  t.regex(lost(draft), /so their order is fixed/);
});

test('metafo nests what its data centres refer to, each at a site of its own', (t) => {
  const draft = draftOf(
    'plugins = { multifo = { x = { a = 192.0.2.1 } }, metafo = { resources = { r = { datacenters = [ d2, d1 ], dcmap = { d1 = %multifo!x, d2 = 192.0.2.2 } } } } }',
    'r 60 DYNA metafo!r',
  );
  t.deepEqual(draft.policies.get('metafo-r')!.rule, { failover: [{ pool: 'metafo-r-d2' }, { pool: 'metafo-r-d1' }] });
  t.is(draft.pools.get('metafo-r-d1')!.members[0]!.site, 'd1');
});

test('a circle of references is left out and told', (t) => {
  const draft = draftOf(
    'plugins = { metafo = { resources = { r = { datacenters = [ a ], dcmap = { a = %metafo!r } } } } }',
    'r 60 DYNA metafo!r',
  );
  t.regex(lost(draft), /metafo!r -> metafo!r is a circle/);
  t.regex(recordsOf(draft), /^; r 60 DYNA metafo!r$/m);
});

const GEO = (map: string): string =>
  `plugins = { geoip = { maps = { m = { datacenters = [ us, eu ], ${map} } }, resources = { r = { map = m, dcmap = { us = 192.0.2.1, eu = 192.0.2.2 } } } } }`;
const [US, EU] = [{ pool: 'geoip-r-us' }, { pool: 'geoip-r-eu' }];

test('nested places become flat keys, the most specific of which decides', (t) => {
  const draft = draftOf(
    GEO('map = { EU = { default = [ eu, us ], DE = [ eu ] }, NA = { US = { CA = [ us ] } } }'),
    'r 60 DYNA geoip!r',
  );
  t.deepEqual(draft.policies.get('geoip-r')!.rule, {
    map: {
      subdivision: { 'US-CA': US },
      country: { DE: EU },
      continent: { EU: { failover: [EU, US] } },
      default: { failover: [US, EU] },
    },
  });
});

test('networks go before places, from the map or from a file', (t) => {
  const inside = draftOf(GEO('nets = { 192.0.2.0/24 = eu }'), 'r 60 DYNA geoip!r');
  const outside = draftOf(GEO('nets = nets.txt'), 'r 60 DYNA geoip!r', { 'geoip/nets.txt': '192.0.2.0/24 => eu' });
  const expected = { map: { network: { '192.0.2.0/24': EU }, default: { failover: [US, EU] } } };
  t.deepEqual(inside.policies.get('geoip-r')!.rule, expected);
  t.deepEqual(outside.policies.get('geoip-r')!.rule, expected);
});

test('data centres with coordinates are the sites of one pool, nearest first', (t) => {
  const draft = draftOf(GEO('auto_dc_coords = { us = [ 38.9, -77 ], eu = [ 50.1, 8.7 ] }'), 'r 60 DYNA geoip!r');
  t.deepEqual(draft.policies.get('geoip-r')!.rule, { nearest: { pool: 'geoip-r-all', tieBand: '0km' } });
  t.deepEqual(draft.sites.get('eu'), { latitude: 50.1, longitude: 8.7 });
  t.deepEqual([...draft.pools.keys()], ['geoip-r-all']);
});

test('an empty list of data centres and a city are told, and the level above holds', (t) => {
  const draft = draftOf(GEO('map = { EU = [], NA = { US = { NY = { Albany = [ us ] } } } }'), 'r 60 DYNA geoip!r');
  t.deepEqual(draft.policies.get('geoip-r')!.rule, { failover: [US, EU] });
  t.regex(lost(draft), /an empty list.*\n.*US NY Albany: cities/);
});

test('a resource can be pinned to a data centre', (t) => {
  const draft = draftOf(GEO('nets = {}'), 'eu 60 DYNA geoip!r/eu');
  t.deepEqual(draft.policies.get('geoip-r-eu')!.rule, { pool: 'geoip-r-eu-eu' });
});

test('a service type keeps its pace, and thresholds make the watermarks of the pool', (t) => {
  const draft = draftOf(
    'service_types = { w = { plugin = http_status, url_path = /up, interval = 8, down_thresh = 3 } } plugins = { multifo = { up_thresh = 0.3, r = { service_types = w, a = 192.0.2.1, b = 192.0.2.2 } } }',
    'r 60 DYNA multifo!r',
  );
  t.deepEqual(draft.probes.get('w'), {
    http: { path: '/up', status: [200] },
    interval: '8s',
    transitionInterval: '8s',
    timeout: '4s',
    connectTimeout: '2s',
    rise: 20,
    fall: 3,
  });
  t.deepEqual(draft.pools.get('multifo-r')!.up, { low: 30, high: 30, of: 'members' });
});

test('programs and connections are checks too; what has no counterpart is told', (t) => {
  const draft = draftOf(
    'service_types = { p = { plugin = extmon, cmd = [ /bin/c, %%ITEM%% ] }, c = { plugin = tcp_connect, port = 25 }, f = { plugin = extfile } } plugins = { multifo = { r1 = { service_types = p, a = 192.0.2.1 }, r2 = { service_types = c, a = 192.0.2.2 }, r3 = { service_types = f, a = 192.0.2.3 } } }',
    'r1 60 DYNA multifo!r1\nr2 60 DYNA multifo!r2\nr3 60 DYNA multifo!r3',
  );
  t.like(draft.probes.get('p'), { exec: { argv: ['/bin/c', '{address}'] }, interval: '10s' });
  t.like(draft.probes.get('c'), { tcp: {}, port: 25 });
  t.is(draft.pools.get('multifo-r3')!.probe, undefined);
  t.regex(lost(draft), /service type f: plugin extfile has no counterpart/);
});

const STATIC = 'plugins = { static = { s = 192.0.2.1 } }';

test('a record keeps its TTLs; the least is half of the most unless it is given', (t) => {
  const draft = draftOf(
    STATIC,
    '$TTL 90\na 60 DYNA static!s\nb 60/7 IN DYNA static!s\nc DYNA static!s ; note\nd 1h DYNC static!s',
  );
  t.is(
    recordsOf(draft),
    '$TTL 90\na 60/30 GSLB static-s\nb 60/7 IN GSLB static-s\nc 90/45 GSLB static-s ; note\nd 1h/1800 GSLB static-s\n',
  );
});

test('@Z is the zone, and quotes and comments are left alone', (t) => {
  const draft = draftOf(STATIC, '@ NS ns1.@Z ; not @Z\nt TXT "x DYNA static!s @Z"');
  t.is(recordsOf(draft), '$TTL 86400\n@ NS ns1.example.com. ; not @Z\nt TXT "x DYNA static!s @Z"\n');
});

test('what no zone uses is left out and told', (t) => {
  t.regex(lost(draftOf(STATIC, '@ NS ns')), /static!s: no zone uses it/);
});

test('a configuration that cannot be read is one error with its place', (t) => {
  const draft = importGdnsd({ read: () => ok('plugins = {\n\n'), zoneFiles: [] });
  t.like(draft, { ok: false, error: { code: 'ERR_IMPORT', file: 'config', line: 3 } });
});
