// Time as an argument: the pure core never reads a clock, so that tests decide what time it is.

export interface Clock {
  /** Milliseconds that only grow, for intervals and deadlines. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for stamps that people or other machines read. */
  wallMs(): number;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
