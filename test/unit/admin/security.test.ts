// Who gets in and what is turned away: hosts, origins, guesses, roles, sizes, and bodies that try to be clever.

import test from 'ava';
import { adminStage, SETTINGS, TOKENS } from '../../support/admin.ts';

const LOOPBACK = '127.0.0.1';
const OUTSIDE = '192.0.2.1';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const ORDER = { action: 'down', what: 'web/tokyo', reason: 'a test' };

test('loopback without tokens is open with the role of the configuration, and no further', async (t) => {
  const { app } = await adminStage(t, LOOPBACK, { tokens: [], loopbackRole: 'viewer' });
  t.like((await app.inject('/v1/session')).json(), { name: 'loopback', role: 'viewer', isOpen: true });
  const refused = await app.inject({ method: 'POST', url: '/v1/overrides', payload: ORDER });
  t.is(refused.statusCode, 403);
  t.is(refused.json().code, 'ERR_API_ROLE');
});

test('with the role none, or once there are tokens, loopback asks for one', async (t) => {
  for (const settings of [{ tokens: [], loopbackRole: null }, {}] as const) {
    const { app } = await adminStage(t, LOOPBACK, settings);
    t.is((await app.inject('/v1/status')).statusCode, 401);
  }
});

test('an address that others reach is never open', async (t) => {
  const { app } = await adminStage(t, OUTSIDE, { tokens: [], loopbackRole: 'operator' });
  for (const url of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/api', '/v1/status', '/nothing']) {
    t.is((await app.inject(url)).statusCode, 401, url);
  }
});

test('on loopback a host that is not ours is refused, whatever the token', async (t) => {
  const { app } = await adminStage(t, LOOPBACK, { hosts: ['gslb.example.test'] });
  const ask = (host: string) => app.inject({ url: '/v1/status', headers: { host, ...bearer(TOKENS.admin) } });
  for (const host of ['localhost', 'localhost:8053', '127.0.0.1:8053', '[::1]:8053', 'GSLB.example.test:8053']) {
    t.is((await ask(host)).statusCode, 200, host);
  }
  for (const host of ['evil.example', 'localhost.evil.example:8053', '127.0.0.1.evil.example', '192.0.2.7']) {
    const reply = await ask(host);
    t.is(reply.statusCode, 403, host);
    t.is(reply.json().code, 'ERR_API_ORIGIN');
  }
});

test('a change from a page of another origin is refused, one from our own is taken', async (t) => {
  const { app } = await adminStage(t, LOOPBACK, { tokens: [] });
  const order = (origin: string) =>
    app.inject({ method: 'POST', url: '/v1/overrides', headers: { host: 'localhost:8053', origin }, payload: ORDER });
  for (const origin of ['http://evil.example', 'null', 'http://localhost:9999'])
    t.is((await order(origin)).statusCode, 403, origin);
  t.is((await order('http://localhost:8053')).statusCode, 200);
});

test('no reply lets other origins read it', async (t) => {
  const { app } = await adminStage(t, LOOPBACK, { tokens: [] });
  const reply = await app.inject({ url: '/v1/status', headers: { host: 'localhost', origin: 'http://evil.example' } });
  t.is(reply.headers['access-control-allow-origin'], undefined);
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/v1/overrides',
    headers: { host: 'localhost', origin: 'http://evil.example' },
  });
  t.is(preflight.statusCode, 405);
});

test('who guesses tokens is made to wait, and a right token from elsewhere is not', async (t) => {
  const { app } = await adminStage(t, OUTSIDE);
  const guess = (remoteAddress: string, token = 'mrd_guess') =>
    app.inject({ url: '/v1/status', remoteAddress, headers: bearer(token) });
  for (let i = 0; i < 20; i++) t.is((await guess('198.51.100.9')).statusCode, 401);
  const refused = await guess('198.51.100.9', TOKENS.viewer);
  t.is(refused.statusCode, 429);
  t.is(refused.json().code, 'ERR_API_GUESSING');
  t.true(Number(refused.headers['retry-after']) > 0);
  t.is((await guess('198.51.100.10', TOKENS.viewer)).statusCode, 200);
});

test('more requests a second than are allowed are refused', async (t) => {
  const { app } = await adminStage(t, OUTSIDE, { requestsPerSecond: 1 });
  const replies = await Promise.all([1, 2, 3, 4].map(() => app.inject({ url: '/healthz', headers: bearer(TOKENS.viewer) })));
  const codes = replies.filter(({ statusCode }) => statusCode === 429).map((reply) => reply.json().code);
  t.true(codes.length > 0);
  t.true(codes.every((code) => code === 'ERR_API_LIMIT'));
});

test('bodies that are too large, no JSON, of another type or poisoned change nothing', async (t) => {
  const { app, plane } = await adminStage(t, OUTSIDE);
  const send = (payload: string, type = 'application/json') =>
    app.inject({ method: 'POST', url: '/v1/overrides', headers: { ...bearer(TOKENS.admin), 'content-type': type }, payload });
  const text = JSON.stringify(ORDER);
  t.is((await send(JSON.stringify({ ...ORDER, reason: 'x'.repeat(70_000) }))).statusCode, 413);
  t.is((await send('{')).statusCode, 400);
  t.is((await send('')).statusCode, 400);
  t.is((await send(text, 'text/plain')).statusCode, 415);
  t.is((await send(text, 'application/x-www-form-urlencoded')).statusCode, 415);
  for (const poison of ['"__proto__":{"role":"admin"}', '"constructor":{"prototype":{"role":"admin"}}']) {
    t.is((await send(`${text.slice(0, -1)},${poison}}`)).statusCode, 400, poison);
  }
  t.is(({} as { role?: string }).role, undefined);
  t.is(plane.overrides.version, 0);
});

test('names of zones and members are names, not paths', async (t) => {
  const { app } = await adminStage(t, OUTSIDE);
  for (const url of [
    '/v1/zones/..%2f..%2fetc%2fpasswd/text',
    '/v1/zones/%2e%2e/text',
    '/v1/sites/__proto__',
    '/v1/sites/constructor',
    '/v1/policies/toString/places',
  ]) {
    const reply = await app.inject({ url, headers: bearer(TOKENS.admin) });
    t.is(reply.statusCode, 404, url);
    t.is(reply.json().code, 'ERR_API_NOT_FOUND');
  }
});

test('a text for a zone needs its type, a name that is served, and where it is not a dry run the role admin and If-Match', async (t) => {
  const { app } = await adminStage(t, OUTSIDE);
  const put = (url: string, token: string, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'PUT',
      url,
      headers: { ...bearer(token), 'content-type': 'text/dns', ...headers },
      payload: '@ 1 NS a.',
    });
  const zone = '/v1/zones/example.test/file';
  t.is((await put(zone, TOKENS.operator, { 'if-match': '*' })).statusCode, 403);
  t.is((await put(zone, TOKENS.admin)).statusCode, 428);
  t.is((await put(zone, TOKENS.admin, { 'if-match': `"${'0'.repeat(32)}"` })).statusCode, 412);
  t.is((await put(`${zone}?dryRun=true`, TOKENS.admin, { 'content-type': 'text/plain' })).statusCode, 415);
  for (const name of ['..%2f..%2fetc%2fpasswd', '%2e%2e', '..%5c..%5cetc', '%00', '__proto__', 'meridian.yaml']) {
    const reply = await put(`/v1/zones/${name}/file`, TOKENS.admin, { 'if-match': '*' });
    t.is(reply.statusCode, 404, name);
  }
});

test('a text for a zone cannot include a file outside the directory of the zone', async (t) => {
  const { app } = await adminStage(t, OUTSIDE);
  for (const path of ['/etc/hostname', '../package.json', '/dev/zero']) {
    const payload = `$INCLUDE ${path}\n`;
    const headers = { ...bearer(TOKENS.operator), 'content-type': 'text/dns' };
    const reply = await app.inject({ method: 'PUT', url: '/v1/zones/example.test/file?dryRun=true', headers, payload });
    t.is(reply.statusCode, 422, path);
    t.true(
      reply.json().problems.some((found: { message: string }) => /lies outside/.test(found.message)),
      reply.body,
    );
  }
});

test('a path that exists says which methods it takes, one that does not says so', async (t) => {
  const { app } = await adminStage(t, OUTSIDE);
  const wrong = await app.inject({ method: 'DELETE', url: '/v1/overrides', headers: bearer(TOKENS.admin) });
  t.is(wrong.statusCode, 405);
  t.is(wrong.headers['allow'], 'GET, HEAD, POST');
  t.is((await app.inject({ url: '/v1/nothing', headers: bearer(TOKENS.admin) })).statusCode, 404);
});

test('the glass is broken by the role admin alone, and then the rule does not hold', async (t) => {
  const { app } = await adminStage(t, OUTSIDE);
  const all = { ...ORDER, what: '*' };
  const order = (token: string, body: object) =>
    app.inject({ method: 'POST', url: '/v1/overrides', headers: bearer(token), payload: body });
  const unsafe = await order(TOKENS.operator, all);
  t.is(unsafe.statusCode, 409);
  t.is(unsafe.json().code, 'ERR_SAFETY');
  t.is((await order(TOKENS.operator, { ...all, breakGlass: true })).statusCode, 403);
  t.is((await order(TOKENS.admin, { ...all, breakGlass: true })).statusCode, 200);
  const audit = (await app.inject({ url: '/v1/audit', headers: bearer(TOKENS.viewer) })).json().items;
  t.deepEqual(
    audit.map(({ actor, result, isBreakGlass }: Record<string, unknown>) => [actor, result, isBreakGlass]),
    [
      ['admin', 'done', true],
      ['operator', 'refused', false],
    ],
  );
});

test('settings that hold tokens never leave: no reply has a hash', async (t) => {
  const { app } = await adminStage(t, OUTSIDE);
  for (const url of ['/v1/status', '/v1/session', '/metrics', '/openapi.json']) {
    const { body } = await app.inject({ url, headers: bearer(TOKENS.admin) });
    for (const { sha256 } of SETTINGS.tokens) t.false(body.includes(sha256), url);
  }
});
