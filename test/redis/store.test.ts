// What agents of a site share for single requests, on a real Redis that is late, gone, or refuses.

import anyTest, { type TestFn } from 'ava';
import { systemClock } from '../../src/base/clock.ts';
import { sharedStores } from '../../src/mesh/open.ts';
import type { SharedStore } from '../../src/model/site-store.ts';
import { recordingLogger, redisSettings } from '../support/mesh.ts';
import { eventually } from '../support/patience.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;
const HOUR_MS = 3_600_000;
/** Longer than any machine takes, for calls that are to succeed. */
const PATIENT_MS = 300_000;
const HASTY_MS = 20;

async function stage(t: {
  teardown(close: () => unknown): void;
}): Promise<{ redis: RedisServer; store: SharedStore; other: SharedStore; answering: (is: boolean) => Promise<void> }> {
  const redis = await RedisServer.start();
  const open = await sharedStores(redisSettings(redis.port), systemClock, recordingLogger());
  const store = open()!;
  const other = open()!;
  t.teardown(async () => {
    store.close();
    other.close();
    await redis.stop();
  });
  const answering = (is: boolean): Promise<void> =>
    eventually(
      () => store.status.isAnswering === is && other.status.isAnswering === is,
      () => JSON.stringify([store.status, other.status]),
    );
  await answering(true);
  return { redis, store, other, answering };
}

test('a count is one for all who share it, ends by itself, and other names have their own', async (t) => {
  const { redis, store, other } = await stage(t);
  t.is((await store.count('a', HOUR_MS, PATIENT_MS))?.count, 1);
  const second = await other.count('a', HOUR_MS, PATIENT_MS);
  t.is(second?.count, 2);
  t.true(second!.leftMs > 0 && second!.leftMs <= HOUR_MS);
  t.is((await store.count('b', HOUR_MS, PATIENT_MS))?.count, 1);
  await redis.run('PERSIST', '{meridian}:shared:a');
  t.true((await store.count('a', HOUR_MS, PATIENT_MS))!.leftMs <= HOUR_MS, 'one without an end gets one');
  t.true(Number(await redis.run('PTTL', '{meridian}:shared:a')) > 0);
});

test('of two who write at once one wins, and both learn who; who knows the former may replace it', async (t) => {
  const { store, other } = await stage(t);
  t.is(await store.recall('x', PATIENT_MS), null);
  const settled = await Promise.all([
    store.settle('x', '1', null, HOUR_MS, PATIENT_MS),
    other.settle('x', '2', null, HOUR_MS, PATIENT_MS),
  ]);
  t.is(settled[0], settled[1]);
  t.is(await other.recall('x', PATIENT_MS), settled[0]);
  t.is(await other.settle('x', '3', 'what it never was', HOUR_MS, PATIENT_MS), settled[0]);
  t.is(await other.settle('x', '3', settled[0]!, HOUR_MS, PATIENT_MS), '3');
  t.is(await store.recall('x', PATIENT_MS), '3');
});

test('nobody waits for an engine that is late, and once it is in time again it is asked again', async (t) => {
  const { redis, store, other, answering } = await stage(t);
  await store.count('a', HOUR_MS, PATIENT_MS);
  redis.pause();
  t.is(await store.count('a', HOUR_MS, HASTY_MS), undefined);
  t.is(await other.recall('a', HASTY_MS), undefined);
  t.false(store.status.isAnswering);
  // With a time limit that would never come: nothing is asked at all.
  t.is(await store.count('a', HOUR_MS, PATIENT_MS), undefined);
  t.is(await store.recall('a', PATIENT_MS), undefined);
  t.is(await store.settle('a', 'x', null, HOUR_MS, PATIENT_MS), undefined);
  t.is(store.status.unanswered, 4);
  t.regex(store.status.trouble!, /^ERR_MESH_UNREACHABLE: redis 127\.0\.0\.1:\d+: no answer within 20 ms/);
  redis.resume();
  await answering(true);
  t.true((await store.count('a', HOUR_MS, PATIENT_MS))!.count >= 2);
  t.is(store.status.trouble, null);
});

test('an engine that dies is missed at once, and found again when it is back', async (t) => {
  const { redis, store, answering } = await stage(t);
  await redis.kill();
  await answering(false);
  t.is(await store.count('a', HOUR_MS, PATIENT_MS), undefined);
  t.regex(store.status.trouble!, /^ERR_MESH_UNREACHABLE: redis 127\.0\.0\.1:\d+: /);
  await redis.restart();
  await answering(true);
  t.is((await store.count('a', HOUR_MS, PATIENT_MS))?.count, 1);
});

test('a name that holds something else is told, costs its caller an answer, and nobody else', async (t) => {
  const { redis, store } = await stage(t);
  await redis.run('LPUSH', '{meridian}:shared:a', 'x');
  t.is(await store.count('a', HOUR_MS, PATIENT_MS), undefined);
  t.regex(store.status.trouble!, /^ERR_MESH_TYPE: /);
  t.is((await store.count('b', HOUR_MS, PATIENT_MS))?.count, 1);
  t.true(store.status.isAnswering);
  t.is(store.status.trouble, null);
});
