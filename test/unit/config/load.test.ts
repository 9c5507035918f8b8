import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseCidr } from '../../../src/base/address.ts';
import { formatProblem } from '../../../src/base/errors.ts';
import { type LoadedConfig, loadConfig } from '../../../src/config/load.ts';
import type { PolicyNode } from '../../../src/model/steering.ts';
import { nameFromText, nameToText } from '../../../src/wire/name.ts';
import { fixture } from '../../support/paths.ts';

const scratch = mkdtempSync(join(tmpdir(), 'meridian-load-'));
test.after.always(() => rmSync(scratch, { recursive: true }));

let written = 0;
function loadText(text: string | Uint8Array): LoadedConfig {
  const file = join(scratch, `${written++}.yaml`);
  writeFileSync(file, text);
  return loadConfig(file);
}

const good = fixture('config/good');
const everything = loadConfig(`${good}/everything.yaml`);
const snapshot = everything.snapshot!;

test('a file with every key loads without a complaint', (t) => {
  t.deepEqual(everything.problems, []);
  t.is(snapshot.file, `${good}/everything.yaml`);
});

test('server settings have units resolved and paths absolute', (t) => {
  t.deepEqual(snapshot.server, {
    listen: [
      { address: '127.0.0.1', port: 53 },
      { address: '::1', port: 0 },
      { address: '::1', port: 0 },
    ],
    workers: 3,
    udpPayloadSize: 2048,
    udpBusyPollUs: 50,
    udpTrains: false,
    tcp: { maxConnections: 10, maxConnectionsPerAddress: 5, idleTimeoutMs: 90_000, messageTimeoutMs: 500 },
    rateLimit: {
      enabled: false,
      excessPerSecond: 2000,
      excessBurst: 5000,
      dropOneIn: 2,
      tableSize: 2048,
      allow: [{ family: 4, octets: Uint8Array.of(192, 0, 2, 0), prefixLen: 24 }],
      totalExcess: 0,
      total: 100_000,
    },
    ecs: { trustedResolvers: [{ family: 4, octets: Uint8Array.of(198, 51, 100, 53), prefixLen: 32 }] },
    cookies: { enabled: false, secretFile: `${good}/a.networks` },
    nsid: 'lon-1 of example',
    chaos: { id: 'lon-1', version: 'some server' },
    reportAgent: nameFromText('er.Example.net') as Uint8Array,
    stateDirectory: '/tmp/state',
    controlSocket: `${good}/run/control.sock`,
    log: { level: 'warn', format: 'json' },
  });
});

test('geo settings have paths absolute and none as null', (t) => {
  t.deepEqual(snapshot.geo, {
    databaseFile: null,
    asnFile: `${good}/example.org.zone`,
    networkMapFiles: [`${good}/a.networks`, `${good}/b.networks`],
    watch: false,
  });
});

test('zones are those named and those of the directory, each file once, hidden files never', (t) => {
  t.deepEqual(
    snapshot.zones.map((zone) => [nameToText(zone.origin), zone.file, zone.usesEcs]),
    [
      ['example.org.', `${good}/example.org.zone`, true],
      ['2.0.192.in-addr.arpa.', `${good}/zones/reverse.zone`, true],
      ['example.net.', `${good}/zones/example.net.zone`, false],
    ],
  );
});

test('sites, pools and members are numbered in the order of the file', (t) => {
  const { sites, pools, members } = snapshot.steering;
  t.deepEqual(sites[1], { id: 'lon2', index: 1, latitude: 51.5, longitude: -0.1, capacity: null });
  t.deepEqual(pools, [
    { id: 'web', index: 0, members: [0, 1, 2] },
    { id: 'cdn', index: 1, members: [3] },
  ]);
  t.deepEqual(
    members.map(({ id, index, pool, site, weight }) => [id, index, pool, site, weight]),
    [
      ['web/lon', 0, 0, 0, 10],
      ['web/second', 1, 0, 1, 0],
      ['web/nyc', 2, 0, 2, 1],
      ['cdn/nyc', 3, 1, 2, 1],
    ],
  );
});

test('members have octets of their addresses, or the wire name of their alias', (t) => {
  const { members } = snapshot.steering;
  const v6 = Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  t.deepEqual(members[0]!.target, { kind: 'addresses', v4: Uint8Array.from([192, 0, 2, 1]), v6 });
  t.is(members[1]!.target.kind === 'addresses' && members[1]!.target.v4, null);
  const alias = members[3]!.target;
  t.is(alias.kind === 'alias' && nameToText(alias.name), 'WWW.cdn.example.net.');
});

test('policies keep their settings, and have defaults where nothing is written', (t) => {
  const [base, www, quiet] = snapshot.steering.policies;
  const { root: _, ...settings } = www!;
  t.deepEqual(settings, {
    id: 'www',
    index: 1,
    pick: 'sticky',
    answers: 2,
    granularityV4: 24,
    granularityV6: 48,
    lastResort: { kind: 'fallback', pool: 1 },
    spill: { priority: 5, maxExtraKm: 20_100 },
  });
  t.deepEqual(base, {
    id: 'base',
    index: 0,
    root: { kind: 'nearest', path: 'base.nearest', pool: 0, tieBandKm: 100, biasPercent: {} },
    pick: 'round-robin',
    answers: 1,
    granularityV4: 20,
    granularityV6: 44,
    lastResort: { kind: 'serve-all' },
    spill: { priority: 5, maxExtraKm: 20_100 },
  });
  t.deepEqual(quiet!.lastResort, { kind: 'nodata' });
});

test('a rule becomes a tree whose nodes have paths and indexes', (t) => {
  const root = snapshot.steering.policies[1]!.root as PolicyNode & { kind: 'map' };
  t.is(root.kind, 'map');
  t.deepEqual(
    root.networks.map(({ cidr, child }) => [cidr.family, cidr.prefixLen, child.kind, child.path]),
    [
      [4, 24, 'pool', 'www.map.network.192.0.2.0/24.pool'],
      [6, 32, 'pool', 'www.map.network.2001:db8::/32.pool'],
    ],
  );
  t.deepEqual([...root.asns.keys()].sort(), [64500, 64501]);
  t.deepEqual([...root.tags.keys()], ['head.office']);
  t.deepEqual([...root.subdivisions.keys()], ['US-CA']);
  t.deepEqual([...root.countries.keys()], ['NO']);
  t.deepEqual(root.otherwise, {
    kind: 'failover',
    path: 'www.map.default.failover',
    children: [
      {
        kind: 'nearest',
        path: 'www.map.default.failover[0].nearest',
        pool: 0,
        tieBandKm: 160.9344,
        biasPercent: { 0: 20, 2: -99 },
      },
      {
        kind: 'weighted',
        path: 'www.map.default.failover[1].weighted',
        children: [
          { weight: 3, child: { kind: 'pool', path: 'www.map.default.failover[1].weighted[0].pool', pool: 0 } },
          { weight: 0, child: { kind: 'pool', path: 'www.map.default.failover[1].weighted[1].pool', pool: 1 } },
        ],
      },
    ],
  });
});

test('a rule that names a policy is the tree of that policy itself', (t) => {
  const [base, www] = snapshot.steering.policies;
  const map = www!.root as PolicyNode & { kind: 'map' };
  t.is(map.continents.get('EU'), base!.root);
});

test('the snapshot is frozen throughout', (t) => {
  const seen = new Set<unknown>();
  const check = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
    seen.add(value);
    t.true(Object.isFrozen(value), path);
    const parts = value instanceof Map ? [...value.entries()] : Object.entries(value);
    for (const [key, part] of parts) check(part, `${path}.${key}`);
  };
  check(snapshot, 'snapshot');
  t.true(seen.size > 50);
});

test('the same file gives the same snapshot', (t) => {
  t.deepEqual(loadConfig(`${good}/everything.yaml`).snapshot, snapshot);
});

test('an empty file has all defaults and warns that there is nothing to serve', (t) => {
  const { snapshot: empty, problems } = loadText('');
  t.deepEqual(
    problems.map((p) => `${p.line}:${p.column} ${p.severity} ${p.code}`),
    ['1:1 warning ERR_CONFIG_MISSING'],
  );
  t.deepEqual(empty!.server, {
    listen: [{ address: '127.0.0.1', port: 5053 }],
    workers: 0,
    udpPayloadSize: 1232,
    udpBusyPollUs: 0,
    udpTrains: true,
    tcp: { maxConnections: 1024, maxConnectionsPerAddress: 32, idleTimeoutMs: 10_000, messageTimeoutMs: 3000 },
    cookies: { enabled: true, secretFile: null },
    nsid: null,
    chaos: { id: null, version: null },
    reportAgent: null,
    rateLimit: {
      enabled: true,
      excessPerSecond: 100_000,
      excessBurst: 250_000,
      dropOneIn: 8,
      tableSize: 131_072,
      allow: [parseCidr('127.0.0.0/8')!, parseCidr('::1/128')!],
      totalExcess: 4_000_000,
      total: 0,
    },
    ecs: { trustedResolvers: [parseCidr('0.0.0.0/0')!, parseCidr('::/0')!] },
    stateDirectory: join(tmpdir(), 'var'),
    controlSocket: join(tmpdir(), 'var/meridian.sock'),
    log: { level: 'info', format: 'auto' },
  });
  t.regex(empty!.geo.databaseFile!, /dbip-country\.mmdb$/);
  t.is(empty!.geo.asnFile, null);
});

test('a file of the directory whose name is no domain name is an error', (t) => {
  const directory = mkdtempSync(join(scratch, 'zones-'));
  writeFileSync(join(directory, 'a..b.zone'), '');
  writeFileSync(join(directory, 'c.zone'), '');
  const { problems } = loadText(`zones:\n  directory: ${directory}\n`);
  t.is(problems.length, 1);
  t.regex(formatProblem(problems[0]!), /:2:14: error ERR_CONFIG_VALUE: .*a\.\.b\.zone is not called after a zone: empty label/);
});

test('a file that cannot be read is one complaint', (t) => {
  for (const [file, reason] of [
    [join(scratch, 'missing.yaml'), 'it does not exist'],
    [scratch, 'it is not a regular file'],
    ['/dev/zero', 'it is not a regular file'],
    [join(scratch, 'missing/x.yaml'), 'it does not exist'],
  ] as const) {
    const { snapshot: none, problems } = loadConfig(file);
    t.is(none, undefined);
    t.deepEqual(problems.map(formatProblem), [`${file}: error ERR_CONFIG_FILE: configuration cannot be read: ${reason}`]);
  }
});

test('a file that is too large is refused unread', (t) => {
  const { problems } = loadText(new Uint8Array(8 * 1024 * 1024 + 1).fill(0x23));
  t.regex(formatProblem(problems[0]!), /ERR_CONFIG_FILE: .* it has 8388609 octets; at most 8388608 are allowed$/);
});

test('text that is not UTF-8 is refused', (t) => {
  const { problems } = loadText(Uint8Array.from([0x61, 0x3a, 0x20, 0xff]));
  t.regex(formatProblem(problems[0]!), /ERR_CONFIG_YAML: not UTF-8 text$/);
});

test('each policy that no other policy uses has a warning ready, in case no zone uses it either', (t) => {
  t.deepEqual([...everything.ifUnused.keys()], ['www', 'quiet']);
  t.deepEqual(everything.ifUnused.get('www'), {
    severity: 'warning',
    code: 'ERR_CONFIG_UNUSED',
    message: 'policy "www" is used by no zone and no other policy',
    file: `${good}/everything.yaml`,
    line: readFileSync(`${good}/everything.yaml`, 'utf8').split('\n').indexOf('  www:') + 1,
    column: 3,
  });
});

test('for a process that only probes, zones and databases that are not there are nothing to complain about', (t) => {
  const file = join(scratch, 'prober.yaml');
  const text = readFileSync(fixture('../../zones/meridian.yaml'), 'utf8')
    .replace('database: bundled', 'database: missing.mmdb')
    .replace('directory: .', 'directory: missing');
  writeFileSync(file, text);
  t.true(loadConfig(file).problems.filter(({ code }) => code === 'ERR_CONFIG_REFERENCE').length >= 2);
  const { snapshot: health, problems } = loadConfig(file, 'health');
  t.deepEqual(problems, []);
  t.deepEqual(health!.zones, []);
  t.deepEqual(health!.transfer, { keys: [], rules: [] });
  t.true(health!.steering.members.length > 0);
});

test('the demo configuration loads without a complaint', (t) => {
  const demo = loadConfig(fixture('../../zones/meridian.yaml'));
  t.deepEqual(demo.problems, []);
  t.deepEqual(demo.snapshot!.server.listen, [{ address: '127.0.0.1', port: 5053 }]);
  t.is(demo.snapshot!.steering.sites.length, 5);
});

test('the demo configuration shows every kind of rule, pick and last resort', (t) => {
  const { policies } = loadConfig(fixture('../../zones/meridian.yaml')).snapshot!.steering;
  const text = JSON.stringify(policies, (_, value) => (value instanceof Map ? [...value.values()] : value));
  for (const kind of ['pool', 'nearest', 'map', 'failover', 'weighted']) t.true(text.includes(`"kind":"${kind}"`), kind);
  t.deepEqual([...new Set(policies.map((policy) => policy.pick))].sort(), ['round-robin', 'sticky']);
  t.deepEqual([...new Set(policies.map((policy) => policy.lastResort.kind))].sort(), [
    'fallback',
    'last-good',
    'nodata',
    'serve-all',
    'servfail',
  ]);
  t.true(policies.some((policy) => policy.answers === 2));
});
