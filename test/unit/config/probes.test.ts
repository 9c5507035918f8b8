// The sections about health checks: what probers, health/ and mesh/ get to see of them.

import test from 'ava';
import { parseCidr } from '../../../src/base/address.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { DEFAULT_HEALTH } from '../../../src/model/health.ts';
import { fixture } from '../../support/paths.ts';

const good = fixture('config/good');
const everything = loadConfig(`${good}/everything.yaml`).snapshot!;
const kinds = loadConfig(`${good}/probes.yaml`);
const byId = (id: string) => kinds.snapshot!.probes.find((probe) => probe.id === id)!;

test('a probe has units resolved, paths absolute and its place in the file', (t) => {
  t.deepEqual(everything.probes[0], {
    id: 'page',
    index: 0,
    check: {
      kind: 'http',
      scheme: 'https',
      version: '2',
      method: 'POST',
      path: '/healthz?deep=1',
      host: 'www.example.org:8443',
      headers: { 'X-Probe': 'meridian' },
      statuses: [
        [200, 200],
        [301, 302],
      ],
      body: { pattern: 'ready|fine' },
      followRedirects: 2,
      verify: false,
      expiryWarningDays: 30,
      caFile: `${good}/a.networks`,
      certificateFile: `${good}/a.networks`,
      keyFile: `${good}/b.networks`,
    },
    cadence: {
      intervalMs: 10_000,
      transitionIntervalMs: 2000,
      timeoutMs: 3000,
      connectTimeoutMs: 500,
      rise: 4,
      fall: 5,
    },
    port: 8443,
    vantagePoints: 5,
  });
});

test('every kind of check loads without a complaint', (t) => {
  t.deepEqual(kinds.problems, []);
  t.deepEqual(byId('echo').check, { kind: 'udp', send: Uint8Array.of(0, 255), expect: Uint8Array.from(Buffer.from('pong')) });
  t.deepEqual(byId('ping').check, { kind: 'icmp' });
  t.deepEqual(byId('script').check, { kind: 'exec', argv: ['/bin/check', '{address}', '{port}'] });
  t.deepEqual(byId('open').check, { kind: 'tcp' });
  t.is(byId('secure').check.kind, 'tls');
});

test('a probe that names no port takes the usual one of its kind, if there is one', (t) => {
  t.deepEqual(
    ['secure', 'page', 'ping', 'script', 'open'].map((id) => byId(id).port),
    [443, 80, null, null, 22],
  );
});

test('there is one target for each address that a member answers with, checked where the member says', (t) => {
  t.deepEqual(
    everything.targets.map(({ key, index, member, family, host, port, probe }) => [
      key,
      index,
      member,
      family,
      host,
      port,
      probe.id,
    ]),
    [
      ['web/lon#4', 0, 0, 4, '192.0.2.1', 8443, 'page'],
      ['web/lon#6', 1, 0, 6, '2001:db8::1', 8443, 'page'],
      ['web/second#6', 2, 1, 6, '2001:db8::2', 8443, 'page'],
      ['web/nyc#4', 3, 2, 4, '127.0.0.1', 8080, 'page'],
      ['cdn/nyc#4', 4, 3, 4, 'origin.example.net', 8053, 'names'],
      ['cdn/nyc#6', 5, 3, 6, 'origin.example.net', 8053, 'names'],
    ],
  );
});

test('an alias is checked under its own name unless the member says otherwise', (t) => {
  const hosts = kinds.snapshot!.targets.filter(({ key }) => key.startsWith('g/')).map(({ key, host }) => [key, host]);
  t.deepEqual(hosts, [
    ['g/lon#4', 'www.example.net'],
    ['g/lon#6', 'www.example.net'],
  ]);
});

test('health settings have watermarks by pool', (t) => {
  t.deepEqual(everything.health, {
    leastVotes: 2,
    leastRegions: 3,
    flapGuard: false,
    slowStartMs: 120_000,
    drainMs: 0,
    withdrawal: { sharePercent: 80, leastTargets: 5, windowMs: 10_000 },
    watermarks: [{ lowPercent: 20, highPercent: 40, of: 'weight' }, null],
  });
});

test('health settings that are not written are the defaults of the model', (t) => {
  t.deepEqual(kinds.snapshot!.health, { ...DEFAULT_HEALTH, watermarks: Array.from({ length: 7 }, () => null) });
});

test('the prober has its place, its bounds and its address rules', (t) => {
  t.deepEqual(everything.prober, {
    id: 'fra-1',
    region: 'europe',
    weight: 2,
    concurrency: 100,
    perSecond: 200,
    perHostPerSecond: 20,
    allow: [parseCidr('127.0.0.0/8')!],
    deny: [parseCidr('10.0.0.0/8')!],
  });
});

test('an aggregator has its threads and its pace', (t) => {
  t.deepEqual(everything.fleet, { threads: 3, passMs: 500 });
  t.deepEqual(kinds.snapshot!.fleet, { threads: 0, passMs: 250 });
});

test('a mesh over Sentinel has all of its settings, and files instead of passwords', (t) => {
  t.deepEqual(everything.mesh, {
    kind: 'redis',
    topology: {
      kind: 'sentinel',
      sentinels: [
        { host: 'redis-1.example.org', port: 26_379 },
        { host: '::1', port: 26_379 },
      ],
      master: 'mymaster',
      username: 'watcher',
      passwordFile: `${good}/b.networks`,
      tls: true,
    },
    username: 'meridian',
    passwordFile: `${good}/a.networks`,
    database: 3,
    tls: {
      verify: false,
      serverName: 'redis.example.org',
      caFile: `${good}/a.networks`,
      certificateFile: `${good}/a.networks`,
      keyFile: `${good}/b.networks`,
    },
    prefix: 'test:',
    heartbeatMs: 500,
    expiryMs: 3000,
    connectTimeoutMs: 1000,
    commandTimeoutMs: 700,
    confirmingReplicas: 1,
    confirmTimeoutMs: 900,
  });
});

test('a mesh over a cluster takes the defaults for the rest, and none at all is in memory', (t) => {
  const { mesh } = kinds.snapshot!;
  t.deepEqual(mesh.kind === 'redis' && mesh.topology, {
    kind: 'cluster',
    nodes: [
      { host: 'redis-1.example.org', port: 6379 },
      { host: '::1', port: 6379 },
    ],
  });
  t.deepEqual(loadConfig(fixture('../../zones/meridian.yaml')).snapshot!.mesh, { kind: 'memory' });
});
