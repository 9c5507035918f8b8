// The dashboard's files over HTTP: what is served, how it is cached, and that nothing else is.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { type FastifyInstance, fastify } from 'fastify';
import { readStaticFiles, registerStatic } from '../../../src/admin/static.ts';

const SCRIPT = `console.log(${JSON.stringify('x'.repeat(2000))});\n`;
const SCRIPT_PATH = '/assets/index-abc123.js';

function site(t: ExecutionContext, folder = 'dashboard'): FastifyInstance {
  const root = mkdtempSync(join(tmpdir(), 'meridian-static-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'dashboard', 'assets'), { recursive: true });
  writeFileSync(join(root, 'secret.js'), 'outside');
  writeFileSync(join(root, 'dashboard', 'index.html'), '<!doctype html><title>Meridian</title>');
  writeFileSync(join(root, 'dashboard', 'notes.private'), 'of no known type');
  writeFileSync(join(root, 'dashboard', SCRIPT_PATH), SCRIPT);
  const app = fastify();
  t.teardown(() => app.close());
  registerStatic(app, readStaticFiles(join(root, folder)));
  return app;
}

test('the page is asked for each time, and answered with 304 while it is the same', async (t) => {
  const app = site(t);
  const first = await app.inject('/');
  t.is(first.statusCode, 200);
  t.is(first.headers['content-type'], 'text/html; charset=utf-8');
  t.is(first.headers['cache-control'], 'no-cache');
  const again = await app.inject({ url: '/', headers: { 'if-none-match': `"other", W/${first.headers.etag}` } });
  t.is(again.statusCode, 304);
  t.is(again.body, '');
  t.is(again.headers.etag, first.headers.etag);
});

test('files whose names are made of their content are kept for ever', async (t) => {
  const { headers, body } = await site(t).inject(SCRIPT_PATH);
  t.is(headers['cache-control'], 'public, max-age=31536000, immutable');
  t.is(body, SCRIPT);
});

for (const [accepted, isPacked] of [
  ['gzip, deflate, br', true],
  ['br;q=1.0, gzip;q=0.8', true],
  ['gzip;q=0', false],
  ['gzip;q=0.0, br', false],
  ['identity', false],
] as const) {
  test(`who accepts "${accepted}" gets it ${isPacked ? 'packed, with a validator of its own' : 'as it is'}`, async (t) => {
    const app = site(t);
    const plain = await app.inject(SCRIPT_PATH);
    const reply = await app.inject({ url: SCRIPT_PATH, headers: { 'accept-encoding': accepted } });
    t.is(reply.headers['content-encoding'], isPacked ? 'gzip' : undefined);
    t.is(reply.headers.vary, 'accept-encoding');
    t.is((isPacked ? gunzipSync(reply.rawPayload) : reply.rawPayload).toString(), SCRIPT);
    t.is(reply.headers.etag === plain.headers.etag, !isPacked);
  });
}

test('no path leads out of the map of files', async (t) => {
  const app = site(t);
  for (const url of [
    '/../secret.js',
    '/assets/../../secret.js',
    '/assets/..%2f..%2fsecret.js',
    '/%2e%2e/secret.js',
    '//secret.js',
    '/assets/',
    '/notes.private',
    '/index.html',
    '/__proto__',
    '/assets/index-abc123.js%00',
  ]) {
    const { statusCode } = await app.inject(url);
    t.true(statusCode === 404 || statusCode === 400, `${url}: ${statusCode}`);
  }
});

test('the policy of the page allows no inline script, no frame and no other server', async (t) => {
  const { headers } = await site(t).inject('/');
  const policy = String(headers['content-security-policy']);
  t.regex(policy, /default-src 'none'/);
  t.regex(policy, /frame-ancestors 'none'/);
  t.notRegex(policy, /unsafe|https?:|\*|data:/);
  t.is(headers['x-content-type-options'], 'nosniff');
  t.is(headers['x-frame-options'], 'DENY');
  t.is(headers['referrer-policy'], 'no-referrer');
});

test('a HEAD request gets the headers alone', async (t) => {
  const { statusCode, headers, body } = await site(t).inject({ method: 'HEAD', url: SCRIPT_PATH });
  t.is(statusCode, 200);
  t.is(body, '');
  t.truthy(headers.etag);
});

test('where nothing was built the page says so', async (t) => {
  const { statusCode, body } = await site(t, 'elsewhere').inject('/');
  t.is(statusCode, 404);
  t.regex(body, /has not been built/);
});
