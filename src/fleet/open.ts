// A kernel for a shape: the one in C++ if it was built, else the one in TypeScript; either computes off the calling thread.

import type { FleetKernel, FleetShape } from './fleet.ts';
import { openKernelThread } from './kernel-thread.ts';
import { loadNativeFleet } from './native.ts';

export type OpenKernel = (shape: FleetShape) => Promise<FleetKernel>;

export interface KernelSource {
  readonly open: OpenKernel;
  /** Why the addon is not used; null = it is. */
  readonly withoutAddon: string | null;
}

/** `threads` of the kernel in C++; 0 = one for each core. The kernel in TypeScript has one thread. */
export function kernelSource(threads: number): KernelSource {
  const native = loadNativeFleet();
  if (native.addon === undefined) return { open: openKernelThread, withoutAddon: native.reason };
  const options = threads === 0 ? {} : { threads };
  return { open: async (shape) => native.open(shape, options), withoutAddon: null };
}
