import { once } from 'node:events';
import { request } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import test from 'ava';
import type { HttpCompression, HttpStickiness } from '../../../../src/model/site-http.ts';
import { balancingOf } from '../../../support/balance.ts';
import { eventually } from '../../../support/patience.ts';
import { httpStage, named, RawClient, routeOf, settingsOf, WebServer } from '../../../support/site-http.ts';

const COOKIE: HttpStickiness = {
  kind: 'cookie',
  name: 'site',
  secrets: [Buffer.from('0123456789abcdef')],
  maxAgeSec: 3600,
  secure: true,
  sameSite: 'Lax',
};

test('a cookie keeps a client with its server, and is set once', async (t) => {
  const servers = await Promise.all(['a', 'b', 'c'].map((id) => WebServer.open(t, id, named(id))));
  const { url } = await httpStage(
    t,
    servers.map(({ server }) => server),
    { routes: [routeOf({ stickiness: COOKIE })] },
  );
  const first = await fetch(url);
  const name = await first.text();
  const [set] = first.headers.getSetCookie();
  t.regex(set!, /^site=[\w-]{22}; Path=\/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax$/);
  const cookie = set!.split(';')[0]!;
  for (let i = 0; i < 5; i++) {
    const next = await fetch(url, { headers: { cookie: `other=1; ${cookie}` } });
    t.is(await next.text(), name);
    t.deepEqual(next.headers.getSetCookie(), []);
  }
});

test('a request that goes where its cookie says is as much load as any other', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { url, service } = await httpStage(t, [server.server], { routes: [routeOf({ stickiness: COOKIE })] });
  const cookie = (await fetch(url)).headers.getSetCookie()[0]!.split(';')[0]!;
  for (let i = 0; i < 3; i++) await (await fetch(url, { headers: { cookie } })).text();
  t.is(service.begun, 4);
});

test('a cookie of nobody, or of a server that is down, leads to another server and a new cookie', async (t) => {
  const servers = await Promise.all(['a', 'b'].map((id) => WebServer.open(t, id, named(id))));
  const { url, service } = await httpStage(
    t,
    servers.map(({ server }) => server),
    { routes: [routeOf({ stickiness: COOKIE })] },
  );
  t.is((await fetch(url, { headers: { cookie: 'site=forged' } })).headers.getSetCookie().length, 1);
  const first = await fetch(url);
  const name = await first.text();
  const cookie = first.headers.getSetCookie()[0]!.split(';')[0]!;
  service.balancer.setUp(name === 'a' ? 0 : 1, false);
  const moved = await fetch(url, { headers: { cookie } });
  t.is(await moved.text(), name === 'a' ? 'b' : 'a');
  t.is(moved.headers.getSetCookie().length, 1);
});

test('a cookie that was signed with an older secret is still believed', async (t) => {
  const servers = await Promise.all(['a', 'b', 'c'].map((id) => WebServer.open(t, id, named(id))));
  const { url, front, service } = await httpStage(
    t,
    servers.map(({ server }) => server),
    { routes: [routeOf({ stickiness: COOKIE })] },
  );
  const first = await fetch(url);
  const name = await first.text();
  const cookie = first.headers.getSetCookie()[0]!.split(';')[0]!;
  const changed = { ...COOKIE, secrets: [Buffer.from('fedcba9876543210'), ...COOKIE.secrets] };
  const routes = [routeOf({ stickiness: changed })];
  t.deepEqual(await front.replace(settingsOf({ routes }), new Map([['web', service]])), []);
  for (let i = 0; i < 4; i++) t.is(await (await fetch(url, { headers: { cookie } })).text(), name);
});

test('a cookie of the application, or a header, is the key of a hashing algorithm', async (t) => {
  const servers = await Promise.all(['a', 'b', 'c'].map((id) => WebServer.open(t, id, named(id))));
  const only = servers.map(({ server }) => server);
  const balancing = balancingOf({ kind: 'ip-hash' });
  for (const [stickiness, headers] of [
    [{ kind: 'hash-cookie', name: 'session' }, (i: number) => ({ cookie: `session=${i}` })],
    [{ kind: 'hash-header', name: 'x-user' }, (i: number) => ({ 'x-user': String(i) })],
  ] as const) {
    const { url } = await httpStage(t, only, { routes: [routeOf({ stickiness })] }, { balancing });
    const ask = async (i: number): Promise<string> => (await fetch(url, { headers: headers(i) })).text();
    const users = Array.from({ length: 12 }, (_, i) => i);
    const first = await Promise.all(users.map(ask));
    t.deepEqual(await Promise.all(users.map(ask)), first);
    t.is(new Set(first).size, 3);
  }
});

test('who asks too often is told when to come again, and others are not', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const rateLimit = { requests: 2, windowSec: 3600, by: { kind: 'header', name: 'x-user' }, shared: null } as const;
  const routes = [routeOf({ rateLimit })];
  const { url, front, service } = await httpStage(t, [server.server], { routes });
  const ask = (user: string): Promise<Response> => fetch(url, { headers: { 'x-user': user } });
  t.deepEqual([(await ask('1')).status, (await ask('1')).status], [200, 200]);
  const refused = await ask('1');
  t.is(refused.status, 429);
  const waitSec = Number(refused.headers.get('retry-after'));
  t.true(waitSec > 0 && waitSec <= 3600, String(waitSec));
  t.is((await ask('2')).status, 200);
  t.is(front.counts.rateLimited, 1);
  await front.replace(settingsOf({ routes }), new Map([['web', service]]));
  t.is((await ask('1')).status, 429, 'a reload forgets nothing');
});

test('a rate limit by client counts all that one network asks', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const rateLimit = { requests: 1, windowSec: 3600, by: { kind: 'client' }, shared: null } as const;
  const { url } = await httpStage(t, [server.server], { routes: [routeOf({ rateLimit })] });
  t.deepEqual([(await fetch(url)).status, (await fetch(url)).status], [200, 429]);
});

const COMPRESSION: HttpCompression = { encodings: ['br', 'gzip'], types: ['text/html'], leastSize: 100 };
const PAGE = '<p>the same words again and again</p>\n'.repeat(20_000);

async function compressed(
  t: Parameters<typeof httpStage>[0] & Parameters<typeof WebServer.open>[0],
  accept: string,
  fields: Record<string, string> = {},
  body = PAGE,
): Promise<{ readonly headers: NodeJS.Dict<string | string[]>; readonly body: Buffer }> {
  const server = await WebServer.open(t, 'a', (_, response) => {
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      etag: '"1"',
      'content-length': body.length,
      ...fields,
    });
    response.end(body);
  });
  const { url } = await httpStage(t, [server.server], { routes: [routeOf({ compression: COMPRESSION })] });
  const [response] = await once(request(url, { headers: { 'accept-encoding': accept } }).end(), 'response');
  return { headers: response.headers, body: await buffer(response) };
}

test('a response is compressed as the client and the route like it best', async (t) => {
  const br = await compressed(t, 'gzip, deflate, br');
  t.is(br.headers['content-encoding'], 'br');
  t.is(br.headers['content-length'], undefined);
  t.is(br.headers['etag'], 'W/"1"');
  t.is(br.headers['vary'], 'accept-encoding');
  t.is(brotliDecompressSync(br.body).toString(), PAGE);
  const gzip = await compressed(t, 'br;q=0, *');
  t.is(gzip.headers['content-encoding'], 'gzip');
  t.is(gunzipSync(gzip.body).toString(), PAGE);
});

test('what is small, of another type, compressed already or not to be changed stays as it is', async (t) => {
  for (const [accept, fields, body] of [
    ['identity', {}, PAGE],
    ['br', {}, 'small'],
    ['br', { 'content-type': 'image/png' }, PAGE],
    ['br', { 'content-encoding': 'zstd' }, PAGE],
    ['br', { 'cache-control': 'no-transform' }, PAGE],
  ] as const) {
    const got = await compressed(t, accept, fields, body);
    t.is(got.body.toString(), body);
    t.is(got.headers['etag'], '"1"');
    t.is(got.headers['vary'], 'accept-encoding');
  }
});

test('a page that is made slowly appears as it is made, compressed or not', async (t) => {
  let goOn = (): void => {};
  const server = await WebServer.open(t, 'a', (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.write('first ');
    goOn = () => response.end('last');
  });
  const { url } = await httpStage(t, [server.server], { routes: [routeOf({ compression: COMPRESSION })] });
  const [response] = await once(request(url, { headers: { 'accept-encoding': 'gzip' } }).end(), 'response');
  const pieces: Buffer[] = [];
  response.on('data', (piece: Buffer) => pieces.push(piece));
  const ended = once(response, 'end');
  await once(response, 'data');
  goOn();
  await ended;
  t.is(gunzipSync(Buffer.concat(pieces)).toString(), 'first last');
});

test('a client that leaves a compressed response, and a server that breaks one off, leave nothing behind', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.write(PAGE);
    if (got.url === '/broken') response.socket!.destroySoon();
  });
  const { front, service } = await httpStage(t, [server.server], { routes: [routeOf({ compression: COMPRESSION })] });
  const client = new RawClient(t, front.port);
  client.write('GET / HTTP/1.1\r\nhost: a\r\naccept-encoding: br\r\n\r\n');
  await client.until((got) => got.includes('200'));
  client.socket.destroy();
  const broken = request(`http://127.0.0.1:${front.port}/broken`, { headers: { 'accept-encoding': 'br' } });
  broken.on('error', () => {});
  broken.end();
  const [response] = await once(broken, 'response');
  await t.throwsAsync(text(response));
  await eventually(
    () => front.active === 0 && service.active === 0,
    () => 'never given back',
  );
});

test('the cookie of ours is not for servers, and one that nobody signed is counted', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => response.end(String(got.headers.cookie)));
  const { url, front } = await httpStage(t, [server.server], { routes: [routeOf({ stickiness: COOKIE })] });
  const first = await fetch(url);
  t.is(await first.text(), 'undefined');
  const cookie = first.headers.getSetCookie()[0]!.split(';')[0]!;
  t.is(await (await fetch(url, { headers: { cookie: `x=1; ${cookie}; y=2` } })).text(), 'x=1; y=2');
  t.is(await (await fetch(url, { headers: { cookie } })).text(), 'undefined');
  t.is(front.counts.forgedCookies, 0);
  t.is(await (await fetch(url, { headers: { cookie: 'site=forged; sitex=3' } })).text(), 'sitex=3');
  t.is(front.counts.forgedCookies, 1);
});
