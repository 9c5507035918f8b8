// Major collections of the garbage collector, as the process itself reports them.

import { constants, PerformanceObserver, type PerformanceObserverEntryList } from 'node:perf_hooks';

const FORCED = 5;

interface Collections {
  readonly count: number;
  readonly longestMs: number;
}

/** Watches from now until end(), which waits for the report of what has happened so far. */
export function watchCollections(): { end(): Promise<Collections> } {
  let count = 0;
  let longestMs = 0;
  const observer = new PerformanceObserver((list: PerformanceObserverEntryList) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { readonly detail: { readonly kind: number } }).detail;
      if (kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
      count++;
      longestMs = Math.max(longestMs, entry.duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    async end(): Promise<Collections> {
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      observer.disconnect();
      return { count, longestMs };
    },
  };
}

/** How long a collection of the whole heap takes, the least of several; needs --expose-gc. */
export function forcedCollectionMs(): number {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < FORCED; i++) {
    const startMs = performance.now();
    globalThis.gc?.();
    leastMs = Math.min(leastMs, performance.now() - startMs);
  }
  return leastMs;
}
