// What probers say of targets, what is concluded from it, and what people decide over both. Plain data, deeply readonly.
// All times are milliseconds of the wall clock, corrected to the mesh's clock (mesh/ keeps the difference).

import type { Outcome } from './probe.ts';

/** One prober's damped opinion of one target. A prober has at most one live vote per target: the greatest `order` counts. */
export interface Vote {
  readonly target: string;
  readonly prober: string;
  readonly region: string;
  /**
   * When the prober began to vote (wall clock, at its start), then a number that grows with each vote it sends. Compared in
   * this order. A withdrawal voids the votes up to a number; those cast when the prober is back have greater ones.
   */
  readonly epoch: number;
  readonly seq: number;
  readonly isUp: boolean;
  /** Since when the prober is of this opinion: up, down, or down only because the flap guard holds it. */
  readonly sinceMs: number;
  /** The newest check behind the vote, and when the vote stops counting. */
  readonly atMs: number;
  readonly expiresMs: number;
  readonly outcome: Outcome;
  readonly latencyUs: number;
  readonly detail: string;
  /**
   * Results that speak against the present opinion, and how many would change it: time-to-change TTLs are made of this. Of a
   * vote of down, `rise` or more against it tell that only the flap guard holds it down.
   */
  readonly against: number;
  readonly needed: number;
}

export type State = 'up' | 'down' | 'unknown';

/** What the votes come to. `unknown` keeps what was concluded last. */
export interface Verdict {
  readonly target: string;
  readonly state: State;
  /** What traffic follows: the state, or the last known one while it is unknown; up if there never was one. */
  readonly isUp: boolean;
  /** Since when `isUp` is what it is; 0 = it has never been seen otherwise. Recovery is counted from here. */
  readonly sinceMs: number;
  /** One line: `3 of 3 vantage points in 3 regions: refused`. */
  readonly why: string;
}

/** A verdict of a fleet aggregator, with what the votes would have told besides. */
export interface FleetVerdict extends Verdict {
  /** Seconds until results could change it, counted when it was concluded; at least 1. Time-to-change TTLs are made of this. */
  readonly changeSec: number;
}

/** An order by a person or a tool, stronger than any verdict. */
export interface Override {
  readonly id: string;
  /** Member, pool or site ids with `*` and `?`: `web/fra`, `web/*`, `site:fra`. */
  readonly glob: string;
  readonly action: 'up' | 'down' | 'drain';
  /** `human` outranks `tool`. */
  readonly source: 'human' | 'tool';
  readonly reason: string;
  readonly author: string;
  readonly createdMs: number;
  /** null = until removed. */
  readonly expiresMs: number | null;
}
