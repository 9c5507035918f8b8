// What sites can take and what they say they receive. All loads are in one unit of the operator's choice (requests per second,
// connections, Mbit/s), the same at every site, because load that one site gives away another one gets.

/** What a site can take. */
export interface Capacity {
  /** Load up to which the site is filled: it keeps some room for what no plan foresees. 0 <= target <= max. */
  readonly target: number;
  /** Load that the site can bear at all. */
  readonly max: number;
}

/** What the agent of a site said last. Figures that cannot be (negative, not numbers) count as not given. */
export interface LoadReport {
  readonly current: number;
  /** Null = as configured. */
  readonly target: number | null;
  readonly max: number | null;
  readonly ageMs: number;
}

/** How a policy takes part in moving load; a policy without these never leaves its plan. */
export interface SpillSettings {
  /** 0..9. Where sites are short, policies of lower priority move first. */
  readonly priority: number;
  /** No client is sent farther than this beyond its nearest site, in kilometres. */
  readonly maxExtraKm: number;
}

/** Of max, where an operator names no target: the mark at which load feedback systems commonly begin to shed. */
export const TARGET_OF_MAX = 0.8;

/** A report is believed for so long; then the configured capacity counts, and the load is computed from what was answered. */
export const REPORT_EXPIRES_MS = 10_000;
