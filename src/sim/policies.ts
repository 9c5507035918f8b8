// The policies that a simulation compares: this project's spill, and what others do, reimplemented for comparison only. All
// choose through the same steering code; they differ in what they tell it.
//
//   spill      steering/spill.ts
//   frozen     spill until all is steady, then one plan of spill for all of that time: what is noise, and nobody's doing
//   nearest    the nearest site that is up, whatever its load
//   threshold  a site gets nothing new above its high mark, until it is under its low mark
//   linear     between a low and a high mark a site is passed over for a share of answers that grows linearly with its load

import { FULL_SHARE, type HealthView } from '../model/health.ts';
import type { SteeringModel } from '../model/steering.ts';
import type { CellTable } from '../steering/classes.ts';
import { type SpillOutcome, spillLimits, spillStateFor, spillStep } from '../steering/spill.ts';
import type { SpillLimits } from '../steering/spill-limits.ts';
import { SpillAtlas, type SpillMap } from '../steering/spill-map.ts';
import type { SpillState } from '../steering/spill-state.ts';
import type { Sites } from './sites.ts';

export const POLICY_NAMES = ['spill', 'frozen', 'nearest', 'threshold', 'linear'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** Marks as shares of max: those that vendors' documentation and examples commonly name. */
const THRESHOLD = { low: 0.7, high: 0.8 };
const LINEAR = { low: 0.7, high: 0.95 };
/** Shares in steps of 2.5 %: finer ones only cost time. */
const LINEAR_STEP = 25;

/** What a policy may look at, and what it concludes. */
export interface PolicyView {
  readonly nowMs: number;
  readonly ttlMs: number;
  readonly sites: Sites;
  /** Queries a second by class. */
  readonly queries: Float64Array;
}

export interface Conclusion {
  readonly health: HealthView;
  readonly limits: SpillLimits | undefined;
  /** Whether plans must be made anew. */
  readonly isNew: boolean;
}

export interface SimPolicy {
  conclude(view: PolicyView): Conclusion;
}

/** The plans that must be kept at a moment; undefined = none. */
export type FixedAt = (atMs: number) => SpillLimits | undefined;

export function makePolicy(name: PolicyName, model: SteeringModel, table: CellTable, fixedAt: FixedAt): SimPolicy {
  switch (name) {
    case 'spill':
      return new SpillPolicy(model, table, () => undefined);
    case 'frozen':
      return new SpillPolicy(model, table, fixedAt);
    case 'nearest':
      return new SharePolicy(() => FULL_SHARE);
    case 'threshold':
      return new SharePolicy((load, isOut) => (load > THRESHOLD.high || (isOut && load > THRESHOLD.low) ? 0 : FULL_SHARE));
    case 'linear':
      return new SharePolicy((load) => {
        const over = (load - LINEAR.low) / (LINEAR.high - LINEAR.low);
        return LINEAR_STEP * Math.round((FULL_SHARE / LINEAR_STEP) * (1 - Math.min(1, Math.max(0, over))));
      });
  }
}

/** Policies that need no more than the load of each site relative to its max: what share of its answers it may keep. */
class SharePolicy implements SimPolicy {
  readonly #shareOf: (load: number, isOut: boolean) => number;
  #shares: Uint16Array | undefined;
  #signature = '';

  constructor(shareOf: (load: number, isOut: boolean) => number) {
    this.#shareOf = shareOf;
  }

  conclude({ nowMs, sites }: PolicyView): Conclusion {
    const reports = sites.reports(nowMs);
    const before = this.#shares;
    this.#shares = Uint16Array.from(reports, (report, site) => {
      if (report === null || report.max === null || report.max === 0) return before?.[site] ?? FULL_SHARE;
      return this.#shareOf(report.current / report.max, before?.[site] === 0);
    });
    const signature = `${this.#shares.join()} ${sites.weightShare.join()}`;
    const isNew = signature !== this.#signature;
    this.#signature = signature;
    return { health: sites.health(this.#shares), limits: undefined, isNew };
  }
}

export class SpillPolicy implements SimPolicy {
  last: SpillOutcome | undefined;
  readonly #atlas: SpillAtlas;
  readonly #fixedAt: FixedAt;
  #map: SpillMap | undefined;
  #signature = '';
  #state: SpillState | undefined;
  /** What plans are made under. */
  limits: SpillLimits | undefined;

  constructor(model: SteeringModel, table: CellTable, fixedAt: FixedAt) {
    this.#atlas = new SpillAtlas(model, table);
    this.#fixedAt = fixedAt;
  }

  conclude({ nowMs, ttlMs, sites, queries }: PolicyView): Conclusion {
    const health = sites.health();
    const signature = sites.weightShare.join();
    const hasChanged = signature !== this.#signature;
    const fixed = this.#fixedAt(nowMs);
    if (fixed !== undefined) {
      const isNew = hasChanged || fixed !== this.limits;
      this.limits = fixed;
      return { health, limits: fixed, isNew };
    }
    if (hasChanged || this.#map === undefined) this.#map = this.#atlas.map(health);
    this.#signature = signature;
    const before = spillStateFor(this.#map, this.#state, nowMs);
    const facts = {
      nowMs,
      ttlSec: ttlMs / 1000,
      queries: [queries],
      reports: sites.reports(nowMs),
      origins: sites.origins(nowMs),
    };
    this.last = spillStep(before, facts);
    this.#state = this.last.state;
    const isNew = hasChanged || !this.#state.admit.every((limit, slot) => limit === before.admit[slot]);
    if (isNew || this.limits === undefined) this.limits = spillLimits(this.#state);
    return { health, limits: this.limits, isNew };
  }
}
