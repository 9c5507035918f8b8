import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { serverOf } from '../../../support/balance.ts';
import { closedTcpPort } from '../../../support/closed-port.ts';
import { eventually } from '../../../support/patience.ts';
import { Backend, fullTcpPort } from '../../../support/site.ts';
import {
  exchange,
  httpStage,
  LIMITS,
  named,
  RawClient,
  routeOf,
  settingsOf,
  statusOf,
  TIMEOUTS,
  WebServer,
} from '../../../support/site-http.ts';

const GET = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
const why = (what: string) => (): string => `never: ${what}`;
const SHORT_MS = 50;
/** Where something else must happen before, on a machine that may stand still for a while. */
const LONGER_MS = 2000;

test('a server that refuses is left out for another, for requests of any kind', async (t) => {
  const good = await WebServer.open(t, 'good', async (got, response) => response.end(await text(got)));
  const dead = serverOf('dead', { port: await closedTcpPort(t) });
  const { url, front, service } = await httpStage(t, [dead, good.server]);
  for (let i = 0; i < 4; i++) t.is(await (await fetch(url, { method: 'POST', body: 'once' })).text(), 'once');
  t.true(front.counts.retries >= 1);
  t.is(front.counts.unserved, 0);
  t.is(service.active, 0);
  t.is(service.retries.retries, 0);
});

test('if no server takes the request it is answered with 502, and nothing stays counted', async (t) => {
  const dead = await Promise.all(['x', 'y', 'z', 'w'].map(async (id) => serverOf(id, { port: await closedTcpPort(t) })));
  const { front, service } = await httpStage(t, dead);
  t.is(statusOf(await exchange(t, front.port, GET)), 502);
  t.is(front.counts.retries, 2, 'three servers were tried');
  t.is(front.counts.unserved, 1);
  t.is(service.active, 0);
  t.is(service.retries.retries, 0);
});

test('a GET that was cut off before the response goes to another server, a POST does not', async (t) => {
  const cutting = await Backend.open(t, 'bad', (socket) => socket.once('data', () => socket.destroy()));
  const good = await WebServer.open(t, 'good', named('good'));
  const { front } = await httpStage(t, [cutting.server, good.server]);
  for (let i = 0; i < 2; i++) t.true((await exchange(t, front.port, GET)).endsWith('good'));
  const post = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx';
  const statuses = [statusOf(await exchange(t, front.port, post)), statusOf(await exchange(t, front.port, post))];
  t.deepEqual(statuses.toSorted(), [200, 502]);
});

test('a GET whose response broke off is not repeated', async (t) => {
  const half = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf';
  const bad = await Backend.open(t, 'bad', (socket) => socket.once('data', () => socket.end(half)));
  const { front } = await httpStage(t, [bad.server]);
  t.true((await exchange(t, front.port, GET)).endsWith('half'));
  t.is(bad.sockets.length, 1);
  t.is(front.counts.retries, 0);
});

test('a connection that its server closed while it was idle is replaced, and that counts against nobody', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { front, url } = await httpStage(t, [server.server]);
  await (await fetch(url)).text();
  server.http.closeAllConnections();
  t.is(await (await fetch(url)).text(), 'a');
  t.is(front.counts.retries, 0);
});

test('a status that a route names is tried elsewhere', async (t) => {
  const busy = await WebServer.open(t, 'busy', (_, response) => response.writeHead(503).end('busy'));
  const good = await WebServer.open(t, 'good', named('good'));
  const routes = [routeOf({ retries: { attempts: 2, onStatus: [503] } })];
  const { url, front, service } = await httpStage(t, [busy.server, good.server], { routes });
  for (let i = 0; i < 4; i++) t.is(await (await fetch(url)).text(), 'good');
  t.true(front.counts.retries >= 2);
  t.is(service.active, 0);
});

test('retries stay within the budget of the service', async (t) => {
  const servers = await Promise.all(
    ['x', 'y'].map((id) => Backend.open(t, id, (socket) => socket.once('data', () => socket.destroy()))),
  );
  const { front } = await httpStage(
    t,
    servers.map(({ server }) => server),
    {},
    { retry: { percent: 0, least: 0 } },
  );
  t.is(statusOf(await exchange(t, front.port, GET)), 502);
  t.is(front.counts.retries, 0);
});

test('a request whose server took no connection is tried elsewhere outside of the budget', async (t) => {
  const dead = serverOf('dead', { port: await closedTcpPort(t) });
  const good = await WebServer.open(t, 'good', named('good'));
  const { url, front } = await httpStage(t, [dead, good.server], {}, { retry: { percent: 0, least: 0 } });
  for (let i = 0; i < 4; i++) t.is(await (await fetch(url)).text(), 'good');
  t.true(front.counts.retries > 0);
});

test('without a server that may take it a request is answered with 503 and when to come again', async (t) => {
  const { front } = await httpStage(t, []);
  const got = await exchange(t, front.port, GET);
  t.is(statusOf(got), 503);
  t.regex(got, /retry-after: \d+\r\n/);
});

test('who finds all servers full waits for one, and no longer than the queue allows', async (t) => {
  const held: (() => void)[] = [];
  const server = await WebServer.open(t, 'a', (got, response) => held.push(() => response.end(got.url)), { maxActive: 1 });
  const { url, service } = await httpStage(t, [server.server], {}, { queue: { mostWaiting: 1, timeoutMs: 60_000 } });
  const first = fetch(`${url}/1`);
  await eventually(() => held.length === 1, why('the first'));
  const second = fetch(`${url}/2`);
  await eventually(() => service.waiting === 1, why('the second waits'));
  t.is((await fetch(`${url}/3`)).status, 503, 'no place is left');
  held[0]!();
  t.is(await (await first).text(), '/1');
  await eventually(() => held.length === 2, why('the second'));
  held[1]!();
  t.is(await (await second).text(), '/2');
});

test('a client that leaves while it waits for a server gives up its place', async (t) => {
  const server = await WebServer.open(t, 'a', () => {}, { maxActive: 1 });
  const { front, service } = await httpStage(t, [server.server], {}, { queue: { mostWaiting: 1, timeoutMs: 60_000 } });
  new RawClient(t, front.port).write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\n');
  await eventually(() => server.requests.length === 1, why('the first'));
  const second = new RawClient(t, front.port);
  second.write('GET /2 HTTP/1.1\r\nhost: a\r\n\r\n');
  await eventually(() => service.waiting === 1, why('the second waits'));
  second.socket.destroy();
  await eventually(() => service.waiting === 0 && front.active === 1, why('it left'));
  t.is(service.active, 1);
});

const timeoutTest = (
  what: string,
  key: keyof typeof TIMEOUTS,
  status: number,
  octets: string,
  answer: string | null,
  ms = SHORT_MS,
): void => {
  test(`time is over: ${what}`, async (t) => {
    const backend = await Backend.open(t, 'a', (socket) => socket.on('data', () => answer !== null && socket.write(answer)));
    const { front, service } = await httpStage(t, [backend.server], { timeouts: { ...TIMEOUTS, [key]: ms } });
    const got = await exchange(t, front.port, octets);
    t.is(statusOf(got), status);
    await eventually(() => service.active === 0 && front.active === 0, why('given back'));
  });
};

const SIZED = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf';
timeoutTest('for the head of a request', 'headMs', 408, 'GET / HTTP/1.1\r\nhost', null, LONGER_MS);
timeoutTest('for the first octet, without a word', 'headMs', 0, '', null);
timeoutTest(
  'for the next request, without a word',
  'keepAliveMs',
  404,
  'GET /none HTTP/1.1\r\nhost: a\r\n\r\n',
  'HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n',
);
timeoutTest('for the body of a request', 'bodyIdleMs', 408, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf', null);
timeoutTest('for the head of a response', 'responseMs', 504, GET, null);
timeoutTest('for the next piece of a response', 'responseIdleMs', 200, GET, SIZED);
timeoutTest('for the whole exchange, before the response', 'wholeMs', 504, GET, null);
timeoutTest('for the whole exchange, within the response', 'wholeMs', 200, GET, SIZED, LONGER_MS);

test('time is over for a connection to a server: another one is tried', async (t) => {
  const silent = serverOf('silent', { port: await fullTcpPort(t) });
  const good = await WebServer.open(t, 'good', named('good'));
  const timeouts = { ...TIMEOUTS, connectMs: SHORT_MS };
  const { url, front } = await httpStage(t, [silent, good.server], { timeouts });
  for (let i = 0; i < 2; i++) t.is(await (await fetch(url)).text(), 'good');
  t.true(front.counts.retries >= 1);
});

test('a server that cannot be reached in time, and is the only one, is answered for with 504', async (t) => {
  const silent = serverOf('silent', { port: await fullTcpPort(t) });
  const { front } = await httpStage(t, [silent], { timeouts: { ...TIMEOUTS, connectMs: SHORT_MS } });
  t.is(statusOf(await exchange(t, front.port, GET)), 504);
});

test('a body that says it is too large is refused at once, one that turns out so while it comes', async (t) => {
  const server = await WebServer.open(t, 'a', (got) => got.resume());
  const { front, service } = await httpStage(t, [server.server], { limits: { ...LIMITS, bodySize: 10 } });
  t.is(statusOf(await exchange(t, front.port, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n')), 413);
  t.is(server.requests.length, 0);
  const chunked = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n9\r\n123456789\r\n9\r\n123456789\r\n';
  t.is(statusOf(await exchange(t, front.port, chunked)), 413);
  t.is(service.active, 0);
});

test('connections beyond the limits, in all and of one client, are refused', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  for (const limit of ['mostConnections', 'mostConnectionsPerClient'] as const) {
    const { front } = await httpStage(t, [server.server], { limits: { ...LIMITS, [limit]: 1 } });
    const first = new RawClient(t, front.port);
    await once(first.socket, 'connect');
    await eventually(() => front.connections === 1, why('the first'));
    t.is(await exchange(t, front.port, GET), '');
    t.is(front.counts.refusedByLimit, 1);
    first.write(GET);
    t.is(statusOf(await first.all()), 200);
  }
});

test('a connection is closed after so many requests, and says so', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { front } = await httpStage(t, [server.server], { limits: { ...LIMITS, mostRequestsPerConnection: 2 } });
  const got = await exchange(t, front.port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(3));
  t.is(got.match(/HTTP\/1\.1 200/g)!.length, 2);
  t.is(got.match(/connection: close/g)!.length, 1);
});

test('draining answers what is under way, ends what is idle and takes nothing new', async (t) => {
  let answer = (): void => {};
  const server = await WebServer.open(t, 'a', (_, response) => {
    answer = () => response.end('late');
  });
  const { front, url } = await httpStage(t, [server.server]);
  const idle = new RawClient(t, front.port);
  await once(idle.socket, 'connect');
  const busy = new RawClient(t, front.port);
  busy.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await eventually(() => server.requests.length === 1 && front.connections === 2, why('both'));
  const drained = front.drain(300_000);
  t.is(await idle.all(), '');
  idle.socket.destroy();
  await t.throwsAsync(fetch(url));
  answer();
  const got = await busy.all();
  t.regex(got, /connection: close/);
  t.true(got.endsWith('late') || got.includes('late\r\n0\r\n'), got);
  busy.socket.destroy();
  await drained;
  t.is(front.serverConnections, 0);
});

test('a patient drain answers one more request of an idle connection and says that it was the last', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { front } = await httpStage(t, [server.server]);
  const client = new RawClient(t, front.port);
  await eventually(() => front.connections === 1, why('the connection'));
  const drained = front.drain(300_000, 300_000);
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  const got = await client.all();
  t.regex(got, /^HTTP\/1\.1 200[\s\S]*connection: close/);
  client.socket.destroy();
  await drained;
});

test('a patient drain goes on with a client that was not told in time that the connection ends', async (t) => {
  let finish = (): void => {};
  const server = await WebServer.open(t, 'a', (_, response) => {
    response.write('begun');
    finish = () => response.end();
  });
  const { front } = await httpStage(t, [server.server]);
  const client = new RawClient(t, front.port);
  let got = '';
  client.socket.on('data', (octets) => {
    got += String(octets);
  });
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await eventually(() => got.includes('begun'), why('the begin of the response'));
  const drained = front.drain(300_000, 300_000);
  finish();
  await eventually(() => got.includes('\r\n0\r\n'), why('the end of the response'));
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await eventually(() => server.requests.length === 2, why('the second request'));
  finish();
  await eventually(() => got.includes('connection: close'), why('the second response'));
  client.socket.destroy();
  await drained;
  t.is(server.requests.length, 2);
});

test('a patient drain ends a connection on which nothing more comes', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { front } = await httpStage(t, [server.server]);
  const client = new RawClient(t, front.port);
  await eventually(() => front.connections === 1, why('the connection'));
  await front.drain(300_000, SHORT_MS);
  t.is(await client.all(), '');
});

test('draining does not wait longer than it is told to', async (t) => {
  const server = await WebServer.open(t, 'a', () => {});
  const { front, service } = await httpStage(t, [server.server]);
  const client = new RawClient(t, front.port);
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await eventually(() => server.requests.length === 1, why('the request'));
  await front.drain(SHORT_MS);
  t.is(await client.all(), '');
  t.is(service.active, 0);
});

test('settings are replaced for the next request on the same connection, and what is wrong changes nothing', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { front, service } = await httpStage(t, [server.server]);
  const client = new RawClient(t, front.port);
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await client.until((got) => got.includes('a\r\n0\r\n') || got.endsWith('a'));
  const services = new Map([['web', service]]);
  const wrong = settingsOf({ routes: [routeOf({ action: { kind: 'service', service: 'none' } })] });
  t.regex((await front.replace(wrong, services))[0]!.message, /no service none/);
  const right = settingsOf({ routes: [routeOf({ action: { kind: 'respond', status: 418, body: 'new' } })] });
  t.deepEqual(await front.replace(right, services), []);
  client.write(GET);
  const got = await client.all();
  t.deepEqual(got.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 418']);
});

test('a status of 500 counts against its server, 501 and 404 do not', async (t) => {
  const failing = await WebServer.open(t, 'a', (got, response) => response.writeHead(Number(got.url!.slice(1))).end());
  const outlier = {
    consecutiveFailures: 2,
    intervalMs: 60_000,
    ejectionMs: 60_000,
    mostEjectionMs: 60_000,
    mostEjectedPercent: 100,
    leastRequests: 100,
    leastServers: 5,
    deviations: 1.9,
  };
  const other = await WebServer.open(t, 'b', named('b'));
  const balancing = {
    algorithm: { kind: 'round-robin' },
    overflowFactor: 1.4,
    panicPercent: 0,
    slowStart: { windowMs: 0, aggression: 1, floorPercent: 10 },
    outlier,
    breaker: null,
  } as const;
  const { url, service } = await httpStage(t, [failing.server, other.server], {}, { balancing });
  const isOut = (): boolean => !service.balancer.isAvailable(0, performance.now());
  for (let i = 0; i < 4; i++) await (await fetch(`${url}/501`)).text();
  for (let i = 0; i < 4; i++) await (await fetch(`${url}/404`)).text();
  t.false(isOut());
  for (let i = 0; i < 4; i++) await (await fetch(`${url}/500`)).text();
  t.true(isOut());
});

test('a client that sends its body slower than the server takes it is waited for', async (t) => {
  const server = await WebServer.open(t, 'a', async (got, response) => response.end(String((await text(got)).length)));
  const { url } = await httpStage(t, [server.server], { timeouts: { ...TIMEOUTS, responseMs: 60_000 } });
  const client = request(url, { method: 'POST' });
  for (let i = 0; i < 5; i++) {
    client.write('x'.repeat(10));
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.end();
  const [response] = await once(client, 'response');
  t.is(await text(response), '50');
});
