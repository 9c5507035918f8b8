// The agent of a site whose balancer is not our own: told of a load, reading a page, and beside a real HAProxy.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { Clock } from '../../../src/base/clock.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { SiteAgentSettings } from '../../../src/model/site-agent.ts';
import type { DriverSettings, ServerLoad } from '../../../src/model/site-driver.ts';
import { SiteAgent } from '../../../src/site/agent.ts';
import { NO_CLIENT_RTTS } from '../../../src/site/client-rtts.ts';
import type { News } from '../../../src/site/driven.ts';
import { drivenLoad, Weights } from '../../../src/site/driven-report.ts';
import { RestartPace } from '../../../src/site/drivers/haproxy/restart-pace.ts';
import { loadResponse, postedSize } from '../../../src/site/load-text.ts';
import type { SiteReport } from '../../../src/site/report.ts';
import type { Order } from '../../../src/site/standing.ts';
import { serverOf } from '../../support/balance.ts';
import { testUnless } from '../../support/environments.ts';
import { startHaproxy, whyNoHaproxy } from '../../support/haproxy.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { eventually } from '../../support/patience.ts';
import { reservePortFor } from '../../support/reserved-port.ts';
import { agentSettings, serviceSettings } from '../../support/site-agent.ts';

const COMMON = { timeoutMs: 60_000, measure: 'connections', max: null } as const;
const POSTED: DriverSettings = { ...COMMON, kind: 'posted' };

function agentFor(t: ExecutionContext, clock: Clock = systemClock): { agent: SiteAgent; news: News[] } {
  const news: News[] = [];
  const agent = new SiteAgent('lon', clock, { onNews: (one) => news.push(one) });
  t.teardown(() => agent.close(0));
  return { agent, news };
}

const reportOnce = async (agent: SiteAgent, isIt: (report: SiteReport) => boolean): Promise<SiteReport> => {
  await eventually(
    () => isIt(agent.report()),
    () => JSON.stringify(agent.report()),
  );
  return agent.report();
};

const driven = (driver: DriverSettings, differs: Partial<SiteAgentSettings> = {}): SiteAgentSettings =>
  agentSettings({ driver, ...differs });

test('a page that is read is the load of the site, until it has not been read for three seconds', async (t) => {
  const clock = new ManualClock();
  const { agent, news } = agentFor(t, clock);
  const server = createServer((_, response) => response.end('inflight 30\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const driver: DriverSettings = { ...COMMON, kind: 'prometheus', url, selector: 'inflight', maxSelector: null, max: 50 };
  t.deepEqual(await agent.apply(driven(driver)), []);
  const { load, driver: told } = await reportOnce(agent, (report) => report.load !== null);
  t.deepEqual(load, { unit: 'connections', current: 30, target: 40, max: 50 });
  t.like(told, { kind: 'prometheus', trouble: null });
  server.close();
  server.closeAllConnections();
  await eventually(
    () => news.some(({ isWell }) => !isWell),
    () => 'no news',
  );
  clock.advance(3001);
  t.is(agent.report().load, null);
  t.regex(agent.report().driver!.trouble!, /nothing listens there/);
});

test('a page that is not there is a warning at the start, and refuses a change to it', async (t) => {
  const page = (path: string): DriverSettings => ({ ...COMMON, kind: 'nginx', url: `http://127.0.0.1:9/${path}` });
  const { agent } = agentFor(t);
  t.like(await agent.apply(driven(page('a'))), [{ severity: 'warning', code: 'ERR_LOAD_SOURCE' }]);
  t.like(await agent.apply(driven(page('b'))), [{ severity: 'error', code: 'ERR_LOAD_SOURCE' }]);
  t.like(agent.settings!.driver, { url: 'http://127.0.0.1:9/a' });
});

test('an agent goes from what is posted to its own engine and back', async (t) => {
  const { agent } = agentFor(t);
  t.deepEqual(await agent.apply(driven(POSTED)), []);
  t.is(agent.report().load, null);
  t.deepEqual(await agent.apply(agentSettings()), []);
  t.like(agent.report(), { driver: null, load: { current: 0 } });
  t.deepEqual(await agent.apply(driven(POSTED)), []);
  t.like(agent.report(), { driver: { kind: 'posted' }, load: null });
});

const haproxyAt = (port: number): string => `frontend in
  mode tcp
  bind 127.0.0.1:${port}
backend web
  server a 127.0.0.1:1 maxconn 10
  server b 127.0.0.1:2 maxconn 10
`;

testUnless(whyNoHaproxy(), "orders reach an operator's HAProxy, and what it cannot do is said", async (t) => {
  const own = await startHaproxy(t, haproxyAt(await reservePortFor(t)));
  const { agent, news } = agentFor(t);
  const services = [serviceSettings({ servers: [serverOf('a', { weight: 3 }), serverOf('b')] })];
  t.deepEqual(await agent.apply(driven(own.settings, { services })), []);
  const stateOf = (report: SiteReport, server: string) =>
    report.services.flatMap(({ servers }) => servers).find((one) => one.server === server);
  await reportOnce(agent, (report) => report.load !== null && stateOf(report, 'a')?.weight === 3);
  t.like(agent.report().load, { max: 20, target: 16 });
  const order = (action: Order['action']) => (_: string, server: string) => (server === 'a' ? { action, why: 'by ann' } : null);
  agent.obey({ isSiteDrained: false, of: order('drain') });
  const drained = await reportOnce(agent, (report) => stateOf(report, 'a')?.state === 'drained');
  t.regex(stateOf(drained, 'a')!.why, /^by ann; haproxy-attach says draining$/);
  t.is(drained.load!.max, 10);
  t.is(drained.services[0]!.availableShare, 0.25);
  agent.obey({ isSiteDrained: false, of: order('down') });
  await reportOnce(agent, (report) => /says maintenance/.test(stateOf(report, 'a')?.why ?? ''));
  agent.obey({ isSiteDrained: false, of: order('up') });
  await reportOnce(agent, (report) => stateOf(report, 'a')?.state === 'forced up');
  agent.obey({ isSiteDrained: false, of: () => null });
  await reportOnce(agent, (report) => stateOf(report, 'a')?.state === 'up');
  t.deepEqual(news, []);

  const stranger = [serviceSettings({ servers: [serverOf('c')] })];
  const [refused] = await agent.apply(driven(own.settings, { services: stranger }));
  t.regex(refused!.message, /there is no server web\/c; there are: a, b/);
  t.is(agent.settings!.services, services);
});

test('what an operator says that the site takes shrinks with what is out', (t) => {
  const weights = new Weights();
  const server = (serverId: string, state: ServerLoad['state'], weight: number): ServerLoad => ({
    ...{ serviceId: 'web', serverId, state, weight },
    ...{ current: 0, max: null, waiting: 0 },
  });
  weights.take([server('a', 'up', 3), server('b', 'up', 1)]);
  const load = { current: 5, target: null, max: null, servers: [server('a', 'draining', 0), server('b', 'up', 1)] };
  const wanted = agentSettings({ load: { unit: 'connections', max: null, target: 60 } });
  t.deepEqual(drivenLoad(load, wanted, { ...POSTED, max: 100 }, weights), {
    unit: 'connections',
    current: 5,
    max: 25,
    target: 15,
  });
  t.deepEqual(drivenLoad(load, agentSettings(), { ...POSTED, max: 100 }, weights).target, 20);
  t.like(drivenLoad({ ...load, servers: [] }, agentSettings(), { ...POSTED, max: 100 }, weights), { max: 100, target: 80 });
});

test('a program that keeps ending is started ever later, and one that lives is well again', (t) => {
  const clock = new ManualClock();
  const pace = new RestartPace(clock);
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    waits.push(pace.waitMs());
    clock.advance(pace.waitMs());
    pace.begin();
  }
  t.deepEqual(waits, [0, 1000, 2000, 4000, 8000, 16_000, 30_000]);
  clock.advance(60_000);
  pace.lives();
  pace.begin();
  t.is(pace.waitMs(), 1000);
});

test('only one plain length of a body counts, and POST is there only where something is posted', (t) => {
  const head = (...lines: readonly string[]): string => ['POST /load HTTP/1.1', ...lines].join('\r\n');
  t.is(postedSize(head('Content-Length: 12')), 12);
  for (const lines of [[], ['Content-Length: 12', 'Content-Length: 12'], ['Content-Length: +12'], ['Content-Length: 5000']]) {
    t.is(postedSize(head(...lines)), 0, lines.join());
  }
  t.is(postedSize('GET /load HTTP/1.1\r\nContent-Length: 12'), 0);
  const without = { driver: null, services: [], listeners: [], shared: null, clientRtts: NO_CLIENT_RTTS, clients: [] };
  const report = { site: 'lon', isDraining: false, load: null, ...without };
  const take = () => ({ ok: true, value: { current: 1, target: null, max: null, servers: [] } }) as const;
  t.regex(loadResponse(head(), '', report, { take }), /^HTTP\/1\.1 411 /);
  t.regex(loadResponse(head('Content-Length: 1'), '', report, null), /^HTTP\/1\.1 405 .*Allow: GET, HEAD\r/s);
  t.regex(loadResponse('PUT /load HTTP/1.1', '', report, { take }), /^HTTP\/1\.1 405 .*Allow: GET, HEAD, POST\r/s);
  t.regex(loadResponse('GET /load HTTP/1.1', '', report, null), /^HTTP\/1\.1 503 .*"error":"not known"/s);
});
