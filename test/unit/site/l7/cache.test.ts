import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, request } from 'node:http';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { readPurge } from '../../../../src/site/l7/cache/purge.ts';
import { eventually } from '../../../support/patience.ts';
import { httpStage, routeOf, settingsOf, WebServer } from '../../../support/site-http.ts';

interface Shop {
  readonly url: string;
  readonly server: WebServer;
  readonly front: Awaited<ReturnType<typeof httpStage>>['front'];
  readonly service: Awaited<ReturnType<typeof httpStage>>['service'];
  /** Status, body, and the fields that caches write and read. */
  ask(
    path: string,
    headers?: Record<string, string>,
    method?: string,
  ): Promise<{ status: number; body: string; age: string | null }>;
}

async function shop(t: ExecutionContext, serve: RequestListener, cache = {}): Promise<Shop> {
  const server = await WebServer.open(t, 'a', serve);
  const { front, service, url } = await httpStage(t, [server.server], {
    routes: [routeOf({ cache: true })],
    cache: { size: 1_000_000, mostBodySize: 100_000, ...cache },
  });
  return {
    url,
    server,
    front,
    service,
    ask: async (path, headers = {}, method = 'GET') => {
      // Not by fetch, which has rules of its own for caches.
      const asking = request(`${url}${path}`, { headers, method, agent: false }).end();
      asking.on('error', () => {}); // of a response that breaks off: its reader is told
      const [got] = (await once(asking, 'response')) as [IncomingMessage];
      return { status: got.statusCode!, body: await text(got), age: got.headers.age ?? null };
    },
  };
}

/** Answers with how often it was asked, and these fields. */
const counting = (fields: Record<string, string | string[]>, status = 200): RequestListener => {
  let count = 0;
  return (_, response) => response.writeHead(status, fields).end(String(++count));
};

test('a fresh response is given again, with its age, to GET and HEAD, without asking the server', async (t) => {
  const { ask, server, front } = await shop(t, counting({ 'cache-control': 'max-age=1000', age: '30' }));
  t.is((await ask('/a')).body, '1');
  const again = await ask('/a');
  t.is(again.body, '1');
  t.true(Number(again.age) >= 30, String(again.age));
  t.deepEqual(await ask('/a', {}, 'HEAD').then(({ status, body }) => [status, body]), [200, '']);
  t.is((await ask('/a?b')).body, '2');
  t.is(server.requests.length, 2);
  t.is(front.counts.cacheHits, 2);
});

/** Why it is not stored -> the fields of the response and of the request. */
const NEVER: Record<string, readonly [Record<string, string | string[]>, Record<string, string>]> = {
  'it says no-store': [{ 'cache-control': 'no-store, max-age=100' }, {}],
  'it is private': [{ 'cache-control': 'private, max-age=100' }, {}],
  'it must be asked about, and cannot': [{ 'cache-control': 'no-cache' }, {}],
  'it has no age and nothing to guess one from': [{}, {}],
  'it sets a cookie': [{ 'cache-control': 'public, max-age=100', 'set-cookie': ['a=b'] }, {}],
  'the request was authorised': [{ 'cache-control': 'max-age=100' }, { authorization: 'Basic eDp5' }],
  'the request says no-store': [{ 'cache-control': 'max-age=100' }, { 'cache-control': 'no-store' }],
  'it varies by everything': [{ 'cache-control': 'max-age=100', vary: '*' }, {}],
  'a range of it was asked for': [{ 'cache-control': 'max-age=100' }, { range: 'bytes=0-0' }],
  'it is too old already': [{ 'cache-control': 'max-age=100', age: '100' }, {}],
};

for (const [why, [fields, headers]] of Object.entries(NEVER)) {
  test(`a response is not given to anybody else: ${why}`, async (t) => {
    const { ask, front } = await shop(t, counting(fields));
    t.deepEqual([(await ask('/', headers)).body, (await ask('/', headers)).body], ['1', '2']);
    t.is((await ask('/')).body, '3');
    t.is(front.counts.cacheHits, 0);
  });
}

test('an authorised response that is public is for everybody', async (t) => {
  const { ask } = await shop(t, counting({ 'cache-control': 'public, max-age=100' }));
  t.deepEqual([(await ask('/', { authorization: 'Basic eDp5' })).body, (await ask('/')).body], ['1', '1']);
});

test('a response that varies is for requests that are alike in that', async (t) => {
  const { ask } = await shop(t, counting({ 'cache-control': 'max-age=100', vary: 'Accept-Language, X-Kind' }));
  const of = async (language: string, kind?: string): Promise<string> =>
    (await ask('/', { 'accept-language': language, ...(kind === undefined ? {} : { 'x-kind': kind }) })).body;
  t.deepEqual([await of('de'), await of('fr'), await of('de'), await of('fr'), await of('de', '1')], ['1', '2', '1', '2', '3']);
});

test('a stale response is asked about, and given again if it still holds', async (t) => {
  const asked: (string | undefined)[] = [];
  const { ask, front } = await shop(t, (got, response) => {
    asked.push(got.headers['if-none-match']);
    const isSame = got.headers['if-none-match'] === '"1"';
    response.writeHead(isSame ? 304 : 200, { 'cache-control': 'max-age=1, stale-if-error=1000', age: '1', etag: '"1"' });
    response.end(isSame ? undefined : 'body');
  });
  t.deepEqual([(await ask('/')).body, (await ask('/')).body, (await ask('/')).status], ['body', 'body', 200]);
  t.deepEqual(asked, [undefined, '"1"', '"1"']);
  t.is(front.counts.cacheRevalidated, 2);
});

test('a client that has the response is told so, by its tag or by its date', async (t) => {
  const { ask, server } = await shop(t, (_, response) =>
    response
      .writeHead(200, { 'cache-control': 'max-age=100', etag: 'W/"x"', 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT' })
      .end('body'),
  );
  await ask('/');
  t.is((await ask('/', { 'if-none-match': '"y", "x"' })).status, 304);
  t.is((await ask('/', { 'if-none-match': '"y"' })).status, 200);
  t.is((await ask('/', { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' })).status, 304);
  t.is((await ask('/', { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:36 GMT' })).status, 200);
  t.is(server.requests.length, 1);
});

test('while the server fails, or is gone, what it allowed for that case is given', async (t) => {
  let status = 200;
  const { ask, server, front } = await shop(t, (_, response) =>
    response.writeHead(status, { 'cache-control': 'max-age=1, stale-if-error=1000', age: '1' }).end(`body ${status}`),
  );
  t.is((await ask('/')).body, 'body 200');
  status = 503;
  t.deepEqual(await ask('/').then(({ status: got, body }) => [got, body]), [200, 'body 200']);
  server.http.close();
  server.http.closeAllConnections();
  t.deepEqual(await ask('/').then(({ status: got, body }) => [got, body]), [200, 'body 200']);
  t.is(front.counts.cacheStale, 2);
  t.is((await ask('/other')).status, 502);
});

test('many clients that ask for the same at once cost one request', async (t) => {
  let answer = (): void => {};
  const { ask, server, front } = await shop(t, (_, response) => {
    answer = () => response.writeHead(200, { 'cache-control': 'max-age=100' }).end('body');
  });
  const all = Array.from({ length: 10 }, () => ask('/'));
  await eventually(
    () => front.counts.cacheCollapsed === 9 && server.requests.length === 1,
    () => `${front.counts.cacheCollapsed} wait`,
  );
  answer();
  t.deepEqual(new Set((await Promise.all(all)).map(({ body }) => body)), new Set(['body']));
  t.is(server.requests.length, 1);
  t.is(front.active, 0);
});

test('who waited for a response that is for one client only asks too, and so do others from then on', async (t) => {
  const held: (() => void)[] = [];
  const { ask, server, front } = await shop(t, (_, response) => {
    held.push(() => response.writeHead(200, { 'cache-control': 'private' }).end(String(held.length)));
  });
  const all = [ask('/'), ask('/')];
  await eventually(
    () => front.counts.cacheCollapsed === 1 && held.length === 1,
    () => 'nobody waits',
  );
  held[0]!();
  await eventually(
    () => server.requests.length === 2,
    () => 'the second was never asked',
  );
  all.push(ask('/'));
  await eventually(
    () => server.requests.length === 3,
    () => 'the third waits for the second',
  );
  for (const answer of held.slice(1)) answer();
  t.deepEqual(
    (await Promise.all(all)).map(({ status }) => status),
    [200, 200, 200],
  );
  t.is(front.active, 0);
});

test('if the client leaves whose request others wait for, one of them asks in its place', async (t) => {
  const held: (() => void)[] = [];
  const { ask, url, front } = await shop(t, (_, response) => {
    held.push(() => response.writeHead(200, { 'cache-control': 'max-age=100' }).end('body'));
  });
  const leaver = new AbortController();
  const left = fetch(url, { signal: leaver.signal }).catch(() => {});
  await eventually(
    () => held.length === 1,
    () => 'never asked',
  );
  const others = [ask('/'), ask('/')];
  await eventually(
    () => front.counts.cacheCollapsed === 2,
    () => 'nobody waits',
  );
  leaver.abort();
  await left;
  await eventually(
    () => held.length === 2,
    () => 'nobody asked in its place',
  );
  held[1]!();
  t.deepEqual(
    (await Promise.all(others)).map(({ body }) => body),
    ['body', 'body'],
  );
});

test('what is stored has a bound, and so has each response', async (t) => {
  const { ask, server } = await shop(
    t,
    (got, response) => response.writeHead(200, { 'cache-control': 'max-age=100' }).end('x'.repeat(Number(got.url!.slice(1)))),
    { size: 30_000, mostBodySize: 10_000 },
  );
  for (const size of [9000, 9001, 9002]) await ask(`/${size}`);
  t.is(server.requests.length, 3);
  await ask('/9001');
  await ask('/9002');
  t.is(server.requests.length, 3, 'the last ones are there');
  await ask('/9000');
  t.is(server.requests.length, 4, 'the first one has gone');
  await ask('/10001');
  await ask('/10001');
  t.is(server.requests.length, 6, 'too large');
});

test('a request that may change things, and other routes, end what was stored', async (t) => {
  const { ask, front, service } = await shop(t, counting({ 'cache-control': 'max-age=100' }));
  t.is((await ask('/')).body, '1');
  await ask('/', {}, 'POST');
  t.is((await ask('/')).body, '3');
  const routes = [routeOf({ cache: true, id: 'other' })];
  t.deepEqual(await front.replace(settingsOf({ routes }), new Map([['web', service]])), []);
  t.is((await ask('/')).body, '4');
});

test('a response that broke off is not stored', async (t) => {
  let isWhole = false;
  const { ask } = await shop(t, (_, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=100', 'content-length': '4' });
    if (isWhole) response.end('body');
    else response.write('bo', () => response.destroy());
  });
  await t.throwsAsync(ask('/'));
  isWhole = true;
  t.is((await ask('/')).body, 'body');
});

test('a purge takes out what it means, by host and path with query, and nothing else', async (t) => {
  const { ask, front } = await shop(t, counting({ 'cache-control': 'max-age=1000' }));
  const host = { host: 'WWW.example.org:8080' };
  const bodies = async (): Promise<string[]> =>
    Promise.all(['/a', '/a?b', '/b/c'].map(async (path) => (await ask(path, host)).body));
  const first = await bodies();
  t.deepEqual(await bodies(), first);
  t.deepEqual(front.purge(readPurge('other.example.org/*')!), { purged: 0, left: 3 });
  t.deepEqual(front.purge(readPurge('http://www.EXAMPLE.org/a')!), { purged: 1, left: 2 });
  const [a, ...others] = await bodies();
  t.not(a, first[0]);
  t.deepEqual(others, first.slice(1));
  t.deepEqual(front.purge(readPurge('*/a*')!), { purged: 2, left: 1 });
  t.deepEqual(front.purge(readPurge('*')!), { purged: 1, left: 0 });
});

test('what is on its way from the server during a purge is given to who asked, and not stored', async (t) => {
  const held: (() => void)[] = [];
  const { ask, front, server } = await shop(t, (_, response) => {
    const number = String(held.length + 1);
    response.writeHead(200, { 'cache-control': 'max-age=1000' }).write('number ');
    held.push(() => response.end(number));
  });
  const first = ask('/a');
  await eventually(
    () => held.length === 1,
    () => 'the server was not asked',
  );
  t.deepEqual(front.purge(readPurge('*')!), { purged: 0, left: 0 });
  held[0]!();
  t.is((await first).body, 'number 1');
  const second = ask('/a');
  await eventually(
    () => held.length === 2,
    () => 'the server was not asked again',
  );
  held[1]!();
  t.is((await second).body, 'number 2');
  t.is((await ask('/a')).body, 'number 2');
  t.is(server.requests.length, 2);
});
