// Limits and tables that agents of a site share: two fronts with a store between them, which may be away.

import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../src/base/clock.ts';
import type { HttpRoute, HttpStickiness } from '../../../../src/model/site-http.ts';
import { HttpFront } from '../../../../src/site/l7/http-front.ts';
import type { Service } from '../../../../src/site/service.ts';
import { Sharing } from '../../../../src/site/sharing.ts';
import { balancingOf } from '../../../support/balance.ts';
import { NearbyStore } from '../../../support/shared-store.ts';
import { serviceOf } from '../../../support/site.ts';
import { named, routeOf, settingsOf, WebServer } from '../../../support/site-http.ts';

interface Agent {
  readonly front: HttpFront;
  readonly service: Service;
  /** Lets time pass. */
  pass(ms: number): void;
  /** Status, and who answered. */
  ask(headers?: Record<string, string>): Promise<string>;
}

async function agents(
  t: ExecutionContext,
  store: NearbyStore,
  route: Partial<HttpRoute>,
): Promise<readonly [Agent, Agent, readonly WebServer[]]> {
  const servers = await Promise.all(['a', 'b', 'c', 'd'].map((id) => WebServer.open(t, id, named(id))));
  const agent = async (): Promise<Agent> => {
    const service = serviceOf(
      servers.map(({ server }) => server),
      { balancing: balancingOf({ kind: 'random' }) },
    );
    const sharing = new Sharing();
    sharing.configure(60_000);
    sharing.join(store);
    const settings = settingsOf({ routes: [routeOf(route)] });
    let passedMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passedMs };
    const opened = await HttpFront.open(settings, new Map([['web', service]]), clock, undefined, null, sharing);
    if (!opened.ok) throw new Error('no front');
    t.teardown(async () => {
      service.close();
      await opened.value.close();
    });
    return {
      front: opened.value,
      service,
      pass: (ms) => {
        passedMs += ms;
      },
      ask: async (headers = {}) => {
        const response = await fetch(`http://127.0.0.1:${opened.value.port}`, { headers });
        const text = await response.text();
        return response.status === 200 ? text : String(response.status);
      },
    };
  };
  return [await agent(), await agent(), servers];
}

const LIMITED = { rateLimit: { requests: 2, windowSec: 3600, by: { kind: 'header', name: 'x-key' }, shared: 'fra/x' } } as const;

test('a shared limit counts what all agents let pass; alone each has its own count', async (t) => {
  const store = new NearbyStore();
  const [one, two] = await agents(t, store, LIMITED);
  const key = { 'x-key': '1' };
  t.false([await one.ask(key), await two.ask(key)].includes('429'));
  t.deepEqual([await one.ask(key), await two.ask(key), await one.ask(key)], ['429', '429', '429']);
  t.is([...store.counts.values()][0], 4, 'who is known to be over the limit is not asked about again');
  store.isAnswering = false;
  const other = { 'x-key': '2' };
  for (const agent of [one, two]) {
    t.not(await agent.ask(other), '429');
    t.not(await agent.ask(other), '429');
    t.is(await agent.ask(other), '429');
    t.is(agent.front.counts.limitedAlone, 3);
  }
});

const STICKINESS: HttpStickiness = {
  kind: 'table',
  name: 'fra/x',
  by: { kind: 'header', name: 'x-user' },
  ttlMs: 60_000,
  places: 100_000,
};
const USERS = Array.from({ length: 8 }, (_, i) => ({ 'x-user': `user ${i}` }));

async function all(agent: Agent, users: readonly Record<string, string>[] = USERS): Promise<string[]> {
  const servers: string[] = [];
  for (const user of users) servers.push(await agent.ask(user));
  return servers;
}

test('a client that comes back, through whichever agent, has its server', async (t) => {
  const [one, two] = await agents(t, new NearbyStore(), { stickiness: STICKINESS });
  const first = await all(one);
  t.true(new Set(first).size > 1);
  t.deepEqual([await all(two), await all(one)], [first, first]);
  t.is(one.front.counts.placedAlone + two.front.counts.placedAlone, 0);
});

test('who has no such header is known by its network', async (t) => {
  const [one, two] = await agents(t, new NearbyStore(), { stickiness: STICKINESS });
  const first = await one.ask();
  t.deepEqual([await two.ask(), await one.ask(), await two.ask()], [first, first, first]);
});

test('a client whose server is down gets another one, and keeps that', async (t) => {
  const [one, two] = await agents(t, new NearbyStore(), { stickiness: STICKINESS });
  const [user] = USERS;
  const first = await one.ask(user);
  for (const { service } of [one, two]) service.setUp(first, false);
  const second = await one.ask(user);
  t.not(second, first);
  for (const { service } of [one, two]) service.setUp(first, true);
  t.deepEqual([await two.ask(user), await one.ask(user)], [second, second]);
});

test('without what is shared, clients are where they were, and new ones where a hash puts them', async (t) => {
  const store = new NearbyStore();
  const [one, two] = await agents(t, store, { stickiness: STICKINESS });
  const first = await all(one);
  store.isAnswering = false;
  const strangers = USERS.map((user) => ({ 'x-user': `new ${user['x-user']}` }));
  const placed = await all(one, strangers);
  t.true(new Set(placed).size > 1);
  t.deepEqual([await all(one), await all(two, strangers)], [first, placed]);
  t.true(one.front.counts.placedAlone >= strangers.length);
  // It comes back, and has forgotten everything: those who remember write it down again.
  store.texts.clear();
  store.isAnswering = true;
  for (const agent of [one, two]) agent.pass(10_000);
  t.deepEqual([await all(one), await all(two)], [first, first]);
  t.deepEqual([await all(one, strangers), await all(two, strangers)], [placed, placed]);
});

test('of two agents that place a client at once, one has its way from the next request on', async (t) => {
  const store = new NearbyStore();
  const [one, two] = await agents(t, store, { stickiness: STICKINESS });
  await Promise.all([all(one), all(two)]);
  for (const agent of [one, two]) agent.pass(10_000);
  t.deepEqual(await all(one), await all(two));
});

test('clients share the places that there are, and with them their server', async (t) => {
  const store = new NearbyStore();
  const [one, two] = await agents(t, store, { stickiness: { ...STICKINESS, places: 1 } });
  t.is(new Set([...(await all(one)), ...(await all(two))]).size, 1);
  t.is(store.texts.size, 1);
});

test('a note that names a server of which nobody knows is replaced', async (t) => {
  const store = new NearbyStore();
  const [one, two] = await agents(t, store, { stickiness: { ...STICKINESS, places: 1 } });
  store.texts.set('client:fra/x:0', 'long gone');
  const first = await one.ask();
  t.is(store.texts.get('client:fra/x:0'), first);
  t.is(await two.ask(), first);
});

test('a client that has not come for long is new', async (t) => {
  const store = new NearbyStore();
  const [one] = await agents(t, store, { stickiness: { ...STICKINESS, ttlMs: 10_000 } });
  const first = await all(one);
  store.texts.clear();
  one.pass(10_001);
  const later: string[][] = [];
  for (let i = 0; i < 20; i++) {
    later.push(await all(one));
    store.texts.clear();
    one.pass(10_001);
  }
  t.true(
    later.some((servers) => servers.join() !== first.join()),
    'chance chooses anew',
  );
});

test('a reload that leaves a table as it is forgets nothing', async (t) => {
  const store = new NearbyStore();
  const [one] = await agents(t, store, { stickiness: STICKINESS });
  const first = await all(one);
  store.isAnswering = false;
  t.deepEqual(
    await one.front.replace(settingsOf({ routes: [routeOf({ stickiness: STICKINESS })] }), new Map([['web', one.service]])),
    [],
  );
  t.deepEqual(await all(one), first);
});
