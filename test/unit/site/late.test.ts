// Clients that come although their site is drained: served as a rule; redirected or passed on to another site where a listener says so.

import { once } from 'node:events';
import { Agent as KeptConnections, request } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../src/base/clock.ts';
import { siteFromText } from '../../../src/config/site.ts';
import type { HttpFrontSettings } from '../../../src/model/site-http.ts';
import { SiteAgent } from '../../../src/site/agent.ts';
import { serverOf } from '../../support/balance.ts';
import { reservePortFor } from '../../support/reserved-port.ts';
import { agentSettings, serviceSettings } from '../../support/site-agent.ts';
import { named, routeOf, settingsOf, WebServer } from '../../support/site-http.ts';

const drained = (isSiteDrained: boolean) => ({ isSiteDrained, of: () => null });

/** An agent of a site whose one server says the name of the site. `other` is the port of another site. */
async function siteOf(
  t: ExecutionContext,
  site: string,
  front: Partial<HttpFrontSettings>,
  { port = 0, other = 1 }: { readonly port?: number; readonly other?: number } = {},
): Promise<{ readonly agent: SiteAgent; readonly port: number; readonly server: WebServer }> {
  const server = await WebServer.open(t, 'a', named(site));
  const agent = new SiteAgent(site, systemClock);
  t.teardown(() => agent.close(0));
  const services = [
    serviceSettings({ servers: [server.server] }),
    serviceSettings({ id: 'other', servers: [serverOf('o', { port: other })] }),
  ];
  const listeners = [{ kind: 'http', id: 'public', front: settingsOf({ port, ...front }) }] as const;
  t.deepEqual(await agent.apply(agentSettings({ site, services, listeners })), []);
  return { agent, port: agent.report().listeners[0]!.port, server };
}

const get = (port: number, path = '/'): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual' });
const said = async (port: number): Promise<string> => (await get(port)).text();

const REDIRECT = { kind: 'redirect', status: 308, location: 'https://lon.{host}{target}', isMarked: false } as const;
const PASS_ON = { kind: 'service', service: 'other' } as const;

test('unless a listener says otherwise, a drained site serves who comes', async (t) => {
  const { agent, port } = await siteOf(t, 'fra', {});
  agent.obey(drained(true));
  t.is(await said(port), 'fra');
});

test('late clients are redirected for as long as the site is drained, also those that are connected', async (t) => {
  const { agent, port } = await siteOf(t, 'fra', { late: REDIRECT });
  const kept = new KeptConnections({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => kept.destroy());
  const ask = async (): Promise<readonly [number, string | undefined, boolean]> => {
    const asked = request({ port, path: '/a?b=c', headers: { host: 'www.example.org' }, agent: kept });
    asked.end();
    const [response] = await once(asked, 'response');
    response.resume();
    await once(response, 'end');
    return [response.statusCode, response.headers.location, asked.reusedSocket];
  };
  t.deepEqual(await ask(), [200, undefined, false]);
  agent.obey(drained(true));
  t.deepEqual(await ask(), [308, 'https://lon.www.example.org/a?b=c', true]);
  agent.obey(drained(false));
  t.deepEqual(await ask(), [200, undefined, true]);
});

test('what a listener answers by itself it answers to late clients, too', async (t) => {
  const routes = [
    routeOf({
      id: 'own',
      match: { ...routeOf().match, paths: [{ kind: 'exact', path: '/own' }] },
      action: { kind: 'respond', status: 200, body: 'own' },
    }),
    routeOf(),
  ];
  const { agent, port } = await siteOf(t, 'fra', { late: REDIRECT, routes });
  agent.obey(drained(true));
  t.is((await get(port, '/own')).status, 200);
  t.is((await get(port)).status, 308);
});

test('late clients are passed on to another site; of two that are drained the second one serves them', async (t) => {
  const [one, two] = [await reservePortFor(t), await reservePortFor(t)];
  const rewrite = { ...routeOf().rewrite, path: { from: '/', to: '/inside' }, host: 'inside.example' };
  const fra = await siteOf(t, 'fra', { late: PASS_ON, routes: [routeOf({ rewrite })] }, { port: one, other: two });
  const lon = await siteOf(t, 'lon', { late: PASS_ON }, { port: two, other: one });
  t.is(await said(fra.port), 'fra');
  fra.agent.obey(drained(true));
  t.is(await said(fra.port), 'lon');
  const { url, headers } = lon.server.requests[0]!;
  t.deepEqual([url, headers.host], ['/', `127.0.0.1:${one}`], 'as the client has asked, not as our servers are asked');
  lon.agent.obey(drained(true));
  t.deepEqual([await said(fra.port), await said(lon.port)], ['lon', 'fra']);
  t.is((await fetch(`http://127.0.0.1:${fra.port}`, { method: 'POST', body: 'x' })).status, 200);
  fra.agent.obey(drained(false));
  t.is(await said(fra.port), 'fra');
});

test('of two drained sites that redirect to one another the second one serves; servers do not see the mark of it', async (t) => {
  const [one, two] = [await reservePortFor(t), await reservePortFor(t)];
  const to = (port: number): Partial<HttpFrontSettings> => ({
    late: { ...REDIRECT, location: `http://127.0.0.1:${port}{target}`, isMarked: true },
  });
  const fra = await siteOf(t, 'fra', to(two), { port: one });
  const lon = await siteOf(t, 'lon', to(one), { port: two });
  const landed = async (port: number, path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  fra.agent.obey(drained(true));
  t.is(await landed(one, '/a?b=c'), 'lon');
  t.is((await get(one, '/a?b=c')).headers.get('location'), `http://127.0.0.1:${two}/a?b=c&meridian-late=1`);
  lon.agent.obey(drained(true));
  t.deepEqual([await landed(one, '/'), await landed(two, '/?x')], ['lon', 'fra']);
  const seen = [...fra.server.requests, ...lon.server.requests].map(({ url, headers }) => [url, headers['x-meridian-late']]);
  t.deepEqual(seen, [
    ['/?x', '1'],
    ['/a?b=c', '1'],
    ['/', '1'],
  ]);
});

test('only a parameter of its own is the mark of a redirect, wherever in the query it stands', async (t) => {
  const { port, server } = await siteOf(t, 'fra', {});
  const asked = ['/?meridian-late=1', '/?meridian-late=1&b', '/?a&meridian-late=1&b', '/?a&meridian-late=1'];
  const others = ['/meridian-late=1', '/&meridian-late=1', '/?ameridian-late=1', '/?meridian-late=10', '/&meridian-late=1?a'];
  for (const path of [...asked, ...others]) await get(port, path);
  t.deepEqual(
    server.requests.map(({ url, headers }) => (headers['x-meridian-late'] === undefined ? url : `marked ${url}`)),
    ['marked /', 'marked /?b', 'marked /?a&b', 'marked /?a', ...others],
  );
});

test('a listener that is added to a drained site, or changed there, has late clients from the start', async (t) => {
  const { agent, server } = await siteOf(t, 'fra', {});
  agent.obey(drained(true));
  const services = [serviceSettings({ servers: [server.server] })];
  const listenersOf = (front: Partial<HttpFrontSettings>) =>
    agentSettings({
      site: 'fra',
      services,
      listeners: [
        { kind: 'http', id: 'public', front: settingsOf(front) },
        { kind: 'http', id: 'added', front: settingsOf({ late: REDIRECT }) },
      ],
    });
  t.deepEqual(await agent.apply(listenersOf({ late: REDIRECT })), []);
  for (const { port } of agent.report().listeners) t.is((await get(port)).status, 308);
  t.deepEqual(await agent.apply(listenersOf({})), []);
  t.deepEqual(await Promise.all(agent.report().listeners.map(async ({ port }) => (await get(port)).status)), [200, 308]);
});

test('the configuration names the other site by a location, or by a service whose servers it is', (t) => {
  const lateOf = (lateClients: string): unknown => {
    const [site] = siteFromText(`fra:
  services:
    web: { servers: { a: { address: "127.0.0.1:8080" } } }
    london: { servers: { a: { address: "192.0.2.1:80" } } }
  listeners: { public: { listen: "127.0.0.1:80", http: { service: web${lateClients} } } }
`);
    const [listener] = site!.listeners;
    return listener!.kind === 'http' ? listener!.front.late : undefined;
  };
  t.is(lateOf(''), null);
  t.deepEqual(lateOf(', lateClients: { service: london }'), { kind: 'service', service: 'london' });
  t.deepEqual(lateOf(', lateClients: { redirect: { location: "https://london.example.org{target}" } }'), {
    kind: 'redirect',
    status: 307,
    location: 'https://london.example.org{target}',
    isMarked: true,
  });
});
