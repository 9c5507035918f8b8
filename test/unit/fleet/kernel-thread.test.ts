// The kernel in TypeScript on a thread of its own.

import test from 'ava';
import { openKernelThread } from '../../../src/fleet/kernel-thread.ts';
import { OPINION } from '../../../src/health/damping.ts';
import { batchOf, fleetShape } from '../../support/fleet.ts';

const good = batchOf([0, 1, 2].map((prober) => ({ target: 2, prober, what: 0, latencyUs: 1_000, atSec: 5 })));

test('a pass on another thread tells changes, and its columns are shared memory', async (t) => {
  const kernel = await openKernelThread(fleetShape());
  t.teardown(() => kernel.close());
  t.deepEqual([...(await kernel.pass(good, 5)).changed], [2]);
  t.is(kernel.columns.verdict[2], OPINION.UP);
});

test('a bad row is told by its thread as it would be by this one', async (t) => {
  const kernel = await openKernelThread(fleetShape());
  t.teardown(() => kernel.close());
  const bad = batchOf([{ target: 9, prober: 0, what: 0, latencyUs: 1, atSec: 5 }]);
  await t.throwsAsync(kernel.pass(bad, 5), { message: /row 0 of the batch: target 9/ });
  await t.notThrowsAsync(kernel.pass(good, 5));
});

test('one pass at a time, none after the end, and the end of a pass under way is told', async (t) => {
  const kernel = await openKernelThread(fleetShape());
  const first = kernel.pass(good, 5);
  await t.throwsAsync(kernel.pass(good, 5), { message: /busy with another pass/ });
  await first;
  const last = kernel.pass(good, 6);
  kernel.close();
  await t.throwsAsync(last, { message: 'fleet: pass: the kernel was closed during the pass' });
  await t.throwsAsync(kernel.pass(good, 7), { message: /the kernel is closed/ });
});

test('an impossible shape is refused before a thread is started', async (t) => {
  await t.throwsAsync(openKernelThread(fleetShape({ freshSec: 0 })), { message: /freshSec: found 0/ });
});
