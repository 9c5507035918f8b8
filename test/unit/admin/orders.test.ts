// Orders over HTTP: tried, tied to a version, repeated without being done twice, explained by their forecast, and taken back.

import test from 'ava';
import { adminStage, TOKENS } from '../../support/admin.ts';

const HEADERS = { authorization: `Bearer ${TOKENS.operator}` };
const ORDER = { action: 'down', what: 'web/tokyo', reason: 'a test' };

async function stage(t: Parameters<typeof adminStage>[0], health: Parameters<typeof adminStage>[4] = {}) {
  const made = await adminStage(t, '192.0.2.1', {}, undefined, health);
  const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
    made.app.inject({ method: 'POST', url, headers: { ...HEADERS, ...headers }, payload });
  const get = (url: string) => made.app.inject({ url, headers: HEADERS });
  return { ...made, post, get };
}

test('a dry run tells whom it names and where their clients would go, and changes nothing', async (t) => {
  const { post, plane } = await stage(t);
  const reply = (await post('/v1/drain', { what: 'london', reason: 'try', dryRun: true })).json();
  t.false(reply.isDone);
  t.true(reply.members.includes('web/london'));
  t.deepEqual(reply.forecast.sitesServing, { before: 5, after: 4 });
  const share = (site: string) => reply.forecast.sites.find((entry: { site: string }) => entry.site === site);
  t.true(share('london').afterPercent < share('london').beforePercent);
  t.true(share('tokyo').afterPercent > share('tokyo').beforePercent);
  t.is(plane.overrides.version, 0);
});

test('what a drained site keeps is told with the policies that have nobody else, and their last resort', async (t) => {
  const { post } = await stage(t);
  const { sites } = (await post('/v1/drain', { what: 'london', reason: 'try', dryRun: true })).json().forecast;
  const { afterPercent, stays } = sites.find(({ site }: { site: string }) => site === 'london');
  t.deepEqual(
    stays.map(({ policy, lastResort }: Record<string, string>) => [policy, lastResort]),
    [['api-policy', 'last-good']],
  );
  t.is(stays[0].percent, afterPercent);
  t.true(sites.every(({ site, stays: others }: { site: string; stays: unknown[] }) => site === 'london' || others.length === 0));
});

test('who would serve whom without a site is told to operators, and changes nothing', async (t) => {
  const { app, get, plane } = await stage(t);
  const url = '/v1/policies/www-policy/places?limit=300';
  const sitesOf = async (query: string) => {
    const { items } = (await get(`${url}${query}`)).json() as { items: { id: string; sites: { site: string }[] }[] };
    return items.find(({ id }) => id === 'GB')!.sites.map(({ site }) => site);
  };
  t.deepEqual(await sitesOf(''), ['london']);
  const [next] = await sitesOf('&without=london');
  t.not(next, 'london');
  t.deepEqual(
    (await sitesOf(`&without=london,${next}`)).filter((site) => site === 'london' || site === next),
    [],
  );
  t.is((await get(`${url}&without=lodnon`)).statusCode, 400);
  const viewer = await app.inject({ url: `${url}&without=london`, headers: { authorization: `Bearer ${TOKENS.viewer}` } });
  t.is(viewer.statusCode, 403);
  t.is(plane.overrides.version, 0);
});

test('a drain says what is left of it', async (t) => {
  const { post, get } = await stage(t, { drainMs: 7 * 86_400_000 }); // not over before it is looked at, however slow the machine
  await post('/v1/drain', { what: 'london', reason: 'x' });
  const { leftPercent } = (await get('/v1/overrides')).json().items[0];
  t.true(leftPercent > 0 && leftPercent <= 100, String(leftPercent));
  await post('/v1/overrides', ORDER);
  const orders = (await get('/v1/overrides')).json().items;
  t.is(orders.find(({ action }: { action: string }) => action === 'down').leftPercent, null);
});

test('a member is shown forced, with what is seen of it, and the order in it', async (t) => {
  const { post, get } = await stage(t);
  await post('/v1/overrides', ORDER);
  const member = (await get('/v1/members/web/tokyo')).json();
  t.like(member, { state: 'forced-down', isServing: false });
  t.like(member.order, { reason: 'a test', author: 'operator' });
  t.is((await get('/v1/members?state=forced-down')).json().total, 1);
});

test('If-Match lets a change through at the version that was read alone', async (t) => {
  const { post, get, plane } = await stage(t);
  const { etag } = (await get('/v1/overrides')).headers;
  const first = await post('/v1/overrides', ORDER, { 'if-match': String(etag) });
  t.is(first.statusCode, 200);
  t.is(first.headers['etag'], '"1"');
  const late = await post('/v1/overrides', { ...ORDER, what: 'web/london' }, { 'if-match': String(etag) });
  t.is(late.statusCode, 412);
  t.is(plane.overrides.overrides.length, 1);
  t.is((await post('/v1/overrides', ORDER, { 'if-match': 'seven' })).statusCode, 400);
});

test('the same request with the same Idempotency-Key is done once', async (t) => {
  const { post, plane } = await stage(t);
  const key = { 'idempotency-key': 'k1' };
  const first = await post('/v1/overrides', ORDER, key);
  const again = await post('/v1/overrides', ORDER, key);
  t.is(again.body, first.body);
  t.is(again.headers['etag'], first.headers['etag']);
  t.is(again.headers['idempotency-replayed'], 'true');
  t.is(plane.overrides.version, 1);
  const other = await post('/v1/overrides', { ...ORDER, what: 'web/london' }, key);
  t.is(other.statusCode, 409);
  t.is(other.json().code, 'ERR_API_REPEATED');
});

test('what somebody says of themselves stands beside what their token says', async (t) => {
  const { post } = await stage(t);
  const { order } = (await post('/v1/overrides', { ...ORDER, author: 'ann' })).json();
  t.is(order.author, 'ann (operator)');
});

test('a name that nobody has is refused with those that there are', async (t) => {
  const { post } = await stage(t);
  const reply = await post('/v1/drain', { what: 'lodnon', reason: 'x' });
  t.is(reply.statusCode, 400);
  t.regex(reply.json().detail, /did you mean "london"/);
});

test('an order is taken back by its id, a drain by the name it was given for', async (t) => {
  const { app, post, plane } = await stage(t);
  const { order } = (await post('/v1/overrides', ORDER)).json();
  await post('/v1/drain', { what: 'london', reason: 'x' });
  const removed = await app.inject({ method: 'DELETE', url: `/v1/overrides/${order.id}`, headers: HEADERS });
  t.is(removed.json().removed[0].id, order.id);
  t.is((await post('/v1/undrain', { what: 'london' })).statusCode, 200);
  t.deepEqual(plane.overrides.overrides, []);
  t.is((await app.inject({ method: 'DELETE', url: `/v1/overrides/${order.id}`, headers: HEADERS })).statusCode, 404);
});

test('lists come in pages that add up to the whole', async (t) => {
  const { get } = await stage(t);
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const page: { items: { id: string }[]; next: string | null } = (
      await get(`/v1/members?limit=5${after === null ? '' : `&after=${encodeURIComponent(after)}`}`)
    ).json();
    ids.push(...page.items.map(({ id }) => id));
    after = page.next;
  } while (after !== null);
  t.is(ids.length, 12);
  t.is(new Set(ids).size, 12);
});
