// How long what a prober sees counts without being seen again. Probers put it into their votes, aggregators into their kernels:
// whole seconds, so that both come to the same end.

import type { Cadence } from '../model/probe.ts';

/** Intervals that may pass without a result: one check may be lost or late, and another. */
const INTERVALS = 3;

/** Seconds that a vote counts after the newest result behind it. */
export const freshSec = ({ intervalMs, timeoutMs }: Cadence): number => Math.ceil((INTERVALS * intervalMs + timeoutMs) / 1000);

/** When a vote whose newest result was decided at `atMs` stops counting. */
export const voteExpiryMs = (atMs: number, cadence: Cadence): number => (Math.floor(atMs / 1000) + freshSec(cadence)) * 1000;
