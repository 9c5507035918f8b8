// A thread that collects its heap for the first time again and again, at the same moments as the other threads that share `gate`:
// each round loads the module anew.

import { workerData } from 'node:worker_threads';
import type * as Collector from '../../src/app/answering/collect-heap.ts';

const { gate, threads, rounds } = workerData as { readonly gate: Int32Array; readonly threads: number; readonly rounds: number };

for (let round = 0; round < rounds; round++) {
  const { collectHeap } = (await import(`../../src/app/answering/collect-heap.js?round=${round}`)) as typeof Collector;
  if (Atomics.add(gate, round, 1) === threads - 1) Atomics.notify(gate, round);
  // Who comes last finds another number there and goes on at once.
  else for (let seen = 1; seen < threads; seen = Atomics.load(gate, round)) Atomics.wait(gate, round, seen);
  collectHeap();
}
