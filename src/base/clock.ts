// Time as an argument: the pure core never reads a clock, so that tests decide what time it is.

export interface Clock {
  /** Milliseconds that only grow, for intervals and deadlines; the same in all threads of the process. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for stamps that people or other machines read. */
  wallMs(): number;
}

/**
 * What performance.now() of this thread is behind the monotonic clock of the system. Whether it counts from the start of the
 * process or of the thread has changed between releases of Node; times in memory that threads share need one origin.
 */
const [originSec, originNs] = process.hrtime();
const ORIGIN_MS = originSec * 1000 + originNs / 1e6 - performance.now();

export const systemClock: Clock = {
  monotonicMs: () => ORIGIN_MS + performance.now(),
  wallMs: () => Date.now(),
};
