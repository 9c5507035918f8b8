// Requests as tired operators and attackers send them: every refusal has a code and says what is allowed, and nothing changes.

import { connect } from 'node:net';
import test from 'ava';
import type { Mesh } from '../../../src/model/mesh.ts';
import { adminStage, TOKENS } from '../../support/admin.ts';

const VIEWER = { authorization: `Bearer ${TOKENS.viewer}` };
const ADMIN = { authorization: `Bearer ${TOKENS.admin}` };

test('a path that takes other methods says which, with names in it too; HEAD is as GET; slashes too many are no path', async (t) => {
  const { app } = await adminStage(t, '192.0.2.1');
  const ask = async (method: 'POST' | 'GET' | 'HEAD' | 'OPTIONS' | 'TRACE' | 'PATCH' | 'DELETE', url: string) => {
    const { statusCode, headers, body } = await app.inject({ method, url, headers: VIEWER });
    return [statusCode, headers['allow'] ?? null, body === '' ? null : (JSON.parse(body) as { code?: string }).code];
  };
  t.deepEqual(await ask('POST', '/v1/status'), [405, 'GET, HEAD', 'ERR_API_METHOD']);
  t.deepEqual(await ask('DELETE', '/v1/zones/example.test'), [405, 'GET, HEAD', 'ERR_API_METHOD']);
  t.deepEqual(await ask('PATCH', '/v1/zones/example.test/file'), [405, 'GET, HEAD, PUT', 'ERR_API_METHOD']);
  t.deepEqual(await ask('OPTIONS', '/v1/members/web/tokyo'), [405, 'GET, HEAD', 'ERR_API_METHOD']);
  t.deepEqual(await ask('GET', '/v1/drain'), [405, 'POST', 'ERR_API_METHOD']);
  t.deepEqual((await ask('TRACE', '/v1/status')).slice(0, 2), [405, 'GET, HEAD']);
  t.deepEqual((await ask('HEAD', '/v1/status'))[0], 200);
  for (const url of ['/v1/status/', '//v1/status', '/v1//status', '/v1', '/v1/nothing', '/v2/status', '/V1/status']) {
    t.deepEqual(await ask('GET', url), [404, null, 'ERR_API_NOT_FOUND'], url);
  }
});

test('paths and queries that are no text, climb out or are endless are refused in the one form of errors', async (t) => {
  const { app } = await adminStage(t, '192.0.2.1');
  const urls = [
    '/v1/zones/%zz',
    '/v1/zones/%ff%fe',
    '/v1/zones/..%2f..%2fetc%2fpasswd',
    '/v1/zones/%00/file',
    `/v1/zones/${'a'.repeat(5000)}`,
    '/v1/members/..%2f..',
    '/v1/explain?name=www.example.test&client=1.2.3.4&client=5.6.7.8',
    '/v1/explain?name=__proto__&client=__proto__',
    '/v1/overrides?limit=0',
    '/v1/overrides?limit=1e9',
    '/v1/overrides?limit=-1',
    '/v1/overrides?limit=10.5',
    '/v1/overrides?after=nobody',
    '/v1/audit?before=99999999999999999999',
    '/v1/events?limit=NaN',
    '/v1/status?unknown[a]=b',
  ];
  for (const url of urls) {
    const { statusCode, headers, body } = await app.inject({ url, headers: ADMIN });
    const isWell = statusCode === 200 && url.startsWith('/v1/status');
    t.true(isWell || (statusCode >= 400 && statusCode < 500), `${url}: ${statusCode} ${body.slice(0, 200)}`);
    if (isWell) continue;
    t.is(headers['content-type'], 'application/problem+json', url);
    t.regex((JSON.parse(body) as { code: string }).code, /^ERR_/, body);
  }
});

test('fields of the wrong type, too large, unknown or of many lines are each named, and nothing is ordered', async (t) => {
  const { app, plane } = await adminStage(t, '192.0.2.1');
  const good = { action: 'down', what: 'web/tokyo', reason: 'a test' };
  const bad: readonly (readonly [object | string, RegExp])[] = [
    [{ ...good, what: 7 }, /^body\.what/],
    [{ ...good, what: ['web/tokyo'] }, /^body\.what/],
    [{ ...good, what: null }, /^body\.what/],
    [{ ...good, action: 'DOWN' }, /^body\.action/],
    [{ ...good, forSec: 1e300 }, /^body\.forSec/],
    [{ ...good, forSec: 0 }, /^body\.forSec/],
    [{ ...good, forSec: -5 }, /^body\.forSec/],
    [{ ...good, forSec: 1.5 }, /^body\.forSec/],
    [{ ...good, forSec: '60' }, /^body\.forSec/],
    [{ ...good, expiresMs: 1 }, /^body\.expiresMs/],
    [{ ...good, reason: 'two\nlines' }, /^body\.reason/],
    [{ ...good, reason: '\u0000' }, /^body\.reason/],
    [{ ...good, reason: '\u202eright to left' }, /^body\.reason/],
    [{ ...good, reason: 'x'.repeat(50_000) }, /^body\.reason/],
    [{ ...good, reason: '' }, /^body\.reason/],
    [{ ...good, breakGlass: 'yes' }, /^body\.breakGlass/],
    [[good], /^body/],
    ['null', /^body/],
    ['"down"', /^body/],
  ];
  for (const [payload, field] of bad) {
    const { statusCode, body } = await app.inject({
      ...{ method: 'POST', url: '/v1/overrides' },
      headers: { ...ADMIN, 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
    t.is(statusCode, 400, body);
    const { fields, code } = JSON.parse(body) as { code: string; fields: { field: string }[] };
    t.is(code, 'ERR_API_VALUE', body);
    t.regex(fields[0]!.field, field, body);
  }
  t.is(plane.overrides.version, 0);
});

test('names in other scripts are found by what they are on the wire, or refused as unknown', async (t) => {
  const { app, plane } = await adminStage(t, '192.0.2.1');
  const order = { action: 'down', what: 'web/東京', reason: 'проверка 🧪' };
  const unknown = await app.inject({ method: 'POST', url: '/v1/overrides', headers: ADMIN, payload: order });
  t.is(unknown.statusCode, 400);
  t.regex(unknown.json().detail as string, /東京/);
  const made = await app.inject({
    method: 'POST',
    url: '/v1/overrides',
    headers: ADMIN,
    payload: { ...order, what: 'web/tokyo' },
  });
  t.is(made.statusCode, 200, made.body);
  t.is(plane.overrides.overrides[0]!.reason, 'проверка 🧪');
  t.is((await app.inject({ url: '/v1/zones/EXAMPLE.test.', headers: VIEWER })).statusCode, 200);
  t.is((await app.inject({ url: `/v1/zones/${encodeURIComponent('ｅxample.test')}`, headers: VIEWER })).statusCode, 200, 'IDNA');
  const none = await app.inject({ url: `/v1/zones/${encodeURIComponent('bücher.test')}`, headers: VIEWER });
  t.is(none.statusCode, 404);
});

test('an order that has ended is not in the list, is not in force, and cannot be taken back', async (t) => {
  const { app, plane } = await adminStage(t, '192.0.2.1');
  const nowMs = plane.nowMs();
  const past = { id: 'past', glob: 'web/tokyo', action: 'down', source: 'human', reason: 'x', author: 'ann' } as const;
  const mesh = plane.capacity.mesh as unknown as Mesh;
  await mesh.changeOverrides(0, [{ ...past, createdMs: nowMs - 2000, expiresMs: nowMs - 1000 }]);
  t.deepEqual((await app.inject({ url: '/v1/overrides', headers: VIEWER })).json().items, []);
  t.true((await app.inject({ url: '/v1/members/web/tokyo', headers: VIEWER })).json().isServing);
  t.is((await app.inject({ method: 'DELETE', url: '/v1/overrides/past', headers: ADMIN })).statusCode, 404);
});

test('a hundred who want to listen: as many as there is room for do, the others are told, and everything else goes on', async (t) => {
  const { app, events } = await adminStage(t, '127.0.0.1', { tokens: [] });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = new URL(address);
  const request = (method: string): string =>
    `${method} /v1/events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n\r\n`;
  const sockets = Array.from({ length: 100 }, () => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(request('GET')));
    socket.on('error', () => undefined);
    return socket;
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  const statuses = await Promise.all(
    sockets.map((socket) => new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data).slice(9, 12))))),
  );
  t.is(statuses.filter((status) => status === '200').length, 64);
  t.is(statuses.filter((status) => status === '429').length, 36);
  t.is((await fetch(`${address}/v1/status`)).status, 200);
  t.is(
    (await fetch(`${address}/v1/events`, { method: 'HEAD', headers: { accept: 'text/event-stream' } })).status,
    200,
    'no stream',
  );
  const heard = new Promise<string>((resolve) => sockets[0]!.once('data', (data) => resolve(String(data))));
  events.add({ atMs: 1, kind: 'mesh', level: 'info', text: 'hello', member: null, pool: null, site: null, isUp: null });
  t.regex(await heard, /"text":"hello"/);
  for (const socket of sockets) socket.destroy();
});
