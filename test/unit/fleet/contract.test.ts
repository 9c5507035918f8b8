// Both kernels keep one contract, and give the same bits whatever the number of threads.

import test from 'ava';
import fc from 'fast-check';
import { type FleetKernel, HELD_DOWN, STATE_MASK } from '../../../src/fleet/fleet.ts';
import { loadNativeFleet } from '../../../src/fleet/native.ts';
import { OPINION } from '../../../src/health/damping.ts';
import { OUTCOME } from '../../../src/model/probe.ts';
import { anyShape, batchOf, bitsOf, fleetShape, kernelsOn, passesFor, type Row } from '../../support/fleet.ts';

const THREADS = [1, 2, 3, 7];
const native = loadNativeFleet();
if (native.addon === undefined) console.log(`fleet: the native kernel is not tested: ${native.reason}`);

const seenBy = (probers: readonly number[], what: number, atSec: number, target = 0): Row[] =>
  probers.map((prober) => ({ target, prober, what, latencyUs: 1_000, atSec }));

test('on a machine that builds the addon both kernels are tested', (t) => {
  const isBuilt = native.addon !== undefined;
  t.true(isBuilt || process.env['CI'] === undefined);
});

test('all kernels give the same bits for the same batches, whatever the number of threads', async (t) => {
  const cases = anyShape.chain((shape) => fc.tuple(fc.constant(shape), passesFor(shape)));
  await fc.assert(
    fc.asyncProperty(cases, async ([shape, passes]) => {
      const kernels = kernelsOn(THREADS).map(({ name, open }) => ({ name, kernel: open(shape) }));
      for (const { rows, nowSec } of passes) {
        const batch = batchOf(rows);
        const expected = bitsOf(kernels[0]!.kernel, await kernels[0]!.kernel.pass(batch, nowSec));
        for (const { name, kernel } of kernels.slice(1)) {
          t.deepEqual(bitsOf(kernel, await kernel.pass(batch, nowSec)), expected, name);
        }
      }
      for (const { kernel } of kernels) kernel.close();
    }),
    { numRuns: 60, seed: 20_261_121 },
  );
});

for (const { name, open: openShape } of kernelsOn([2])) {
  const open = (shape = fleetShape()): FleetKernel => openShape(shape);

  test(`${name}: a target is unknown and taken as up until enough probers have an opinion`, async (t) => {
    const kernel = open();
    const first = await kernel.pass(batchOf(seenBy([0], OUTCOME.OK, 5)), 5);
    t.deepEqual([...first.changed], []);
    const second = await kernel.pass(batchOf(seenBy([1], OUTCOME.OK, 5)), 5);
    t.deepEqual([...second.changed], [0]);
    t.is(kernel.columns.verdict[0], OPINION.UP);
  });

  test(`${name}: only changes are told, targets ascending`, async (t) => {
    const kernel = open();
    const up = [3, 1, 0].flatMap((target) => seenBy([0, 1, 2], OUTCOME.OK, 5, target));
    t.deepEqual([...(await kernel.pass(batchOf(up), 5)).changed], [0, 1, 3]);
    t.deepEqual([...(await kernel.pass(batchOf(up), 6)).changed], []);
  });

  test(`${name}: votes that expire leave the target unknown, held as it was`, async (t) => {
    const kernel = open(fleetShape({ damping: { rise: 2, fall: 1, isGuarded: true } }));
    await kernel.pass(batchOf(seenBy([0, 1, 2], OUTCOME.TIMEOUT, 100)), 100);
    t.is(kernel.columns.verdict[0], OPINION.DOWN | HELD_DOWN);
    t.deepEqual([...(await kernel.pass(batchOf([]), 119)).changed], []);
    t.deepEqual([...(await kernel.pass(batchOf([]), 120)).changed], [0]);
    t.is(kernel.columns.verdict[0]! & STATE_MASK, OPINION.UNKNOWN);
    t.is(kernel.columns.verdict[0]! & HELD_DOWN, HELD_DOWN);
  });

  test(`${name}: what the flap guard holds takes down nothing, and keeps down what is down`, async (t) => {
    const kernel = open(fleetShape({ damping: { rise: 1, fall: 1, isGuarded: true } }));
    const pass = async (probers: readonly number[], what: number): Promise<number> => {
      await kernel.pass(batchOf(seenBy(probers, what, 100)), 100);
      return kernel.columns.verdict[0]!;
    };
    await pass([0, 1, 2], OUTCOME.OK);
    for (const prober of [0, 1]) for (let flap = 0; flap < 3; flap++) for (const what of [1, 0]) await pass([prober], what);
    t.deepEqual([...kernel.columns.opinion.subarray(0, 3)], [OPINION.HELD, OPINION.HELD, OPINION.UP]);
    t.is(kernel.columns.verdict[0], OPINION.UP);
    t.is(await pass([0, 1], OUTCOME.TIMEOUT), OPINION.DOWN | HELD_DOWN);
    t.is(await pass([0, 1], OUTCOME.OK), OPINION.DOWN | HELD_DOWN);
    for (let success = 1; success <= 38; success++) t.is(await pass([0], OUTCOME.OK), OPINION.DOWN | HELD_DOWN);
    t.is(await pass([0, 0], OUTCOME.OK), OPINION.UP);
  });

  test(`${name}: a batch that names what is not there is refused whole, with its row`, async (t) => {
    const kernel = open();
    const rows = [...seenBy([0, 1], OUTCOME.OK, 5), { target: 4, prober: 0, what: 0, latencyUs: 1, atSec: 5 }];
    await t.throwsAsync(kernel.pass(batchOf(rows), 5), {
      instanceOf: RangeError,
      message: 'fleet: row 2 of the batch: target 4, prober 0; allowed: targets below 4, probers below 3',
    });
    await t.throwsAsync(kernel.pass(batchOf(seenBy([3], OUTCOME.OK, 5)), 5), {
      message: /row 0 of the batch: target 0, prober 3/,
    });
    t.true(kernel.columns.lastSec.every((lastSec) => lastSec === 0));
  });

  test(`${name}: columns shorter than the batch says, and times of more than 32 bits, are refused`, async (t) => {
    const kernel = open();
    const batch = { ...batchOf(seenBy([0, 1], OUTCOME.OK, 5)), latencyUs: new Uint32Array(1) };
    await t.throwsAsync(kernel.pass(batch, 5), { message: 'fleet: rows of latencyUs: found 2, allowed: 0..1' });
    await t.throwsAsync(kernel.pass(batchOf([]), 2 ** 32), { message: /nowSec/ });
  });

  test(`${name}: an impossible shape is refused`, (t) => {
    t.throws(() => open(fleetShape({ siteOfTarget: Uint16Array.of(0, 1) })), { message: 'fleet: site: found 1, allowed: 0..0' });
    t.throws(() => open(fleetShape({ targets: 0 })), { message: /^fleet: targets: found 0/ });
    t.throws(() => open(fleetShape({ regionOfProber: new Uint8Array(1025) })), { message: /^fleet: probers: found 1025/ });
  });
}
