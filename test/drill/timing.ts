// The cadence of a drill and what it must keep to. The full drill runs with the defaults of the product and holds it to issue and
// docs/health.md; the fast one shortens the waits, and its limits leave room for a machine that is busy with something else.

import { PACES, type Pace } from '../../src/app/drill/pace.ts';

export interface Timing extends Pace {
  /** From a fault that each check finds at once to the first right answer of every server. */
  readonly quickLimitMs: number;
  /** The same for a fault that makes each check run into its time limit. */
  readonly slowLimitMs: number;
  /** From the end of a fault to the first answer with the member. */
  readonly recoveryLimitMs: number;
  /** Until the status says that Redis does not answer: 2.5 heartbeats, and the time limit of a command. */
  readonly staleLimitMs: number;
  /** Until processes that have found each other again agree about everything. */
  readonly healLimitMs: number;
  /** Between the first server that answers rightly and the last answer of any that does not. */
  readonly spreadMs: number;
  /** From a verdict until all workers of the server answer by it. */
  readonly swapMs: number;
}

/** Those of docs/health.md and docs/reference/config.md. */
export const FULL: Timing = {
  ...PACES.default,
  quickLimitMs: 8000,
  slowLimitMs: 20_000,
  recoveryLimitMs: 7000,
  staleLimitMs: 5000,
  healLimitMs: 12_000,
  spreadMs: 500,
  swapMs: 50,
};

export const FAST: Timing = {
  ...PACES.quick,
  slowStartMs: 6000, // long enough to see the ramp
  quickLimitMs: 8000,
  slowLimitMs: 12_000,
  recoveryLimitMs: 8000,
  staleLimitMs: 8000,
  healLimitMs: 15_000,
  spreadMs: 3000,
  swapMs: 1000,
};

/** A vote that is not renewed counts for so long: three intervals and a time limit. */
export const voteLifeMs = ({ intervalMs, timeoutMs }: Timing): number => 3 * intervalMs + timeoutMs;
