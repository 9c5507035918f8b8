// Loading the native kernel, and its life: one pass at a time, and none after the end.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadNativeFleet } from '../../../src/fleet/native.ts';
import { batchOf, fleetShape } from '../../support/fleet.ts';

const native = loadNativeFleet();
const builtTest = native.addon === null ? test.skip : test;

function folder(t: { teardown(undo: () => void): void }): string {
  const made = mkdtempSync(join(tmpdir(), 'meridian-fleet-'));
  t.teardown(() => rmSync(made, { recursive: true }));
  return `${made}/`;
}

test('without the addon the reason is told', (t) => {
  const directory = folder(t);
  t.like(loadNativeFleet(directory), { addon: null, reason: 'it was not built' });
  writeFileSync(`${directory}fleet.reason`, 'there is no C++ compiler\n');
  t.like(loadNativeFleet(directory), { addon: null, reason: 'there is no C++ compiler' });
});

test('a file that is no addon is a reason, not a crash', (t) => {
  const directory = folder(t);
  copyFileSync(process.argv[1]!, `${directory}fleet.node`);
  t.is(loadNativeFleet(directory).addon, null);
});

test.serial('MERIDIAN_NATIVE=off keeps the addon away', (t) => {
  const before = process.env['MERIDIAN_NATIVE'];
  t.teardown(() => {
    if (before === undefined) delete process.env['MERIDIAN_NATIVE'];
    else process.env['MERIDIAN_NATIVE'] = before;
  });
  process.env['MERIDIAN_NATIVE'] = 'off';
  t.like(loadNativeFleet(), { addon: null, reason: 'switched off by MERIDIAN_NATIVE' });
});

builtTest('a second pass at the same time is refused', async (t) => {
  if (native.addon === null) return t.fail();
  const kernel = native.open(fleetShape(), { threads: 2 });
  const first = kernel.pass(batchOf([]), 1);
  await t.throwsAsync(kernel.pass(batchOf([]), 1), { message: 'fleet: pass: the kernel is busy with another pass' });
  await t.notThrowsAsync(first);
  kernel.close();
});

builtTest('a kernel that is closed during a pass ends the pass, takes no other, and its columns stay readable', async (t) => {
  if (native.addon === null) return t.fail();
  const kernel = native.open(fleetShape());
  const last = kernel.pass(batchOf([{ target: 0, prober: 0, what: 0, latencyUs: 10, atSec: 7 }]), 7);
  kernel.close();
  await last;
  kernel.close();
  await t.throwsAsync(kernel.pass(batchOf([]), 8), { message: 'fleet: pass: the kernel is closed' });
  t.is(kernel.columns.lastSec[0], 7);
});

builtTest('an impossible number of threads is refused', (t) => {
  if (native.addon === null) return t.fail();
  const { open } = native;
  t.throws(() => open(fleetShape(), { threads: 0 }), { message: 'fleet: threads: found 0, allowed: 1..256' });
});
