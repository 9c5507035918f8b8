// Who has a lease. The same decision in two places: here, for the memory mesh, and as the script LEASE over Redis (redis-scripts.ts).
//
// - Who has it renews it, and nobody else gets it until it has run out. A new holder has a greater token.
// - A record that is not there may have been lost (a Redis that started empty, a stale replica without it): somebody may still hold the
//   lease. So nobody new gets it for as long as a lease lasts, and only who says that it holds it gets it at once.
// - Tokens never go back, not even when all is lost: a new one is at least the wall clock in milliseconds.

import { err } from '../base/result.ts';
import { meshProblem } from './book-check.ts';

/** `holder` '' = nobody, and nobody new until `untilMs`. */
export interface LeaseRecord {
  readonly holder: string;
  readonly untilMs: number;
  readonly token: number;
}

export interface LeaseAsk {
  readonly holder: string;
  readonly ttlMs: number;
  /** Of the lease that we still hold by our own clock; 0 = we hold none. */
  readonly token: number;
}

/** What stands there afterwards; who asked has it if it is the holder. */
export function decideLease(record: LeaseRecord | undefined, { holder, ttlMs, token }: LeaseAsk, nowMs: number): LeaseRecord {
  const untilMs = nowMs + ttlMs;
  const isLost = record === undefined || record.holder === '';
  if (isLost && token > 0) return { holder, untilMs, token };
  if (record === undefined) return { holder: '', untilMs, token: 0 };
  if (record.untilMs <= nowMs) return { holder, untilMs, token: Math.max(record.token + 1, Math.floor(nowMs)) };
  return record.holder === holder ? { ...record, untilMs } : record;
}

/** Who we are where leases are kept. */
export const holderName = ({ id, epoch }: { readonly id: string; readonly epoch: number }): string => `${epoch} ${id}`;
export const holderId = (name: string): string | null => (name === '' ? null : name.slice(name.indexOf(' ') + 1));

export const unavailable = (why: string) => err(meshProblem('ERR_MESH_UNAVAILABLE', `the lease could not be had: ${why}`));
