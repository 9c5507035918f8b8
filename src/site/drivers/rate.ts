// Per second, from counters that only grow until their program restarts.

interface Reading {
  readonly count: number;
  readonly atMs: number;
  readonly perSecond: number;
}

/** Closer readings would make a rate of rounding; the last one holds. */
const LEAST_INTERVAL_MS = 100;

export class Rates {
  #last = new Map<string, Reading>();
  #next = new Map<string, Reading>();

  /** What `key` counts per second since the last turn; 0 the first time, and when the counter has begun anew. */
  perSecond(key: string, count: number, nowMs: number): number {
    const last = this.#last.get(key);
    const elapsedMs = nowMs - (last?.atMs ?? nowMs);
    if (last !== undefined && elapsedMs < LEAST_INTERVAL_MS) {
      this.#next.set(key, last);
      return last.perSecond;
    }
    const perSecond = last === undefined || count < last.count ? 0 : ((count - last.count) * 1000) / elapsedMs;
    this.#next.set(key, { count, atMs: nowMs, perSecond });
    return perSecond;
  }

  /** Ends a reading: counters that were not in it are forgotten. */
  turn(): void {
    this.#last = this.#next;
    this.#next = new Map();
  }
}
