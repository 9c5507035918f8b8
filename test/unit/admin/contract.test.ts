// The contract: every operation of the OpenAPI document, with good input, bad input, a role that is too low, and no token. An
// operation that this table does not know fails the test.

import { readFileSync } from 'node:fs';
import test from 'ava';
import type { AdminRole } from '../../../src/model/admin.ts';
import { type AdminStage, adminStage, TOKENS } from '../../support/admin.ts';
import { ROOT } from '../../support/paths.ts';

/** Not loopback: nothing answers without a token. */
const ADDRESS = '192.0.2.1';

interface Example {
  /** Parameters of the path filled in. */
  readonly url: string;
  readonly role: AdminRole;
  /** JSON, or the text of a zone. */
  readonly body?: object | string;
  /** Expected of the good request; 200 unless said. */
  readonly status?: number;
  /** What must be refused with 400, and the field that the reply names. */
  readonly bad?: readonly (readonly [change: { readonly url?: string; readonly body?: object | string }, field: string])[];
}

const NO_QUERY = 'querystring.nonsense';
const list = (url: string): Example => ({
  url,
  role: 'viewer',
  bad: [
    [{ url: `${url}?nonsense=1` }, NO_QUERY],
    [{ url: `${url}?limit=0` }, 'querystring.limit'],
    [{ url: `${url}?limit=1001` }, 'querystring.limit'],
    [{ url: `${url}?after=nobody` }, 'querystring.after'],
  ],
});
const ORDER = { action: 'down', what: 'web/tokyo', reason: 'a test' };
const SILENCE = { what: 'site-out', reason: 'a test', forSec: 60 };
const DRAIN = { what: 'sydney', reason: 'a test' };

const EXAMPLES: Readonly<Record<string, Example>> = {
  'GET /healthz': { url: '/healthz', role: 'viewer' },
  'GET /readyz': { url: '/readyz', role: 'viewer' },
  'GET /metrics': { url: '/metrics', role: 'viewer' },
  'GET /v1/session': { url: '/v1/session', role: 'viewer' },
  'GET /v1/status': { url: '/v1/status', role: 'viewer' },
  'GET /v1/sites': list('/v1/sites'),
  'GET /v1/sites/{id}': { url: '/v1/sites/london', role: 'viewer' },
  'GET /v1/pools': list('/v1/pools'),
  'GET /v1/pools/{id}': { url: '/v1/pools/web', role: 'viewer' },
  'GET /v1/members': list('/v1/members'),
  'GET /v1/members/{pool}/{name}': { url: '/v1/members/web/london', role: 'viewer' },
  'GET /v1/probes': list('/v1/probes'),
  'GET /v1/policies': list('/v1/policies'),
  'GET /v1/policies/{id}': { url: '/v1/policies/www-policy', role: 'viewer' },
  'GET /v1/policies/{id}/places': {
    ...list('/v1/policies/www-policy/places'),
    bad: [
      [{ url: '/v1/policies/www-policy/places?family=5' }, 'querystring.family'],
      [{ url: '/v1/policies/www-policy/places?without=' }, 'querystring.without'],
    ],
  },
  'GET /v1/zones': list('/v1/zones'),
  'GET /v1/zones/{id}': { url: '/v1/zones/example.test', role: 'viewer' },
  'GET /v1/zones/{id}/text': { url: '/v1/zones/example.test./text', role: 'viewer' },
  'GET /v1/zones/{id}/file': { url: '/v1/zones/example.test/file', role: 'operator' },
  'PUT /v1/zones/{id}/file': {
    url: '/v1/zones/example.test/file?dryRun=true',
    role: 'operator',
    body: readFileSync(`${ROOT}zones/example.test.zone`, 'utf8'),
    bad: [
      [{ url: '/v1/zones/example.test/file?dryRun=perhaps' }, 'querystring.dryRun'],
      [{ body: 'not \uFFFD UTF-8' }, 'body'],
    ],
  },
  'GET /v1/explain': {
    url: '/v1/explain?name=www.example.test&client=81.2.69.142',
    role: 'viewer',
    bad: [
      [{ url: '/v1/explain?client=81.2.69.142' }, 'querystring.name'],
      [{ url: '/v1/explain?name=www.example.test&client=81.2.69.142&nonsense=1' }, NO_QUERY],
    ],
  },
  'GET /v1/overrides': list('/v1/overrides'),
  'GET /v1/overrides/{id}': { url: '/v1/overrides/ID', role: 'viewer' },
  'POST /v1/overrides': {
    url: '/v1/overrides',
    role: 'operator',
    body: ORDER,
    bad: [
      [{ body: { ...ORDER, action: 'sideways' } }, 'body.action'],
      [{ body: { ...ORDER, reason: '' } }, 'body.reason'],
      [{ body: { ...ORDER, reason: 'two\nlines' } }, 'body.reason'],
      [{ body: { ...ORDER, forSec: 0 } }, 'body.forSec'],
      [{ body: { ...ORDER, nonsense: 1 } }, 'body.nonsense'],
      [{ body: { action: 'up', reason: 'x' } }, 'body.what'],
    ],
  },
  'POST /v1/drain': {
    url: '/v1/drain',
    role: 'operator',
    body: DRAIN,
    bad: [[{ body: { ...DRAIN, action: 'down' } }, 'body.action']],
  },
  'POST /v1/undrain': {
    url: '/v1/undrain',
    role: 'operator',
    body: { what: 'sydney' },
    bad: [[{ body: {} }, 'body.what']],
  },
  'DELETE /v1/overrides/{id}': {
    url: '/v1/overrides/ID',
    role: 'operator',
    bad: [[{ url: '/v1/overrides/ID?dryRun=perhaps' }, 'querystring.dryRun']],
  },
  'POST /v1/reload': {
    url: '/v1/reload',
    role: 'operator',
    body: { dryRun: true },
    bad: [[{ body: { dryRun: 'yes' } }, 'body.dryRun']],
  },
  'POST /v1/sites/{site}/purge': {
    url: '/v1/sites/london/purge',
    role: 'operator',
    body: { pattern: 'www.example.test/images/*' },
    bad: [
      [{ body: {} }, 'body.pattern'],
      [{ body: { pattern: 'two words' } }, 'body.pattern'],
      [{ body: { pattern: '*', nonsense: 1 } }, 'body.nonsense'],
    ],
  },
  'GET /v1/change': { url: '/v1/change', role: 'viewer' },
  'POST /v1/change': {
    url: '/v1/change',
    role: 'operator',
    body: { action: 'keep' },
    status: 404,
    bad: [[{ body: { action: 'wait' } }, 'body.action']],
  },
  'GET /v1/alerts': { url: '/v1/alerts', role: 'viewer' },
  'GET /v1/objectives': { url: '/v1/objectives', role: 'viewer' },
  'GET /v1/rates': { url: '/v1/rates', role: 'viewer' },
  'POST /v1/silences': {
    url: '/v1/silences',
    role: 'operator',
    body: SILENCE,
    bad: [
      [{ body: { ...SILENCE, forSec: 59 } }, 'body.forSec'],
      [{ body: { ...SILENCE, what: '' } }, 'body.what'],
      [{ body: { ...SILENCE, reason: 'two\nlines' } }, 'body.reason'],
    ],
  },
  'DELETE /v1/silences/{id}': { url: '/v1/silences/site-out', role: 'operator' },
  'GET /v1/audit': {
    url: '/v1/audit',
    role: 'viewer',
    bad: [[{ url: '/v1/audit?before=x' }, 'querystring.before']],
  },
  'GET /v1/events': {
    url: '/v1/events',
    role: 'viewer',
    bad: [
      [{ url: '/v1/events?limit=many' }, 'querystring.limit'],
      [{ url: '/v1/events?rates=perhaps' }, 'querystring.rates'],
    ],
  },
};

let stage: AdminStage;
const after: (() => unknown)[] = [];
test.before(async () => {
  stage = await adminStage({ teardown: (end) => void after.unshift(end) }, ADDRESS);
});
test.after.always(async () => {
  for (const end of after) await end();
});

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body?: object | string | undefined;
  readonly token?: string;
}

function ask({ method, url, body, token }: Asked) {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(typeof body === 'string' ? { 'content-type': 'text/dns' } : {}),
  };
  return stage.app.inject({ method: method as 'GET', url, headers, ...(body === undefined ? {} : { payload: body }) });
}

/** The id of the order that the test has given, where the path asks for one. */
const filled = (url: string): string => url.replace('ID', stage.plane.overrides.overrides[0]?.id ?? 'none');

test.serial('the document is OpenAPI 3.1 and has exactly the operations of this table', async (t) => {
  const { statusCode, body } = await ask({ method: 'GET', url: '/openapi.json', token: TOKENS.viewer });
  t.is(statusCode, 200);
  const { openapi, paths } = JSON.parse(body) as { openapi: string; paths: Record<string, Record<string, unknown>> };
  t.is(openapi, '3.1.0');
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  t.deepEqual(operations.sort(), Object.keys(EXAMPLES).sort());
});

for (const [operation, { url, role, body, bad = [] }] of Object.entries(EXAMPLES)) {
  const method = operation.split(' ')[0]!;

  test.serial(`${operation} needs a token`, async (t) => {
    const reply = await ask({ method, url, body });
    t.is(reply.statusCode, 401);
    t.is(reply.headers['content-type'], 'application/problem+json');
    t.regex(String(reply.headers['www-authenticate']), /^Bearer/);
    t.is(reply.json().code, 'ERR_API_TOKEN');
  });

  if (role !== 'viewer') {
    test.serial(`${operation} is not for the role viewer`, async (t) => {
      const reply = await ask({ method, url, body, token: TOKENS.viewer });
      t.is(reply.statusCode, 403);
      t.is(reply.json().code, 'ERR_API_ROLE');
    });
  }

  for (const [change, field] of bad) {
    test.serial(`${operation} refuses ${JSON.stringify(change)} and names ${field}`, async (t) => {
      const { version } = stage.plane.overrides;
      const reply = await ask({ method, url, body, token: TOKENS.admin, ...change });
      t.is(reply.statusCode, 400, reply.body);
      t.is(reply.json().code, 'ERR_API_VALUE');
      t.deepEqual(
        reply.json().fields.map((wrong: { field: string }) => wrong.field),
        [field],
      );
      t.is(stage.plane.overrides.version, version, 'nothing has changed');
    });
  }
}

// In the order of the table: the orders that are read and taken back were given before.
const IN_ORDER = ['POST /v1/overrides', 'POST /v1/drain', 'POST /v1/silences'];
for (const [operation, { url, role, body, status = 200 }] of Object.entries(EXAMPLES).sort(
  ([a], [b]) => Number(IN_ORDER.includes(b)) - Number(IN_ORDER.includes(a)),
)) {
  test.serial(`${operation} with the role ${role} does what it says`, async (t) => {
    const reply = await ask({ method: operation.split(' ')[0]!, url: filled(url), body, token: TOKENS[role] });
    t.is(reply.statusCode, status, reply.body);
    t.is(reply.headers['x-content-type-options'], 'nosniff');
    t.is(reply.headers['x-frame-options'], 'DENY');
    t.is(reply.headers['access-control-allow-origin'], undefined);
    t.notRegex(String(reply.headers['content-security-policy']), /unsafe/);
  });
}
