// The agent of a site over real sockets: what a change of its configuration does to connections, servers and listeners.

import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../src/base/clock.ts';
import type { Problem } from '../../../src/base/errors.ts';
import { siteFromText } from '../../../src/config/site.ts';
import type { AgentListener, AgentService, SiteAgentSettings } from '../../../src/model/site-agent.ts';
import { SiteAgent } from '../../../src/site/agent.ts';
import type { Order } from '../../../src/site/standing.ts';
import { balancingOf, serverOf } from '../../support/balance.ts';
import { reservePortFor } from '../../support/reserved-port.ts';
import { Backend, Client, echo, FRONT, saying } from '../../support/site.ts';
import { agentSettings, fetchName, serviceSettings, WebServer } from '../../support/site-agent.ts';
import { routeOf, settingsOf } from '../../support/site-http.ts';
import { UDP_FRONT, UdpBackend, UdpClient } from '../../support/site-udp.ts';

const tcp = (id: string, service = 'web', differs: Partial<typeof FRONT> = {}): AgentListener => ({
  kind: 'tcp',
  id,
  service,
  serverNames: [],
  front: { ...FRONT, ...differs },
});
const load: AgentListener = { kind: 'load', id: 'load', front: { address: '127.0.0.1', port: 0 } };
const agentCheck = (service: string | null): AgentListener => ({
  kind: 'agent-check',
  id: 'check',
  service,
  front: { address: '127.0.0.1', port: 0 },
});

const httpFront = (port: number) => settingsOf({ port, routes: [routeOf({ action: { kind: 'service', service: 'pages' } })] });

/** Whether a connection is taken at all. */
const reaches = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
  });

function agentFor(t: ExecutionContext): SiteAgent {
  const agent = new SiteAgent('lon', systemClock);
  t.teardown(() => agent.close(0));
  return agent;
}

const portOf = (agent: SiteAgent, id: string): number => agent.report().listeners.find(({ listener }) => listener === id)!.port;

const backend = (t: ExecutionContext, id: string): Promise<Backend> => Backend.open(t, id, saying(id));

const withServers = (...backends: readonly Backend[]): AgentService =>
  serviceSettings({ servers: backends.map(({ server }) => server) });

const messages = (problems: readonly Problem[]): string[] =>
  problems.map(({ severity, code, message }) => `${severity} ${code} ${message}`);

async function answers(t: ExecutionContext, port: number, count: number): Promise<string[]> {
  const names = new Set<string>();
  for (let i = 0; i < count; i++) names.add(await new Client(t, port).all());
  return [...names].sort();
}

const lineOf = (t: ExecutionContext, port: number): Promise<string> => new Client(t, port).all();

const orders = (of: (service: string, server: string) => Order | null, isSiteDrained = false) => ({ isSiteDrained, of });

test('a listener keeps its port and its connections while everything else about it changes', async (t) => {
  const [a, b] = [await Backend.open(t, 'a', echo), await backend(t, 'b')];
  const agent = agentFor(t);
  t.deepEqual(await agent.apply(agentSettings({ services: [withServers(a)], listeners: [tcp('public')] })), []);
  const port = portOf(agent, 'public');
  const client = new Client(t, port);
  client.socket.write('one ');
  await a.arrivals(1);
  const other = serviceSettings({ id: 'other', servers: [b.server] });
  t.deepEqual(await agent.apply(agentSettings({ services: [other], listeners: [tcp('public', 'other')] })), []);
  t.is(portOf(agent, 'public'), port);
  t.deepEqual(await answers(t, port, 2), ['b']);
  client.socket.end('two');
  await client.ended;
  t.is(client.received.toString(), 'one two');
});

test('a listener that is gone refuses new clients and lets the others end', async (t) => {
  const a = await Backend.open(t, 'a', echo);
  const agent = agentFor(t);
  const settings = agentSettings({ services: [withServers(a)], listeners: [tcp('public'), tcp('second')] });
  await agent.apply(settings);
  const port = portOf(agent, 'second');
  const client = new Client(t, port);
  client.socket.write('still ');
  await a.arrivals(1);
  await agent.apply({ ...settings, listeners: [tcp('public')] });
  t.is(await fetchName(port), 'ECONNREFUSED');
  client.socket.end('here');
  await client.ended;
  t.is(client.received.toString(), 'still here');
});

test('a port that somebody has costs the change and nothing else', async (t) => {
  const [a, b] = [await backend(t, 'a'), await backend(t, 'b')];
  const agent = agentFor(t);
  const settings = agentSettings({ services: [withServers(a)], listeners: [tcp('public')] });
  await agent.apply(settings);
  const taken = tcp('taken', 'web', { port: b.server.port });
  const [problem, ...more] = await agent.apply({
    ...settings,
    services: [withServers(b)],
    listeners: [tcp('public'), load, taken],
  });
  t.deepEqual(more, []);
  t.regex(
    messages([problem!])[0]!,
    /^error ERR_LISTEN listener "taken": tcp 127\.0\.0\.1 port \d+ cannot be used: another program, .* has the port \(EADDRINUSE\)$/,
  );
  t.deepEqual(await answers(t, portOf(agent, 'public'), 2), ['a']);
  t.deepEqual(
    agent.report().listeners.map(({ listener }) => listener),
    ['public'],
  );
});

test('a listener becomes one of another kind while clients come: none is refused, and those it has stay', async (t) => {
  const [a, web] = [await Backend.open(t, 'a', echo), await WebServer.open('web')];
  t.teardown(() => web.kill());
  const agent = agentFor(t);
  const port = await reservePortFor(t);
  const services = [withServers(a), serviceSettings({ id: 'pages', servers: [serverOf('web', { port: web.port })] })];
  const asTcp = agentSettings({ services, listeners: [tcp('public', 'web', { port })] });
  const asHttp = agentSettings({ services, listeners: [{ kind: 'http', id: 'public', front: httpFront(port) }] });
  const asLoad = agentSettings({ services, listeners: [{ kind: 'load', id: 'public', front: { address: '127.0.0.1', port } }] });
  await agent.apply(asTcp);
  const old = new Client(t, port);
  old.socket.write('before ');
  await a.arrivals(1);
  let isOver = false;
  let refused = 0;
  const coming = (async () => {
    while (!isOver) if (!(await reaches(port))) refused++;
  })();
  for (const settings of [asHttp, asTcp, asLoad, asHttp]) t.deepEqual(await agent.apply(settings), []);
  isOver = true;
  await coming;
  t.is(refused, 0);
  t.is(await fetchName(port), 'web');
  old.socket.end('and after');
  await old.ended;
  t.is(old.received.toString(), 'before and after');
});

test('a datagram listener that is taken away and back while its flows end has the same port and flows', async (t) => {
  const [a, b] = [await UdpBackend.open(t, 'a'), await UdpBackend.open(t, 'b')];
  const agent = agentFor(t);
  const port = await reservePortFor(t);
  const listener: AgentListener = { kind: 'udp', id: 'dns', service: 'web', front: { ...UDP_FRONT, port } };
  // The same port is free for TCP.
  const without = agentSettings({
    services: [serviceSettings({ servers: [a.server] })],
    listeners: [tcp('public', 'web', { port })],
  });
  const settings = { ...without, listeners: [...without.listeners, listener] };
  t.deepEqual(await agent.apply(settings), []);
  const client = await UdpClient.open(t, port);
  t.is(await client.ask('1'), 'a 1');
  t.deepEqual(await agent.apply(without), []);
  t.is(await client.ask('2'), 'a 2');
  t.deepEqual(await agent.apply({ ...settings, services: [serviceSettings({ servers: [b.server] })] }), []);
  t.is(agent.report().listeners[1]!.connections, 1);
  t.is(await (await UdpClient.open(t, port)).ask('3'), 'b 3');
});

test('flows leave a server that is forced down, and stay with one that is drained', async (t) => {
  const [a, b] = [await UdpBackend.open(t, 'a'), await UdpBackend.open(t, 'b')];
  const agent = agentFor(t);
  const listener: AgentListener = { kind: 'udp', id: 'dns', service: 'web', front: UDP_FRONT };
  await agent.apply(
    agentSettings({ services: [serviceSettings({ servers: [a.server, b.server] })], listeners: [listener, tcp('public')] }),
  );
  const client = await UdpClient.open(t, portOf(agent, 'dns'));
  const first = await client.ask('1');
  const order = (action: 'down' | 'drain') =>
    orders((_, server) => (server === first[0] ? { action, why: 'by ann: disk' } : null));
  agent.obey(order('drain'));
  t.is(await (await UdpClient.open(t, portOf(agent, 'dns'))).ask('2'), first.startsWith('a') ? 'b 2' : 'a 2');
  t.is(await client.ask('1'), first);
  agent.obey(order('down'));
  while ((await client.ask('1')) === first) await new Promise((resolve) => setTimeout(resolve, 100));
  t.deepEqual(agent.report().listeners[0]!.counts['moved'], 1);
});

test('a change of kind that cannot be made leaves the old listener at its port', async (t) => {
  const a = await backend(t, 'a');
  const agent = agentFor(t);
  const port = await reservePortFor(t);
  const settings = agentSettings({ services: [withServers(a)], listeners: [tcp('public', 'web', { port })] });
  await agent.apply(settings);
  const certificates = [{ certificateFile: '/nowhere/a.pem', keyFile: '/nowhere/a.key' }];
  const tls = { certificates, minVersion: 'TLSv1.2', http2: true } as const;
  const [problem] = await agent.apply({
    ...settings,
    listeners: [{ kind: 'http', id: 'public', front: { ...httpFront(port), tls } }],
  });
  t.is(problem?.severity, 'error');
  t.deepEqual(await answers(t, port, 1), ['a']);
  t.is(agent.report().listeners[0]!.kind, 'tcp');
});

test('a service that changes its algorithm keeps its counts, and what checks said of its servers', async (t) => {
  const [a, b] = [await backend(t, 'a'), await backend(t, 'b')];
  const agent = agentFor(t);
  const service = withServers(a, b);
  const settings = agentSettings({ services: [service], listeners: [tcp('public')] });
  await agent.apply(settings);
  await answers(t, portOf(agent, 'public'), 4);
  agent.see('web', 'b', { isUp: false, why: 'connection refused' });
  await agent.apply({ ...settings, services: [{ ...service, balancing: balancingOf({ kind: 'two-choices' }) }] });
  t.deepEqual(await answers(t, portOf(agent, 'public'), 4), ['a']);
  t.deepEqual(
    agent.report().services[0]!.servers.map(({ server, state, why, total }) => [server, state, why, total]),
    [
      ['a', 'up', 'not checked', 6],
      ['b', 'down', 'connection refused', 2],
    ],
  );
  agent.see('web', 'b', { isUp: true, why: 'status 200' });
  t.deepEqual(await answers(t, portOf(agent, 'public'), 16), ['a', 'b']);
});

test('an order is stronger than a check, and what is seen is told beside it', async (t) => {
  const [a, b] = [await backend(t, 'a'), await backend(t, 'b')];
  const agent = agentFor(t);
  await agent.apply(agentSettings({ services: [withServers(a, b)], listeners: [tcp('public')] }));
  const port = portOf(agent, 'public');
  agent.see('web', 'a', { isUp: false, why: 'refused' });
  agent.obey(
    orders((_, server) => (server === 'a' ? { action: 'up', why: 'by ann: it lies' } : { action: 'drain', why: 'by ann: disk' })),
  );
  t.deepEqual(await answers(t, port, 4), ['a']);
  t.deepEqual(
    agent.report().services[0]!.servers.map(({ state, why }) => [state, why]),
    [
      ['forced up', 'by ann: it lies; seen: down: refused'],
      ['drained', 'by ann: disk; seen: not checked'],
    ],
  );
  agent.obey(orders((_, server) => (server === 'a' ? { action: 'down', why: 'by ann' } : null)));
  t.deepEqual(await answers(t, port, 4), ['b']);
  t.is(agent.report().services[0]!.servers[0]!.state, 'forced down');
  agent.obey(orders(() => null));
  t.deepEqual(await answers(t, port, 4), ['b']); // a is down again
});

test('the load shrinks with the servers that are out, and so does what other balancers are told', async (t) => {
  const servers = [await Backend.open(t, 'a', echo), await backend(t, 'b')].map(({ server }) => ({ ...server, maxActive: 10 }));
  const agent = agentFor(t);
  const settings = agentSettings({
    services: [serviceSettings({ servers })],
    listeners: [tcp('public'), load, agentCheck('web')],
  });
  await agent.apply(settings);
  const [told, check] = [portOf(agent, 'load'), portOf(agent, 'check')];
  t.is(await lineOf(t, check), 'up 100%\n');
  t.like(JSON.parse(await fetchName(told, '/load')), { current: 0, max: 20, target: 16, unit: 'connections', isDraining: false });
  agent.see('web', 'b', { isUp: false, why: 'refused' });
  t.is(await lineOf(t, check), 'up 50%\n');
  t.like(JSON.parse(await fetchName(told, '/load?x=1')), { max: 10, target: 8 });
  agent.see('web', 'a', { isUp: false, why: 'refused' });
  t.is(await lineOf(t, check), 'down #no server of web can be chosen\n');
  await agent.apply({ ...settings, listeners: [tcp('public'), load, agentCheck(null)] });
  agent.see('web', 'a', { isUp: true, why: 'fine' });
  agent.see('web', 'b', { isUp: true, why: 'fine' });
  const client = new Client(t, portOf(agent, 'public'));
  client.socket.write('hold');
  await new Promise((resolve) => client.socket.once('data', resolve));
  t.is(await lineOf(t, check), 'up 95%\n');
  agent.obey(orders(() => null, true));
  t.is(await lineOf(t, check), 'up 0%\n');
  t.true(JSON.parse(await fetchName(told, '/load')).isDraining);
  t.regex(await fetchName(told, '/else'), /only \/load is here/);
});

test('what a site bears may be configured, in any unit', async (t) => {
  const [a, b] = [await backend(t, 'a'), await backend(t, 'b')];
  const agent = agentFor(t);
  const settings: SiteAgentSettings = agentSettings({ services: [withServers(a, b)], listeners: [tcp('public')] });
  await agent.apply({ ...settings, load: { unit: 'requests/s', max: 100, target: 60 } });
  agent.see('web', 'b', { isUp: false, why: 'refused' });
  t.deepEqual(agent.report().load, { unit: 'requests/s', current: 0, max: 50, target: 30 });
  await agent.apply({ ...settings, load: { unit: 'Mbit/s', max: null, target: null } });
  t.deepEqual(agent.report().load, { unit: 'Mbit/s', current: 0, max: null, target: null });
});

test('a server that fails its clients is ejected, and one that mostly fails is cut off', async (t) => {
  const closed = serverOf('gone', { port: 1 });
  const a = await backend(t, 'a');
  const agent = agentFor(t);
  const rule = { consecutiveFailures: 1, intervalMs: 60_000, ejectionMs: 60_000, mostEjectionMs: 60_000, mostEjectedPercent: 50 };
  const outlier = { ...rule, leastRequests: 100, leastServers: 5, deviations: 1.9 };
  const breaker = { windowMs: 60_000, leastRequests: 1, failurePercent: 50, openMs: 60_000, mostOpenMs: 60_000, trials: 1 };
  for (const [differs, state] of [
    [{ outlier }, 'ejected'],
    [{ breaker }, 'cut off'],
  ] as const) {
    const balancing = balancingOf({ kind: 'round-robin' }, differs);
    await agent.apply(
      agentSettings({ services: [{ ...withServers(a), servers: [a.server, closed], balancing }], listeners: [tcp('public')] }),
    );
    t.deepEqual(await answers(t, portOf(agent, 'public'), 3), ['a']);
    const server = agent.report().services[0]!.servers[1]!;
    t.is(server.state, state);
    t.true(server.failed! > 0);
  }
});

test('those who wait for a server go on waiting when the queue changes, as far as there is room', async (t) => {
  const a = await Backend.open(t, 'a', echo);
  const agent = agentFor(t);
  const service = { ...withServers(a), servers: [{ ...a.server, maxActive: 1 }], queue: { mostWaiting: 2, timeoutMs: 60_000 } };
  const settings = agentSettings({ services: [service], listeners: [tcp('public')] });
  await agent.apply(settings);
  const port = portOf(agent, 'public');
  const first = new Client(t, port);
  first.socket.write('x');
  await a.arrivals(1);
  const [second, third] = [new Client(t, port), new Client(t, port)];
  while (agent.report().services[0]!.waiting < 2) await new Promise((resolve) => setImmediate(resolve));
  await agent.apply({ ...settings, services: [{ ...service, queue: { mostWaiting: 1, timeoutMs: 60_000 } }] });
  const refused = await Promise.race([second.over.then(() => second), third.over.then(() => third)]);
  const served = refused === second ? third : second;
  first.socket.end();
  served.socket.end('served');
  await served.ended;
  t.is(served.received.toString(), 'served');
});

test('a service that is gone lets its connections end and sends away who waits', async (t) => {
  const a = await Backend.open(t, 'a', echo);
  const agent = agentFor(t);
  await agent.apply(agentSettings({ services: [withServers(a)], listeners: [tcp('public')] }));
  const client = new Client(t, portOf(agent, 'public'));
  client.socket.write('on ');
  await a.arrivals(1);
  await agent.apply(agentSettings());
  t.deepEqual(agent.report().services, []);
  client.socket.end('and on');
  await client.ended;
  t.is(client.received.toString(), 'on and on');
});

test('requests are relayed at layer 7, and a route to another service is followed from the next request on', async (t) => {
  const [a, b] = [await WebServer.open('a'), await WebServer.open('b')];
  t.teardown(() => {
    a.kill();
    b.kill();
  });
  const settingsFor = (service: string): SiteAgentSettings =>
    siteFromText(`lon:
  services:
    first: { servers: { a: { address: "127.0.0.1:${a.port}" } } }
    second: { servers: { b: { address: "127.0.0.1:${b.port}" } } }
  listeners: { web: { listen: "127.0.0.1:0", http: { service: ${service} } } }
`)[0]!;
  const agent = agentFor(t);
  t.deepEqual(await agent.apply(settingsFor('first')), []);
  const port = portOf(agent, 'web');
  t.is(await fetchName(port), 'a');
  t.deepEqual(await agent.apply(settingsFor('second')), []);
  t.is(portOf(agent, 'web'), port);
  t.is(await fetchName(port), 'b');
});

test('who tells of the load bears a client that says nothing, or too much', async (t) => {
  const agent = agentFor(t);
  await agent.apply(agentSettings({ listeners: [load] }));
  const port = portOf(agent, 'load');
  const endless = new Client(t, port);
  endless.socket.write('x'.repeat(10_000));
  t.regex(String(await Promise.race([endless.over, endless.ended.then(() => 'ended')])), /reset|closed|ended/);
  const post = connect({ host: '127.0.0.1', port });
  t.teardown(() => post.destroy());
  post.end('POST /load HTTP/1.1\r\n\r\n');
  const [head] = await new Promise<string[]>((resolve) => post.once('data', (data) => resolve(String(data).split('\r\n'))));
  t.is(head, 'HTTP/1.1 405 Method Not Allowed');
});
