// Readers of load: what each page means, what is refused, and that nothing a peer sends can do more than be refused.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Problem } from '../../../../src/base/errors.ts';
import type { Result } from '../../../../src/base/result.ts';
import type { LoadReader, ReaderSettings } from '../../../../src/model/site-driver.ts';
import { openDriver } from '../../../../src/site/drivers/open.ts';
import { readPage } from '../../../../src/site/drivers/page.ts';
import { parseEnvoy } from '../../../../src/site/drivers/readers/envoy.ts';
import { parseIpvs } from '../../../../src/site/drivers/readers/ipvs.ts';
import { parseStubStatus } from '../../../../src/site/drivers/readers/nginx.ts';
import { parseNginxPlus } from '../../../../src/site/drivers/readers/nginx-plus.ts';
import { Posted, parsePosted } from '../../../../src/site/drivers/readers/posted.ts';
import { parseSelector, sumOf } from '../../../../src/site/drivers/readers/prometheus.ts';
import { testUnless, whyNot } from '../../../support/environments.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { WITH_SERVERS } from '../../../support/paths.ts';
import { eventually, PATIENCE_MS } from '../../../support/patience.ts';
import { reservePortFor } from '../../../support/reserved-port.ts';

const COMMON = { timeoutMs: PATIENCE_MS, measure: 'connections', max: null } as const;
const messageOf = (result: Result<unknown, Problem>): string =>
  result.ok ? '' : `${result.error.code}: ${result.error.message}`;

/** Serves what `page` says at every path. */
async function serving(t: ExecutionContext, page: () => string, status = 200): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status);
    response.end(page());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const readerOf = (settings: ReaderSettings, clock = new ManualClock()): LoadReader => openDriver(settings, clock).driver;

const STUB = `Active connections: 291 \nserver accepts handled requests\n 16630948 16630948 31070465 \nReading: 6 Writing: 179 Waiting: 106 \n`;

test('nginx: connections with a request are load, idle ones and our own are not', (t) => {
  t.deepEqual(parseStubStatus(STUB, 'x'), { ok: true, value: { busy: 184, requests: 31_070_465 } });
});

test('nginx: another page is refused with its beginning', (t) => {
  const refused = parseStubStatus('<html>404</html>', 'http://x/');
  t.is(messageOf(refused), 'ERR_LOAD_FORM: http://x/: this is not a page of stub_status; it begins with "<html>404</html>"');
});

test('a rate is what came between two readings, and begins anew with the counter', async (t) => {
  let requests = 1000;
  const url = await serving(t, () => STUB.replace('31070465', String(requests)));
  const clock = new ManualClock();
  const reader = readerOf({ ...COMMON, kind: 'nginx', url, measure: 'per-second', max: 100 }, clock);
  t.like(await reader.readLoad(), { ok: true, value: { current: 0, target: 80, max: 100 } });
  clock.advance(2000);
  requests = 1100;
  t.like(await reader.readLoad(), { ok: true, value: { current: 50 } });
  clock.advance(2000);
  requests = 5;
  t.like(await reader.readLoad(), { ok: true, value: { current: 0 } });
  await reader.close();
});

const NGINX = whyNot(['sh', '-c', 'PATH="$PATH:/usr/sbin" command -v nginx >/dev/null && exec "$@"', 'sh']);
testUnless(NGINX, 'a real nginx is read', async (t) => {
  const port = await reservePortFor(t);
  const directory = mkdtempSync(join(tmpdir(), 'meridian-nginx-'));
  mkdirSync(join(directory, 'logs'));
  const file = join(directory, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`);
  writeFileSync(
    file,
    `daemon off; pid ${directory}/pid; error_log ${directory}/error.log; events {}
     http { access_log off; ${temporary.join(' ')} server { listen 127.0.0.1:${port}; location = /s { stub_status; } } }`,
  );
  const nginx = spawn('nginx', ['-p', directory, '-c', file], { stdio: 'ignore', env: WITH_SERVERS });
  t.teardown(async () => {
    nginx.kill('SIGTERM');
    if (nginx.exitCode === null) await once(nginx, 'exit');
    rmSync(directory, { recursive: true });
  });
  const reader = readerOf({ ...COMMON, kind: 'nginx', url: `http://127.0.0.1:${port}/s` });
  let load = await reader.readLoad();
  await eventually(
    async () => {
      load = await reader.readLoad();
      return load.ok;
    },
    () => messageOf(load),
  );
  t.deepEqual(load, { ok: true, value: { current: 0, target: null, max: null, servers: [] } });
});

const peer = (differs: object) => ({ server: '10.0.0.1:80', state: 'up', active: 3, requests: 10, ...differs });
const PLUS = JSON.stringify({
  shop: {
    peers: [peer({ max_conns: 10 }), peer({ server: '10.0.0.2:80', state: 'draining', active: 1, max_conns: 10 })],
    queue: { size: 2, max_size: 10 },
  },
  other: { peers: [peer({})] },
});

test('NGINX Plus: servers, their limits and those who wait', async (t) => {
  const url = await serving(t, () => PLUS);
  const load = await readerOf({ ...COMMON, kind: 'nginx-plus', url, upstreams: ['shop'] }).readLoad();
  t.like(load, { ok: true, value: { current: 6, max: 10, target: 8 } });
  t.deepEqual(load.ok && load.value.servers.map(({ serverId, state }) => [serverId, state]), [
    ['10.0.0.1:80', 'up'],
    ['10.0.0.2:80', 'draining'],
  ]);
  const all = await readerOf({ ...COMMON, kind: 'nginx-plus', url, upstreams: null }).readLoad();
  t.like(all, { ok: true, value: { current: 9, max: null } });
  const missing = await readerOf({ ...COMMON, kind: 'nginx-plus', url, upstreams: ['shp'] }).readLoad();
  t.regex(messageOf(missing), /ERR_LOAD_SOURCE: .*there is no upstream shp; there are: shop, other/);
});

const host = (active: string, health: object = {}) => ({
  address: { socket_address: { address: '10.0.0.1', port_value: 80 } },
  stats: [{ name: 'rq_active', type: 'GAUGE', value: active }, { name: 'cx_connect_fail' }],
  health_status: health,
});
const ENVOY = JSON.stringify({
  cluster_statuses: [
    {
      name: 'shop',
      circuit_breakers: { thresholds: [{ max_requests: 50 }, { priority: 'HIGH', max_requests: 9 }] },
      host_statuses: [host('7'), host('2', { failed_active_health_check: true }), host('1', { eds_health_status: 'DRAINING' })],
    },
    { name: 'empty', circuit_breakers: { thresholds: [{ max_requests: 1024 }] } },
  ],
});

test('Envoy: counts are text, defaults are left out, and a limit is that of the circuit breaker', async (t) => {
  const url = await serving(t, () => ENVOY);
  const load = await readerOf({ ...COMMON, kind: 'envoy', url, clusters: ['shop'] }).readLoad();
  t.like(load, { ok: true, value: { current: 10, max: 50, target: 40 } });
  t.deepEqual(load.ok && load.value.servers.map(({ state }) => state), ['up', 'down', 'draining']);
  const all = await readerOf({ ...COMMON, kind: 'envoy', url, clusters: null }).readLoad();
  t.like(all, { ok: true, value: { current: 10, max: null } });
});

test('Envoy: a cluster with connections and no requests has no rate, and says so', async (t) => {
  const page = JSON.parse(ENVOY) as { cluster_statuses: { host_statuses?: { stats: object[] }[] }[] };
  page.cluster_statuses[0]!.host_statuses![0]!.stats.push({ name: 'cx_total', value: '9' });
  const url = await serving(t, () => JSON.stringify(page));
  const read = (clusters: readonly string[] | null) =>
    readerOf({ ...COMMON, kind: 'envoy', url, clusters, measure: 'per-second' }).readLoad();
  t.regex(messageOf(await read(null)), /ERR_LOAD_SOURCE: .*the cluster shop has connections and no requests: set "measure: conn/);
  t.true((await read(['empty'])).ok);
});

const IPVS = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0000201:0050 wlc
  -> 0A000002:1F90      Masq    1      12         3
  -> 0A000003:1F90      Masq    0      4          0
TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 rr
  -> [2001:0db8:0000:0000:0000:0000:0000:0002]:0050      Route   1      5         0
FWM  0000000A rr
`;

test('IPVS: what is active counts, and weight 0 is a drain', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-ipvs-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'ip_vs');
  writeFileSync(file, IPVS);
  const load = await readerOf({ ...COMMON, kind: 'ipvs', file, services: ['TCP 192.0.2.1:80'], max: 100 }).readLoad();
  t.like(load, { ok: true, value: { current: 16, max: 100 } });
  t.deepEqual(load.ok && load.value.servers.map(({ serverId, state }) => [serverId, state]), [
    ['10.0.0.2:8080', 'up'],
    ['10.0.0.3:8080', 'draining'],
  ]);
  const parsed = parseIpvs(IPVS, file);
  t.deepEqual(parsed.ok && parsed.value.services, ['TCP 192.0.2.1:80', 'TCP [2001:db8::1]:80', 'FWM 10']);
  const gone = await readerOf({ ...COMMON, kind: 'ipvs', file: join(directory, 'x'), services: null }).readLoad();
  t.regex(messageOf(gone), /is the kernel module ip_vs loaded/);
  t.regex(messageOf(parseIpvs(IPVS.replace('Masq    1', 'Masq    -1'), file)), /ip_vs:5: this is no line of an IPVS table/);
});

const METRICS = `# HELP up x
inflight{pool="a",kind="x \\"y\\""} 3
inflight{pool="b"} 4.5 1700000000
inflight_total 99
limit 20
wrong NaN
`;

test('Prometheus: samples that match a selector are added up', async (t) => {
  const url = await serving(t, () => METRICS);
  const read = (selector: string, maxSelector: string | null = null) =>
    readerOf({ ...COMMON, kind: 'prometheus', url, selector, maxSelector }).readLoad();
  t.like(await read('inflight', 'limit'), { ok: true, value: { current: 7.5, max: 20, target: 16 } });
  t.like(await read('inflight{pool!="a"}'), { ok: true, value: { current: 4.5, max: null } });
  t.like(await read('inflight{kind="x \\"y\\""}'), { ok: true, value: { current: 3 } });
  t.regex(messageOf(await read('inflight{pool="z"}')), /there is no sample of inflight\{pool="z"\}/);
  t.regex(messageOf(await read('wrong')), /:6: a finite number was expected in "wrong NaN"/);
  t.regex(messageOf(await read('inflight{pool=}')), /is not a selector/);
});

test('a posted load has current, and target and max if they differ from the configured ones', (t) => {
  const posted = (value: unknown) => parsePosted(JSON.stringify(value), 'POST /load');
  t.like(posted({ current: 1, target: 4, max: 5 }), { ok: true, value: { current: 1, target: 4, max: 5 } });
  t.like(posted({ current: 1 }), { ok: true, value: { current: 1, target: null, max: null } });
  t.regex(messageOf(posted({ current: -1 })), /POST \/load: current must be a number of 0 or more/);
  t.regex(messageOf(posted({ current: '1' })), /current must be a number/);
  t.regex(messageOf(posted({ current: 1, target: 6, max: 5 })), /target \(6\) must not be above max \(5\)/);
  t.regex(messageOf(posted({ current: 1, load: 6 })), /"load" is not known; allowed are current, target, max/);
  t.regex(messageOf(posted([])), /the body must be an object/);
});

test('no page, however wrong, is more than a complaint', (t) => {
  const parsers: readonly ((text: string) => unknown)[] = [
    (text) => parseStubStatus(text, ''),
    (text) => parseNginxPlus(text, ''),
    (text) => parseEnvoy(text, ''),
    (text) => parseIpvs(text, ''),
    (text) => parsePosted(text, ''),
    (text) => parseSelector(text) ?? sumOf(text, parseSelector('a')!, ''),
    (text) => sumOf(text, parseSelector('a{b="c"}')!, ''),
  ];
  const damaged = fc
    .tuple(fc.constantFrom(STUB, PLUS, ENVOY, IPVS, METRICS), fc.nat(), fc.nat(20), fc.string({ unit: 'binary' }))
    .map(([page, at, cut, put]) => page.slice(0, at % page.length) + put + page.slice((at % page.length) + cut));
  for (const parse of parsers) {
    fc.assert(fc.property(fc.oneof(damaged, fc.string(), fc.json()), (text) => t.notThrows(() => parse(text))));
  }
});

test('a page that is refused, too long, cut off or late is one clear line', async (t) => {
  t.regex(messageOf(await readPage(await serving(t, () => '', 403), PATIENCE_MS)), /it answers 403 Forbidden, 200 is needed/);
  const long = await serving(t, () => 'x'.repeat(2000));
  t.regex(messageOf(await readPage(long, PATIENCE_MS, 1000)), /the page has more than 1000 octets/);
  const raw = async (answer: string | null): Promise<string> => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      if (answer !== null) socket.once('data', () => socket.end(answer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };
  t.regex(messageOf(await readPage(await raw(null), 100)), /no whole answer within 100 ms/);
  t.regex(
    messageOf(await readPage(await raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'), PATIENCE_MS)),
    /ERR_LOAD_SOURCE: .*(aborted|reset)/,
  );
  t.regex(messageOf(await readPage(await raw('what?\r\n'), PATIENCE_MS)), /ERR_LOAD_SOURCE: .*Parse Error/);
});

test('what was posted holds for three seconds, and the most may be given by the operator', async (t) => {
  const clock = new ManualClock();
  const posted = new Posted(60, clock);
  t.regex(messageOf(await posted.readLoad()), /nobody has said anything yet/);
  t.false(posted.take('{}').ok);
  t.true(posted.take('{"current": 5, "target": 90, "max": 100}').ok);
  t.like(await posted.readLoad(), { ok: true, value: { current: 5, target: 60, max: 60 } });
  clock.advance(3001);
  t.regex(messageOf(await posted.readLoad()), /nobody has said anything for 3 s/);
});
