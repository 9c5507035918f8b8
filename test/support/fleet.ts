// Fleets for tests: shapes and batches of results drawn by fast-check, the kernels that must agree, and their state as text.

import fc from 'fast-check';
import { type Batch, type FleetKernel, type FleetShape, sharedBatch } from '../../src/fleet/fleet.ts';
import { TypeScriptKernel } from '../../src/fleet/kernel.ts';
import { loadNativeFleet, type NativeOptions } from '../../src/fleet/native.ts';

/** One result of a batch. */
export interface Row {
  readonly target: number;
  readonly prober: number;
  readonly what: number;
  readonly latencyUs: number;
  readonly atSec: number;
}

/** Columns in shared memory, as the threads that fill them see it. */
export function batchOf(rows: readonly Row[]): Batch {
  const native = loadNativeFleet();
  const batch = native.addon === undefined ? sharedBatch(rows.length) : native.batch(rows.length);
  for (const [at, row] of rows.entries()) {
    batch.target[at] = row.target;
    batch.prober[at] = row.prober;
    batch.what[at] = row.what;
    batch.latencyUs[at] = row.latencyUs;
    batch.atSec[at] = row.atSec;
  }
  return batch;
}

export function fleetShape(given: Partial<FleetShape> & { readonly targets?: number } = {}): FleetShape {
  const { targets = 4, ...rest } = given;
  return {
    siteOfTarget: new Uint16Array(targets),
    sites: 1,
    regionOfProber: Uint8Array.of(0, 1, 2),
    regions: 3,
    damping: { rise: 2, fall: 3, isGuarded: true },
    quorum: { votes: 2, regions: 2 },
    freshSec: 20,
    ...rest,
  };
}

export const anyShape: fc.Arbitrary<FleetShape> = fc
  .record({
    targets: fc.integer({ min: 1, max: 150 }),
    regionOfProber: fc.uint8Array({ min: 0, max: 3, minLength: 1, maxLength: 11 }),
    sites: fc.integer({ min: 1, max: 3 }),
    rise: fc.integer({ min: 1, max: 5 }),
    fall: fc.integer({ min: 1, max: 4 }),
    isGuarded: fc.boolean(),
    votes: fc.integer({ min: 1, max: 4 }),
    quorumRegions: fc.integer({ min: 1, max: 3 }),
    freshSec: fc.integer({ min: 1, max: 60 }),
  })
  .map(({ targets, regionOfProber, sites, rise, fall, isGuarded, votes, quorumRegions, freshSec }) => ({
    siteOfTarget: Uint16Array.from({ length: targets }, (_, target) => (target * 7) % sites),
    sites,
    regionOfProber,
    regions: 4,
    damping: { rise, fall, isGuarded },
    quorum: { votes, regions: quorumRegions },
    freshSec,
  }));

const anyWhat = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 128) },
  { weight: 3, arbitrary: fc.constantFrom(1, 2, 130) },
  { weight: 1, arbitrary: fc.nat(255) },
);
const anyLatencyUs = fc.oneof(fc.nat(200_000), fc.nat(2 ** 32 - 1), fc.constantFrom(0, 1, 2 ** 24 - 1, 2 ** 24));

/** Several passes: whole sweeps in the order of the state, parts of sweeps, runs of results of a few, and results in any order. */
export const passesFor = (shape: FleetShape): fc.Arbitrary<{ readonly rows: Row[]; readonly nowSec: number }[]> => {
  const targets = shape.siteOfTarget.length;
  const probers = shape.regionOfProber.length;
  const anyRow = fc.record({
    target: fc.nat(targets - 1),
    prober: fc.nat(probers - 1),
    what: anyWhat,
    latencyUs: anyLatencyUs,
    atSec: fc.nat(3),
  });
  const inAnyOrder = fc.array(anyRow, { maxLength: 300 });
  // one pair after another, so often that flap guards wake
  const inRuns = fc
    .array(
      fc.record({
        ...{ target: fc.nat(Math.min(1, targets - 1)), prober: fc.nat(probers - 1) },
        length: fc.integer({ min: 1, max: 6 }),
      }),
      { minLength: 60, maxLength: 200 },
    )
    .map((runs) =>
      runs.flatMap(({ target, prober, length }, at) =>
        Array.from({ length }, () => ({ target, prober, what: at % 2, latencyUs: 1000, atSec: 0 })),
      ),
    );
  const wholeSweep = fc
    .array(fc.record({ what: anyWhat, latencyUs: anyLatencyUs, atSec: fc.nat(3) }), { minLength: 1, maxLength: 40 })
    .map((cycle) =>
      Array.from({ length: targets * probers }, (_, pair) => ({
        ...cycle[pair % cycle.length]!,
        target: Math.floor(pair / probers),
        prober: pair % probers,
      })),
    );
  const partOfSweep = fc
    .tuple(wholeSweep, fc.integer({ min: 2, max: 90 }))
    .map(([rows, gap]) => rows.filter((_, at) => at % gap));
  return fc
    .array(fc.tuple(fc.oneof(inAnyOrder, inRuns, wholeSweep, partOfSweep), fc.nat(400)), { minLength: 1, maxLength: 6 })
    .map((passes) => {
      let nowSec = 0;
      return passes.map(([rows, laterSec]) => {
        nowSec += laterSec;
        return { rows: rows.map((row) => ({ ...row, atSec: Math.max(0, nowSec - row.atSec) })), nowSec };
      });
    });
};

export interface NamedKernel {
  readonly name: string;
  open(shape: FleetShape): FleetKernel;
}

/** Both kernels, the native one with each number of threads and each way of scheduling; only the first if it was not built. */
export function kernelsOn(threads: readonly number[]): NamedKernel[] {
  const kernels: NamedKernel[] = [{ name: 'TypeScript', open: (shape) => new TypeScriptKernel(shape) }];
  const native = loadNativeFleet();
  if (native.addon === undefined) return kernels;
  const add = (name: string, options: NativeOptions): void => {
    kernels.push({ name: `native, ${name}`, open: (shape) => native.open(shape, options) });
  };
  for (const count of threads) add(`${count} threads`, { threads: count });
  add('dynamic', { threads: 3, schedule: 'dynamic', numa: true });
  add('guided', { threads: 2, schedule: 'guided' });
  return kernels;
}

/** Every bit of the state and of what the last pass found. */
export function bitsOf(kernel: FleetKernel, found: { readonly changed: Uint32Array; readonly tallies: Uint32Array }): object {
  const columns = Object.entries(kernel.columns).map(([name, column]) => [name, Array.from(column as Uint32Array)]);
  return { ...Object.fromEntries(columns), changed: Array.from(found.changed), tallies: Array.from(found.tallies) };
}
