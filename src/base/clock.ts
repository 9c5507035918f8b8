// Time as an argument: the pure core never reads a clock, so that tests decide what time it is.

export interface Clock {
  /** Milliseconds that only grow, for intervals and deadlines; the same in all threads of the process. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for stamps that people or other machines read. */
  wallMs(): number;
}

const READINGS = 5;

/** Node finds the global `performance` through a getter, each time: a quarter of what reading it costs. */
const timer = performance;

/**
 * What performance.now() of this thread is behind the monotonic clock of the system. Whether it counts from the start of the
 * process or of the thread has changed between releases of Node; times in memory that threads share need one origin.
 */
const ORIGIN_MS = originMs();

function originMs(): number {
  let most = Number.NEGATIVE_INFINITY;
  // A thread that is stopped between the two readings reads too little: of several, the greatest is right.
  for (let i = 0; i < READINGS; i++) {
    const [sec, ns] = process.hrtime();
    most = Math.max(most, sec * 1000 + ns / 1e6 - timer.now());
  }
  return most;
}

export const systemClock: Clock = {
  monotonicMs: () => ORIGIN_MS + timer.now(),
  wallMs: () => Date.now(),
};
