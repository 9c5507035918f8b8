// The port through which steering learns what may get traffic, and the settings by which health/ concludes it.
// Members and pools are named by index, families are those of the question.

import type { Family } from '../base/address.ts';

/** Everything that steering asks about health. All answers belong to one moment. */
export interface HealthView {
  /** Whether a member may get traffic over this address family; for an alias member the family is that of the question. */
  isUp(member: number, family: Family): boolean;
  /** Whether a person or tool has taken it out (drained or down): it gets nothing even when a last resort ignores health. */
  isOrderedOut(member: number, family: Family): boolean;
  /** Share of its weight that a member may have now, in thousandths: less than 1000 while it recovers or drains. */
  weightShare(member: number, family: Family): number;
  /** False while a pool is under its low watermark, and then until it is above the high one. */
  isPoolUp(pool: number, family: Family): boolean;
  /** Seconds until isUp or weightShare could change; NO_CHANGE_FORESEEN if nothing is under way. */
  ttlSec(member: number, family: Family): number;
  /** Why the member is as it is, for people: `up`, `down: 3 of 3 vantage points: refused`. */
  reason(member: number, family: Family): string;
}

/** A time to the next change that nobody foresees. */
export const NO_CHANGE_FORESEEN = 0xffffffff;

/** A share of weight that is all of it, in thousandths. */
export const FULL_SHARE = 1000;

/** What is known where nothing is checked. */
export const EVERYTHING_UP: HealthView = {
  isUp: () => true,
  isOrderedOut: () => false,
  weightShare: () => FULL_SHARE,
  isPoolUp: () => true,
  ttlSec: () => NO_CHANGE_FORESEEN,
  reason: () => 'up',
};

/** A pool goes down when less than `lowPercent` of it is up, and comes back when at least `highPercent` is. */
export interface Watermarks {
  /** 0..100, low <= high. */
  readonly lowPercent: number;
  readonly highPercent: number;
  /** What is counted. */
  readonly of: 'members' | 'weight';
}

/** How votes become verdicts, and verdicts shares. Defaults and their reasons: docs/health.md. */
export interface HealthSettings {
  /** Fewest fresh votes to conclude anything from; 0 = a majority of the vantage points that there can be. */
  readonly leastVotes: number;
  /** Fewest regions that must see a fault, and have fresh votes at all; 0 = two, where probers of two regions are alive. */
  readonly leastRegions: number;
  /** Whether probers ask for more successes of targets that keep flapping. */
  readonly flapGuard: boolean;
  /** Time over which a recovered member gets back its weight; 0 = at once. */
  readonly slowStartMs: number;
  /** Time over which a drained member loses its weight; 0 = at once. */
  readonly drainMs: number;
  /** When a prober mistrusts itself and takes its votes back. */
  readonly withdrawal: WithdrawalRule;
  /** By pool index; null = a pool is up as long as one member is. */
  readonly watermarks: readonly (Watermarks | null)[];
}

/** A prober withdraws when this much of what was up goes down before its eyes within a short time. */
export interface WithdrawalRule {
  /** 1..100. */
  readonly sharePercent: number;
  /** Never for fewer targets than this. */
  readonly leastTargets: number;
  readonly windowMs: number;
}

export const DEFAULT_HEALTH: HealthSettings = {
  leastVotes: 0,
  leastRegions: 0,
  flapGuard: true,
  slowStartMs: 60_000,
  drainMs: 30_000,
  withdrawal: { sharePercent: 90, leastTargets: 3, windowMs: 30_000 },
  watermarks: [],
};
