import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { systemClock } from '../../../src/base/clock.ts';

test('the monotonic clock is the same in every thread, to the order of events', async (t) => {
  const beforeMs = systemClock.monotonicMs();
  const [inThreadMs] = await once(new Worker(new URL('../../support/clock-worker.js', import.meta.url)), 'message');
  const afterMs = systemClock.monotonicMs();
  t.true(beforeMs < inThreadMs && inThreadMs < afterMs, `${beforeMs} ${inThreadMs} ${afterMs}`);
});

test('the wall clock counts from 1970', (t) => {
  t.true(systemClock.wallMs() > Date.UTC(2024));
});
