// How fast things are noticed in a drill's own world, and how long each may take. `default` is the product as it comes, held to what
// docs/health.md promises; `quick` shortens the waits, so that a drill takes seconds, with limits for a machine that is busy.

import type { LimitName } from '../../drill/model.ts';

export interface Pace {
  readonly intervalMs: number;
  readonly transitionMs: number;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly slowStartMs: number;
  readonly heartbeatMs: number;
  readonly expiryMs: number;
  readonly withdrawalWindowMs: number;
  readonly sentinelDownMs: number;
  readonly steadyMs: number;
  readonly limitsMs: Readonly<Record<LimitName, number>>;
}

export const PACES: Readonly<Record<'default' | 'quick', Pace>> = {
  default: {
    intervalMs: 5000,
    transitionMs: 1000,
    timeoutMs: 4000,
    connectTimeoutMs: 2000,
    slowStartMs: 60_000,
    heartbeatMs: 1000,
    expiryMs: 5000,
    withdrawalWindowMs: 30_000,
    sentinelDownMs: 5000,
    steadyMs: 15_000,
    limitsMs: {
      refused: 8000,
      silent: 20_000,
      home: 85_000, // noticed within 7 s, 60 s of slow start, and fifteen replies in a row that show it
      answering: 15_000,
      joined: 60_000,
      relieved: 60_000,
    },
  },
  quick: {
    intervalMs: 1000,
    transitionMs: 250,
    timeoutMs: 1000,
    connectTimeoutMs: 500,
    slowStartMs: 3000,
    heartbeatMs: 250,
    expiryMs: 3000,
    withdrawalWindowMs: 10_000,
    sentinelDownMs: 1500,
    steadyMs: 3000,
    limitsMs: { refused: 8000, silent: 12_000, home: 30_000, answering: 30_000, joined: 40_000, relieved: 60_000 },
  },
};
