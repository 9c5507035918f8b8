// Loading the native kernel, and its life: one pass at a time, and none after the end.

import test from 'ava';
import { loadNativeFleet } from '../../../src/fleet/native.ts';
import { batchOf, fleetShape } from '../../support/fleet.ts';

const native = loadNativeFleet();
const builtTest = native.addon === undefined ? test.skip : test;

test('without the addon the reason is told', (t) => {
  t.deepEqual(loadNativeFleet({ env: { MERIDIAN_NATIVE: 'off' } }), { addon: undefined, reason: 'MERIDIAN_NATIVE=off' });
});

builtTest('a second pass at the same time is refused', async (t) => {
  if (native.addon === undefined) return t.fail();
  const kernel = native.open(fleetShape(), { threads: 2 });
  const first = kernel.pass(batchOf([]), 1);
  await t.throwsAsync(kernel.pass(batchOf([]), 1), { message: 'fleet: pass: the kernel is busy with another pass' });
  await t.notThrowsAsync(first);
  kernel.close();
});

builtTest('a kernel that is closed during a pass ends the pass, takes no other, and its columns stay readable', async (t) => {
  if (native.addon === undefined) return t.fail();
  const kernel = native.open(fleetShape());
  const last = kernel.pass(batchOf([{ target: 0, prober: 0, what: 0, latencyUs: 10, atSec: 7 }]), 7);
  kernel.close();
  await last;
  kernel.close();
  await t.throwsAsync(kernel.pass(batchOf([]), 8), { message: 'fleet: pass: the kernel is closed' });
  t.is(kernel.columns.lastSec[0], 7);
});

builtTest('an impossible number of threads is refused', (t) => {
  if (native.addon === undefined) return t.fail();
  const { open } = native;
  t.throws(() => open(fleetShape(), { threads: 0 }), { message: 'fleet: threads: found 0, allowed: 1..256' });
});
