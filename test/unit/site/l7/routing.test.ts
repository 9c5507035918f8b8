import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { parseCidr } from '../../../../src/base/address.ts';
import type { HttpFrontSettings, HttpMatch, HttpRewrite } from '../../../../src/model/site-http.ts';
import { comparedPath, replacePrefix } from '../../../../src/site/l7/path.ts';
import { RequestHead } from '../../../../src/site/l7/request-head.ts';
import { Routes } from '../../../../src/site/l7/routes.ts';
import { balancingOf } from '../../../support/balance.ts';
import { eventually } from '../../../support/patience.ts';
import { Backend } from '../../../support/site.ts';
import {
  exchange,
  type HttpStage,
  httpStage,
  named,
  RawClient,
  routeOf,
  statusOf,
  TIMEOUTS,
  WebServer,
} from '../../../support/site-http.ts';

const EVERYTHING = routeOf().match;

function routed(matches: readonly Partial<HttpMatch>[], asked: Partial<RequestHead>): number | string {
  const plans = matches.map((match, i) => ({ route: routeOf({ id: String(i), match: { ...EVERYTHING, ...match } }) }));
  const head = Object.assign(new RequestHead(), { method: 'GET', target: '/', authority: 'a.test', ...asked });
  const plan = new Routes(plans).match(head);
  return plan === null || plan === 'bad-path' ? String(plan) : Number(plan.route.id);
}

test('the first route of which everything holds has the request', (t) => {
  const routes = [{ methods: ['POST'] }, { paths: [{ kind: 'prefix', path: '/' }] }, {}] as const;
  t.is(routed(routes, { method: 'POST' }), 0);
  t.is(routed(routes, {}), 1);
  t.is(routed([{ methods: ['POST'] }], {}), 'null');
});

test('hosts are compared without case, port and final dot', (t) => {
  const routes = [{ hosts: ['www.a.test'] }];
  for (const authority of ['www.a.test', 'WWW.A.test', 'www.a.test:8080', 'www.a.test.']) t.is(routed(routes, { authority }), 0);
  for (const authority of ['a.test', 'x.www.a.test', 'www.a.test.evil']) t.is(routed(routes, { authority }), 'null');
});

test('a wildcard is for all names below, however deep, and not for the name itself', (t) => {
  const routes = [{ hosts: ['*.a.test'] }];
  for (const authority of ['x.a.test', 'x.y.a.test']) t.is(routed(routes, { authority }), 0);
  for (const authority of ['a.test', 'xa.test']) t.is(routed(routes, { authority }), 'null');
});

test('order decides, not how closely a host is named', (t) => {
  const routes = [{ hosts: ['*.a.test'], methods: ['POST'] }, {}, { hosts: ['x.a.test'] }, { hosts: ['*.x.a.test'] }];
  t.is(routed(routes, { authority: 'x.a.test', method: 'POST' }), 0);
  t.is(routed(routes, { authority: 'x.a.test' }), 1);
  t.is(routed(routes, { authority: 'y.x.a.test', method: 'POST' }), 0);
});

test('paths: exact ones, and prefixes of whole segments', (t) => {
  const exact = [{ paths: [{ kind: 'exact', path: '/a' }] }] as const;
  t.is(routed(exact, { target: '/a?x=/b' }), 0);
  t.is(routed(exact, { target: '/a/' }), 'null');
  const prefix = [{ paths: [{ kind: 'prefix', path: '/a' }] }] as const;
  for (const target of ['/a', '/a/', '/a/b', '/a?q', '/%61/b', '/x/../a']) t.is(routed(prefix, { target }), 0, target);
  for (const target of ['/ab', '/', '/a/../b', '/A']) t.is(routed(prefix, { target }), 'null', target);
});

test('headers and cookies, with any value or with one', (t) => {
  const routes = [
    { headers: [{ name: 'x-beta', value: '1' }] },
    { cookies: [{ name: 'who', value: null }] },
    { headers: [{ name: 'host', value: 'b.test' }] },
  ];
  t.is(routed(routes, { fields: ['x-beta', '1'] }), 0);
  t.is(routed(routes, { fields: ['x-beta', '2'] }), 'null');
  t.is(routed(routes, { cookie: 'a=1; who=me' }), 1);
  t.is(routed(routes, { cookie: 'whoever=me' }), 'null');
  t.is(routed(routes, { authority: 'b.test' }), 2);
});

test('paths are compared as servers will understand them', (t) => {
  for (const [path, compared] of [
    ['/a/./b/../c', '/a/c'],
    ['/a//b', '/a/b'],
    ['/a/..', '/'],
    ['/a/.', '/a/'],
    ['/%7Euser/%41', '/~user/A'],
    ['/a%20b%3f', '/a%20b%3F'],
    ['/..', null],
    ['/a/%2e%2e/%2E%2e/b', null],
    ['/a%2fb', null],
    ['/a\\b', null],
    ['/%zz', null],
    ['/%00', null],
  ] as const) {
    t.is(comparedPath(path), compared, path);
  }
});

test('another prefix takes the place of one, whole segments', (t) => {
  t.is(replacePrefix('/api/v1/x?y', '/api', '/'), '/v1/x?y');
  t.is(replacePrefix('/api', '/api', '/'), '/');
  t.is(replacePrefix('/api?y', '/api', '/new'), '/new?y');
  t.is(replacePrefix('/', '/', '/new/'), '/new/');
  t.is(replacePrefix('/x', '/', '/new'), '/new/x');
  t.is(replacePrefix('/apix', '/api', '/new'), '/apix');
});

test('path, host and headers are rewritten on the way there, and headers on the way back', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    response.setHeader('server', 'secret');
    response.setHeader('x-kept', '1');
    response.end(JSON.stringify([got.url, got.headers.host, got.headers['x-new'], got.headers['x-old'], got.headers['cookie']]));
  });
  const rewrite: HttpRewrite = {
    path: { from: '/api', to: '/v2' },
    host: 'inner.test',
    request: { remove: ['x-old', 'cookie'], set: [{ name: 'x-new', value: 'set' }], add: [{ name: 'x-new', value: 'added' }] },
    response: { remove: ['server'], set: [{ name: 'x-frame-options', value: 'DENY' }], add: [] },
  };
  const { url } = await httpStage(t, [server.server], { routes: [routeOf({ rewrite })] });
  const response = await fetch(`${url}/api/x?y`, { headers: { 'x-old': '1', 'x-new': 'sent', cookie: 'a=1' } });
  t.deepEqual(await response.json(), ['/v2/x?y', 'inner.test', 'set, added', null, null]);
  t.is(response.headers.get('server'), null);
  t.is(response.headers.get('x-kept'), '1');
  t.is(response.headers.get('x-frame-options'), 'DENY');
});

test('redirects and fixed responses need no server', async (t) => {
  const location = 'https://{host}{target}';
  const routes = [
    routeOf({ match: { ...EVERYTHING, hosts: ['old.test'] }, action: { kind: 'redirect', status: 308, location } }),
    routeOf({ action: { kind: 'respond', status: 200, body: 'fixed' } }),
  ];
  const { front } = await httpStage(t, [], { routes });
  const got = await exchange(t, front.port, 'GET /x?y HTTP/1.1\r\nhost: Old.test:8080\r\nconnection: close\r\n\r\n');
  t.is(statusOf(got), 308);
  t.regex(got, /\r\nlocation: https:\/\/old\.test\/x\?y\r\n/);
  t.true((await exchange(t, front.port, 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).endsWith('fixed'));
});

test('what a trusted proxy says of a client is passed on, with the proxy itself at its end', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const forwarding = { trustedProxies: [parseCidr('127.0.0.0/8')!], xForwarded: true, forwarded: true };
  const { front } = await httpStage(t, [server.server], { forwarding });
  const said = 'X-Forwarded-For: 203.0.113.9, 2001:db8::1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: w.test\r\n';
  await exchange(t, front.port, `GET / HTTP/1.1\r\nhost: a\r\n${said}Forwarded: for=6.6.6.6\r\nconnection: close\r\n\r\n`);
  const { headers } = server.requests[0]!;
  t.is(headers['x-forwarded-for'], '203.0.113.9, 2001:db8::1, 127.0.0.1');
  t.is(headers['x-forwarded-proto'], 'https');
  t.is(headers['x-forwarded-host'], 'w.test');
  t.is(headers['forwarded'], 'for=203.0.113.9, for="[2001:db8::1]", for=127.0.0.1;host="w.test";proto=https');
});

test('with Forwarded alone, it is what is believed and continued, and X-Forwarded fields are dropped', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const forwarding = { trustedProxies: [parseCidr('127.0.0.0/8')!], xForwarded: false, forwarded: true };
  const { front } = await httpStage(t, [server.server], { forwarding });
  const said = 'Forwarded: for="[2001:db8::1]:99";proto=https\r\nX-Forwarded-For: 6.6.6.6\r\n';
  await exchange(t, front.port, `GET / HTTP/1.1\r\nhost: a\r\n${said}connection: close\r\n\r\n`);
  const { headers } = server.requests[0]!;
  t.is(headers['forwarded'], 'for="[2001:db8::1]:99";proto=https, for=127.0.0.1;host="a";proto=http');
  t.is(headers['x-forwarded-for'], undefined);
});

test('hashing goes by the client behind a trusted proxy, by the last address that is none', async (t) => {
  const servers = await Promise.all(['a', 'b', 'c', 'd'].map((id) => WebServer.open(t, id, named(id))));
  const forwarding = {
    trustedProxies: [parseCidr('127.0.0.0/8')!, parseCidr('10.0.0.0/8')!],
    xForwarded: true,
    forwarded: false,
  };
  const { url } = await httpStage(
    t,
    servers.map(({ server }) => server),
    { forwarding },
    { balancing: balancingOf({ kind: 'ip-hash' }) },
  );
  const ask = async (chain: string): Promise<string> => (await fetch(url, { headers: { 'x-forwarded-for': chain } })).text();
  const clients = Array.from({ length: 20 }, (_, i) => `198.51.100.${i}`);
  const direct = await Promise.all(clients.map(ask));
  t.deepEqual(await Promise.all(clients.map((client) => ask(`6.6.6.6, ${client}, 10.1.2.3`))), direct);
  t.true(new Set(direct).size > 1);
});

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ASK_UPGRADE = `GET /chat HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: keep-alive, Upgrade\r\nsec-websocket-key: ${KEY}\r\n\r\n`;
const accept = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

async function webSocketStage(t: ExecutionContext, front: Partial<HttpFrontSettings> = {}): Promise<HttpStage> {
  const server = await WebServer.open(t, 'a', (got, response) => response.end(`no change: ${got.headers.upgrade}`));
  server.http.on('upgrade', (_, socket) => {
    socket.on('error', () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\nhello`,
    );
    socket.pipe(socket);
    t.teardown(() => socket.destroy());
  });
  return httpStage(t, [server.server], front);
}

test('a tunnel: octets pass both ways after 101, also those sent with it and ahead of it', async (t) => {
  const { front, service } = await webSocketStage(t);
  const client = new RawClient(t, front.port);
  client.write(`${ASK_UPGRADE}early`);
  const got = await client.until((text) => text.includes('early'));
  t.is(statusOf(got), 101);
  t.true(got.toLowerCase().includes(`sec-websocket-accept: ${accept.toLowerCase()}`));
  t.true(got.endsWith('\r\n\r\nhelloearly'), got);
  client.write('more');
  await client.until((text) => text.endsWith('more'));
  t.is(service.active, 1);
  t.is(front.counts.tunnels, 1);
  client.socket.end();
  await eventually(
    () => service.active === 0 && front.active === 0,
    () => 'never given back',
  );
});

test('a tunnel on which nothing moves is closed', async (t) => {
  const { front, service } = await webSocketStage(t, { timeouts: { ...TIMEOUTS, tunnelIdleMs: 50 } });
  t.is(statusOf(await exchange(t, front.port, ASK_UPGRADE)), 101);
  await eventually(
    () => service.active === 0 && front.active === 0,
    () => 'never given back',
  );
});

test('a tunnel whose server is reset is closed for the client', async (t) => {
  const answer = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n';
  const backend = await Backend.open(t, 'a', (socket) => socket.once('data', () => socket.write(answer)));
  const { front, service } = await httpStage(t, [backend.server]);
  const client = new RawClient(t, front.port);
  client.write(ASK_UPGRADE);
  await client.until((text) => text.includes('101'));
  backend.sockets[0]!.resetAndDestroy();
  t.is(statusOf(await client.all()), 101);
  await eventually(
    () => service.active === 0,
    () => 'never given back',
  );
});

test('where a route does not allow it, Upgrade is removed', async (t) => {
  const { front } = await webSocketStage(t, { routes: [routeOf({ upgrade: false })] });
  const client = new RawClient(t, front.port);
  client.write(ASK_UPGRADE);
  t.true((await client.until((text) => text.includes('undefined'))).includes('no change: undefined'));
});
