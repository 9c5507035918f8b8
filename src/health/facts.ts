// Health at one moment, in columns by member and family: what steering reads and what people are shown. Made by book.ts,
// never changed. The order in force and the verdict behind it are both kept.

import type { Family } from '../base/address.ts';
import { FULL_SHARE, type HealthView } from '../model/health.ts';
import type { Override, Verdict } from '../model/verdict.ts';

/** Columns with one cell for each member (or pool) and family: see cellOf. */
export interface HealthColumns {
  /** 1 = may get traffic. */
  readonly up: Uint8Array;
  /** Thousandths. */
  readonly share: Uint16Array;
  readonly ttlSec: Uint32Array;
  /** By pool. */
  readonly poolUp: Uint8Array;
}

/** IPv4 first. */
export const cellOf = (index: number, family: Family): number => 2 * index + (family === 6 ? 1 : 0);

/** What outlives a process: written to disk, and handed to the next book. */
export interface Remembered {
  readonly verdicts: readonly Verdict[];
  /** `pool#4` and `pool#6` for pools that are down by their watermarks. */
  readonly poolsDown: readonly string[];
}

export class HealthFacts implements HealthView {
  readonly columns: HealthColumns;
  /** Verdicts by member and family; null = nobody checks it. */
  readonly seen: readonly (Verdict | null)[];
  /** By member. */
  readonly orders: readonly (Override | null)[];
  /** Orders in force that name no member. */
  readonly idleOrders: readonly Override[];
  readonly remembered: Remembered;
  /** When something would change even if no new fact came; Infinity = nothing. */
  readonly nextChangeMs: number;

  constructor(
    columns: HealthColumns,
    seen: readonly (Verdict | null)[],
    orders: readonly (Override | null)[],
    idleOrders: readonly Override[],
    remembered: Remembered,
    nextChangeMs: number,
  ) {
    this.columns = columns;
    this.seen = seen;
    this.orders = orders;
    this.idleOrders = idleOrders;
    this.remembered = remembered;
    this.nextChangeMs = nextChangeMs;
  }

  isUp(member: number, family: Family): boolean {
    return this.columns.up[cellOf(member, family)] === 1;
  }

  isOrderedOut(member: number, _family: Family): boolean {
    const order = this.orders[member]!;
    return order !== null && order.action !== 'up';
  }

  weightShare(member: number, family: Family): number {
    return this.columns.share[cellOf(member, family)]!;
  }

  isPoolUp(pool: number, family: Family): boolean {
    return this.columns.poolUp[cellOf(pool, family)] === 1;
  }

  ttlSec(member: number, family: Family): number {
    return this.columns.ttlSec[cellOf(member, family)]!;
  }

  reason(member: number, family: Family): string {
    const order = this.orders[member]!;
    const share = this.weightShare(member, family);
    const verdict = this.seen[cellOf(member, family)]!;
    if (order === null) return reasonSeen(verdict, share);
    const by = `by ${order.author}: ${order.reason}`;
    const seen = verdict === null ? 'not checked' : `seen ${reasonSeen(verdict, FULL_SHARE)}`;
    if (order.action !== 'drain') return `forced ${order.action} ${by} (${seen})`;
    const isDone = !this.isUp(member, family);
    return isDone ? `drained ${by} (${seen})` : `draining, ${percent(share)} of its weight, ${by} (${seen})`;
  }

  /** Whether steering would see a difference between two moments. */
  differsFrom(other: HealthFacts | null): boolean {
    if (other === null || this.turnsFrom(other)) return true;
    const [a, b] = [this.columns, other.columns];
    return !areEqual(a.share, b.share) || !areEqual(a.ttlSec, b.ttlSec);
  }

  /** Whether somebody has come up, gone down or been ordered about: more than a step of a ramp or another TTL. */
  turnsFrom(other: HealthFacts): boolean {
    const [a, b] = [this.columns, other.columns];
    return (
      !areEqual(a.up, b.up) ||
      !areEqual(a.poolUp, b.poolUp) ||
      this.orders.some((order, member) => order !== other.orders[member])
    );
  }
}

function reasonSeen(verdict: Verdict | null, share: number): string {
  if (verdict === null) return 'up, not checked';
  if (verdict.state === 'unknown') return `unknown, ${verdict.why}`;
  if (!verdict.isUp) return `down: ${verdict.why}`;
  return share < FULL_SHARE ? `recovering, ${percent(share)} of its weight` : 'up';
}

const percent = (share: number): string => `${Math.round(share / 10)} %`;

type Column = Uint8Array | Uint16Array | Uint32Array;

function areEqual(a: Column, b: Column): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
