// How orders to purge reach agents of other processes, and what is done where that fails.

import test from 'ava';
import { Purges } from '../../../../src/app/site/purge.ts';
import type { SharedStore } from '../../../../src/model/site-store.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { recordingLogger } from '../../../support/mesh.ts';
import { NearbyStore } from '../../../support/shared-store.ts';

const MINUTE_MS = 60_000;

/** A process; `sites` are those whose agent it is. What it purges is kept as `SITE PATTERN`. */
function processOf(clock: ManualClock, store: SharedStore | null, ...sites: readonly string[]) {
  const purged: string[] = [];
  const desk = {
    sites,
    purge: (parts: readonly string[], site: string | null) => {
      purged.push(`${site ?? 'all'} ${parts.join('*')}`);
      return sites
        .filter((one) => site === null || one === site)
        .map((one) => ({ site: one, listener: 'web', purged: 1, left: 0 }));
    },
  };
  const desks = sites.length === 0 ? [] : [desk];
  const purges = new Purges({ desks: () => desks, openStore: () => store, clock, log: recordingLogger() });
  purges.follow();
  return { purges, purged };
}

test('the agents of other processes do each order once, at the sites that it is for', async (t) => {
  const [clock, store] = [new ManualClock(), new NearbyStore()];
  const [fra, lon, admin] = [processOf(clock, store, 'fra'), processOf(clock, store, 'lon'), processOf(clock, store)];
  await Promise.all([fra.purges.look(), lon.purges.look()]);
  const own = await fra.purges.purge({ pattern: 'a/*', site: null });
  t.deepEqual(own, { ok: true, value: { done: [{ site: 'fra', listener: 'web', purged: 1, left: 0 }], isShared: true } });
  t.deepEqual(await admin.purges.purge({ pattern: 'b/', site: 'lon' }), { ok: true, value: { done: [], isShared: true } });
  for (let i = 0; i < 2; i++) await Promise.all([fra.purges.look(), lon.purges.look()]);
  t.deepEqual(fra.purged, ['all a/*']);
  t.deepEqual(lon.purged, ['all a/*', 'lon b/']);
  for (const { purges } of [fra, lon, admin]) purges.close();
});

test('an agent that begins has nothing to purge, and one that was away for too long purges everything', async (t) => {
  const [clock, store] = [new ManualClock(), new NearbyStore()];
  const admin = processOf(clock, store);
  await admin.purges.purge({ pattern: 'a/', site: null });
  const fra = processOf(clock, store, 'fra');
  await fra.purges.look();
  t.deepEqual(fra.purged, []);
  store.isAnswering = false;
  clock.advance(9 * MINUTE_MS);
  await fra.purges.look();
  store.isAnswering = true;
  await admin.purges.purge({ pattern: 'b/', site: null });
  await fra.purges.look();
  t.deepEqual(fra.purged, ['all b/'], 'what it has missed');
  store.isAnswering = false;
  clock.advance(11 * MINUTE_MS);
  store.isAnswering = true;
  await fra.purges.look();
  t.deepEqual(fra.purged, ['all b/', 'all *']);
  for (const { purges } of [fra, admin]) purges.close();
});

test('orders stand for ten minutes, and too many at once are refused', async (t) => {
  const [clock, store] = [new ManualClock(), new NearbyStore()];
  const { purges } = processOf(clock, store);
  const order = async (): Promise<string> => {
    const given = await purges.purge({ pattern: 'a/', site: null });
    return given.ok ? 'done' : given.error.code;
  };
  const standing = (): number => JSON.parse([...store.texts.values()][0]!).length;
  for (let i = 0; i < 256; i++) await order();
  t.is(await order(), 'ERR_MESH_CONFLICT');
  clock.advance(11_000);
  t.deepEqual([await order(), standing()], ['done', 256]);
  clock.advance(11 * MINUTE_MS);
  t.deepEqual([await order(), standing()], ['done', 1]);
  purges.close();
});

test('an order that cannot be told to others says so, and a wrong list in the store is no list', async (t) => {
  const [clock, store] = [new ManualClock(), new NearbyStore()];
  const { purges, purged } = processOf(clock, store, 'fra');
  store.texts.set('purges', '[1, null, {"id": "x"}]');
  await purges.look();
  t.true((await purges.purge({ pattern: 'a/', site: null })).ok);
  const failing = new NearbyStore();
  failing.recall = async () => undefined;
  const other = processOf(clock, failing, 'fra');
  const given = await other.purges.purge({ pattern: 'a/', site: null });
  t.is(given.ok ? '' : given.error.code, 'ERR_MESH_UNAVAILABLE');
  t.deepEqual([purged, other.purged], [['all a/'], ['all a/']], 'done where it was given');
  for (const one of [purges, other.purges]) one.close();
});

test('without a store to share through an order is for this process, which must be an agent of the site', async (t) => {
  const clock = new ManualClock();
  const refusal = async (purges: Purges, pattern: string, site: string | null): Promise<string> => {
    const given = await purges.purge({ pattern, site });
    return given.ok ? 'done' : given.error.message;
  };
  const fra = processOf(clock, null, 'fra').purges;
  t.is(await refusal(fra, '*', 'fra'), 'done');
  t.regex(await refusal(fra, '*', 'lon'), /not the agent of the site "lon", but of: fra/);
  t.regex(await refusal(fra, 'a', null), /"a" is no pattern/);
  t.regex(await refusal(processOf(clock, null).purges, '*', null), /agent of no site, and without mesh\.redis/);
});
