// Whose the load is, from real clients of several networks of loopback to what the agent says of them.

import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { parseCidr } from '../../../src/base/address.ts';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { type ClientParts, type LoadUnit, SAMPLE_MAX, SAMPLE_MS } from '../../../src/model/capacity.ts';
import type { AgentListener, AgentService, SiteAgentSettings } from '../../../src/model/site-agent.ts';
import { SiteAgent } from '../../../src/site/agent.ts';
import { eventually } from '../../support/patience.ts';
import { Backend, echo, FRONT } from '../../support/site.ts';
import { agentSettings, serviceSettings, WebServer } from '../../support/site-agent.ts';
import { routeOf, settingsOf } from '../../support/site-http.ts';
import { UDP_FRONT, UdpBackend, UdpClient } from '../../support/site-udp.ts';

/** That of the system, which a test may put forward. */
class HastyClock implements Clock {
  #aheadMs = 0;

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#aheadMs;
  }

  wallMs(): number {
    return systemClock.wallMs() + this.#aheadMs;
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}

async function stage(t: ExecutionContext, listener: AgentListener, service: AgentService, differs: Partial<SiteAgentSettings>) {
  const clock = new HastyClock();
  const agent = new SiteAgent('lon', clock);
  t.teardown(() => agent.close(0));
  const settings = agentSettings({ services: [service], listeners: [listener], ...differs });
  t.deepEqual(await agent.apply(settings), []);
  const end = (): readonly ClientParts[] => {
    clock.advance(SAMPLE_MS);
    return agent.report().clients;
  };
  end(); // what follows is in one period, unless it takes longer than that
  return { agent, port: agent.report().listeners[0]!.port, settings, end };
}

const loadIn = (unit: LoadUnit): SiteAgentSettings['load'] => ({ unit, max: null, target: null });

const http = (): AgentListener => ({
  kind: 'http',
  id: 'public',
  front: settingsOf({
    routes: [routeOf()],
    forwarding: { trustedProxies: [parseCidr('127.0.3.0/24')!], xForwarded: true, forwarded: false },
  }),
});
const tcp = (): AgentListener => ({
  kind: 'tcp',
  id: 'public',
  service: 'web',
  serverNames: [],
  front: { ...FRONT, proxyFrom: [parseCidr('127.0.3.0/24')!] },
});

const webOf = ({ name, port }: WebServer): AgentService =>
  serviceSettings({ servers: [{ id: name, address: '127.0.0.1', port, weight: 1, priority: 0, maxActive: null }] });

async function webServer(t: ExecutionContext): Promise<WebServer> {
  const server = await WebServer.open('a');
  t.teardown(() => server.kill());
  return server;
}

/** The octets of the response; `headers` as proxies write them. */
function ask(port: number, localAddress: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, localAddress, headers, agent: false }, (response) => {
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });
}

const partsOf = (clients: readonly ClientParts[]) => Object.fromEntries(clients.map(({ network, parts }) => [network, parts]));

for (const unit of ['requests/s', 'connections'] as const) {
  test(`clients of two networks have the shares in the sample that they have in the load, in ${unit}`, async (t) => {
    const { port, end } = await stage(t, http(), webOf(await webServer(t)), { load: loadIn(unit) });
    for (let i = 0; i < 20; i++) await ask(port, `127.0.${i % 5 === 0 ? 2 : 1}.${i + 1}`);
    t.deepEqual(partsOf(end()), { '127.0.1.0/24': 16, '127.0.2.0/24': 4 });
    t.deepEqual(end(), []);
  });
}

test('a client is who a trusted proxy says it is, and nobody else is believed', async (t) => {
  const { port, end } = await stage(t, http(), webOf(await webServer(t)), { load: loadIn('requests/s') });
  await ask(port, '127.0.3.1', { 'x-forwarded-for': '203.0.113.9' });
  await ask(port, '127.0.3.1', { 'x-forwarded-for': '2001:db8:1:2::3' });
  await ask(port, '127.0.1.1', { 'x-forwarded-for': '203.0.113.9' });
  t.deepEqual(partsOf(end()), { '203.0.113.0/24': 1, '2001:db8:1::/48': 1, '127.0.1.0/24': 1 });
});

test('where load is Mbit/s octets of responses count', async (t) => {
  const { port, end } = await stage(t, http(), webOf(await webServer(t)), { load: loadIn('Mbit/s') });
  await ask(port, '127.0.1.1');
  const clients = end();
  t.deepEqual(
    clients.map(({ network }) => network),
    ['127.0.1.0/24'],
  );
  t.is(clients[0]!.parts, 1); // the body has one octet
});

test('what the agent answers itself is no load', async (t) => {
  const { port, end } = await stage(t, http(), serviceSettings(), { load: loadIn('requests/s') });
  await ask(port, '127.0.1.1'); // 503: there is no server
  t.deepEqual(end(), []);
});

test('connections of layer 4 count for the client that the PROXY header names', async (t) => {
  const backend = await Backend.open(t, 'a', echo);
  const { port, end } = await stage(t, tcp(), serviceSettings({ servers: [backend.server] }), { load: loadIn('requests/s') });
  const say = async (localAddress: string, text: string, wanted: string): Promise<void> => {
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    t.teardown(() => socket.destroy());
    socket.write(text);
    const [octets] = (await once(socket, 'data')) as [Buffer];
    t.is(octets.toString(), wanted);
    socket.end();
    await once(socket, 'close');
  };
  for (let i = 1; i <= 3; i++) await say(`127.0.1.${i}`, 'x', 'x');
  await say('127.0.2.1', 'x', 'x');
  await say('127.0.3.1', 'PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\nx', 'x');
  t.deepEqual(partsOf(end()), { '127.0.1.0/24': 3, '127.0.2.0/24': 1, '203.0.113.0/24': 1 });
});

test('octets of layer 4 count as they are moved', async (t) => {
  const backend = await Backend.open(t, 'a', echo);
  const { port, agent, end } = await stage(t, tcp(), serviceSettings({ servers: [backend.server] }), { load: loadIn('Mbit/s') });
  const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.1.1' });
  t.teardown(() => socket.destroy());
  socket.write('x'.repeat(1000));
  for (let got = 0; got < 1000; got += ((await once(socket, 'data')) as [Buffer])[0].length);
  socket.end();
  await once(socket, 'close');
  await eventually(
    () => agent.report().listeners[0]!.connections === 0,
    () => 'it never ends',
  );
  const [one, ...others] = end();
  t.deepEqual(others, []);
  t.is(one!.network, '127.0.1.0/24');
  t.true(one!.parts > SAMPLE_MAX / 2, String(one!.parts));
});

test('flows of datagrams count once each, by the address that they come from', async (t) => {
  const backend = await UdpBackend.open(t, 'a');
  const listener: AgentListener = { kind: 'udp', id: 'public', service: 'web', front: UDP_FRONT };
  const service = serviceSettings({ servers: [backend.server] });
  const { port, end } = await stage(t, listener, service, { load: loadIn('requests/s') });
  for (const address of ['127.0.1.1', '127.0.1.2', '127.0.2.1']) {
    const { socket } = await UdpClient.open(t, port, address);
    for (let i = 0; i < 3; i++) {
      socket.send('x', port, '127.0.0.1');
      await once(socket, 'message');
    }
  }
  t.deepEqual(partsOf(end()), { '127.0.1.0/24': 2, '127.0.2.0/24': 1 });
});

test('an agent that is not to tell of its clients keeps nothing of them, from the reload on', async (t) => {
  const { agent, port, settings, end } = await stage(t, http(), webOf(await webServer(t)), { load: loadIn('requests/s') });
  await ask(port, '127.0.1.1');
  t.is(end().length, 1);
  await ask(port, '127.0.1.1');
  t.deepEqual(await agent.apply({ ...settings, clients: false }), []);
  t.deepEqual(agent.report().clients, []);
  await ask(port, '127.0.1.1');
  t.deepEqual(end(), []);
});
