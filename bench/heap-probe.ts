// Preloaded into every thread of a server under test (`node --expose-gc --import`): tells of the thread's garbage collections and of
// its heap. SIGURG asks; each thread then writes one line of JSON to the file named by MERIDIAN_BENCH_HEAP.

import { appendFileSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

export interface HeapReport {
  readonly threadId: number;
  /** After a full collection. */
  readonly usedOctets: number;
  /** Collections since the last report; those that the report itself made are not counted. */
  readonly majors: number;
  readonly longestMajorMs: number;
  readonly minors: number;
  readonly longestMinorMs: number;
}

const { NODE_PERFORMANCE_GC_MAJOR, NODE_PERFORMANCE_GC_MINOR, NODE_PERFORMANCE_GC_FLAGS_FORCED } = constants;
const file = process.env['MERIDIAN_BENCH_HEAP'];

if (file !== undefined) {
  let majors: number[] = [];
  let minors: number[] = [];
  const take = (entries: readonly { readonly duration: number; readonly detail?: unknown }[]): void => {
    for (const { duration, detail } of entries) {
      const { kind, flags } = detail as { kind: number; flags: number };
      if ((flags & NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0) continue;
      if (kind === NODE_PERFORMANCE_GC_MAJOR) majors.push(duration);
      else if (kind === NODE_PERFORMANCE_GC_MINOR) minors.push(duration);
    }
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const report = (): void => {
    take(observer.takeRecords());
    globalThis.gc!();
    const line: HeapReport = {
      threadId,
      usedOctets: process.memoryUsage().heapUsed,
      majors: majors.length,
      longestMajorMs: Math.max(0, ...majors),
      minors: minors.length,
      longestMinorMs: Math.max(0, ...minors),
    };
    majors = [];
    minors = [];
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  const channel = new BroadcastChannel('heap');
  channel.onmessage = report;
  channel.unref();
  if (isMainThread) {
    process.on('SIGURG', () => {
      channel.postMessage(undefined);
      report();
    });
  }
}
