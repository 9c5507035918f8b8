// What `meridian status --json` says of health: who gets traffic, what is seen, by whom and how old it is, and what people have
// ordered. Times are ages or durations in milliseconds at the moment of the report; only overrides carry wall clock times.

import type { Family } from '../../base/address.ts';
import type { FleetStatus } from '../../fleet/fleet-desk.ts';
import type { MeshStatus, OverrideSet, Peer, Role } from '../../model/mesh.ts';
import type { Outcome } from '../../model/probe.ts';
import type { Override } from '../../model/verdict.ts';

/** Under `health` of the status report. */
export interface HealthReport {
  readonly mesh: MeshStatus;
  readonly self: { readonly id: string; readonly region: string; readonly roles: readonly Role[]; readonly isWithdrawn: boolean };
  readonly peers: readonly Peer[];
  /** Since health was last concluded. */
  readonly concludedAgeMs: number;
  readonly members: readonly MemberReport[];
  readonly overrides: OverrideSet;
  /** Orders in force that name no member. */
  readonly idleOrders: readonly Override[];
  /** The aggregators whose verdicts stand in for votes, by id. */
  readonly aggregators?: readonly string[];
  /** Of this process, with the role `fleet`; else null. */
  readonly fleet?: FleetStatus | null;
}

export interface MemberReport {
  readonly member: string;
  readonly pool: string;
  readonly site: string;
  /** Only those that it serves. */
  readonly families: readonly FamilyReport[];
  /** The order in force; null = none. */
  readonly order: Override | null;
}

export interface FamilyReport {
  readonly family: Family;
  /** What traffic follows. */
  readonly isUp: boolean;
  readonly sharePermille: number;
  readonly reason: string;
  /** Seconds until it could change; null = no change foreseen. */
  readonly ttlSec: number | null;
  /** What is seen; `unchecked` = nobody looks. */
  readonly seen: 'up' | 'down' | 'unknown' | 'unchecked';
  /** How long it has been so; null = it has never been seen otherwise, or nobody looks. */
  readonly sinceMs: number | null;
  readonly why: string | null;
  /** Fresh votes, by prober. */
  readonly votes: readonly VoteReport[];
}

export interface VoteReport {
  readonly prober: string;
  readonly region: string;
  readonly isUp: boolean;
  readonly outcome: Outcome;
  readonly latencyUs: number;
  readonly detail: string;
  /** Since the newest check behind it. */
  readonly ageMs: number;
  /** How long the prober has been of this opinion. */
  readonly sinceMs: number;
}
