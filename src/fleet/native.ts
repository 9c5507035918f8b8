// The fleet aggregator in C++ (native/fleet), if it was built: the same contract and the same bits as kernel.ts, on threads of
// its own. Memory belongs to the addon, and each of its threads is the first to touch its part of it.

import { availableParallelism } from 'node:os';
import { type AddonParts, type AddonPlace, loadAddon } from '../addon/load.ts';
import {
  type Batch,
  badRow,
  checkBatch,
  checkShape,
  type FleetColumns,
  type FleetKernel,
  type FleetShape,
  sharedBatch,
} from './fleet.ts';

const THREADS_MOST = 256;

interface Addon {
  readonly Kernel: new (
    shape: object,
  ) => {
    columns(): FleetColumns & { readonly changed: Uint32Array; readonly tallies: Uint32Array };
    pass(batch: Batch, nowSec: number): Promise<[badRow: number, changed: number]>;
    close(): void;
  };
  /** Asks for huge pages below memory that nothing has written yet. */
  useHugePages(memory: Uint8Array): void;
  /** Reads and writes `octets` by `threads` threads, best of `rounds`: the yardstick of the benchmark. */
  copyOctetsPerSec(octets: number, threads: number, rounds: number): number;
  /** 1 without libnuma. */
  readonly numaNodes: number;
}

const PARTS: AddonParts<Addon> = { Kernel: true, useHugePages: true, copyOctetsPerSec: true, numaNodes: true };

export interface NativeOptions {
  /** Default: one for each core. */
  readonly threads?: number;
  /** How blocks of targets are given to threads; `static` keeps them beside their memory (docs/fleet.md). */
  readonly schedule?: 'static' | 'dynamic' | 'guided';
  /** Spreads the threads over the NUMA nodes, if there are several and libnuma is there. */
  readonly numa?: boolean;
}

export type NativeFleet =
  | {
      readonly addon: Addon;
      /** Room for a batch of `count` results in shared memory with huge pages, which are read much faster than others. */
      batch(count: number): Batch;
      open(shape: FleetShape, options?: NativeOptions): FleetKernel;
    }
  | { readonly addon: undefined; readonly reason: string };

/** The addon, or why there is none: the caller then takes the kernel in TypeScript and says so. */
export function loadNativeFleet(place: AddonPlace = {}): NativeFleet {
  const status = loadAddon<Addon>('fleet', PARTS, place);
  const { addon } = status;
  if (addon === undefined) return status;
  return {
    addon,
    batch: (count) => sharedBatch(count, (memory) => addon.useHugePages(memory)),
    open: (shape, options = {}) => openKernel(addon, shape, options),
  };
}

function openKernel(addon: Addon, shape: FleetShape, options: NativeOptions): FleetKernel {
  checkShape(shape);
  const threads = options.threads ?? availableParallelism();
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= THREADS_MOST)) {
    throw new RangeError(`fleet: threads: found ${threads}, allowed: 1..${THREADS_MOST}`);
  }
  const targets = shape.siteOfTarget.length;
  const probers = shape.regionOfProber.length;
  const kernel = new addon.Kernel({
    ...shape,
    ...shape.damping,
    targets,
    probers,
    quorumVotes: shape.quorum.votes,
    quorumRegions: shape.quorum.regions,
    threads,
    schedule: options.schedule ?? 'static',
    numa: options.numa ?? false,
  });
  const { changed, tallies, ...columns } = kernel.columns();
  let isBusy = false;
  let isClosed = false;
  return {
    columns,
    pass: async (batch, nowSec) => {
      checkBatch(batch, nowSec);
      if (isBusy || isClosed) throw new Error(`fleet: pass: the kernel is ${isClosed ? 'closed' : 'busy with another pass'}`);
      isBusy = true;
      try {
        const [row, count] = await kernel.pass(batch, nowSec);
        if (row >= 0) throw badRow(row, batch, targets, probers);
        return { changed: changed.subarray(0, count), tallies };
      } finally {
        isBusy = false;
      }
    },
    close: () => {
      isClosed = true;
      kernel.close();
    },
  };
}
