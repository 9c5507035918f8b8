// A scenario under one policy, or under all of them with the optimum as the bound; and the figures as a table.

import type { Scenario } from '../config/scenario.ts';
import type { SteeringModel } from '../model/steering.ts';
import type { SpillLimits } from '../steering/spill-limits.ts';
import { reasonToText, spillReasons } from '../steering/spill-reasons.ts';
import { type Bound, bound, displacement, type Figures, measure, type Run } from './figures.ts';
import type { OptimumSolver } from './optimum.ts';
import { POLICY_NAMES, type PolicyName, SpillPolicy } from './policies.ts';
import { makeWorld, type Sample, type World } from './run.ts';
import { steadyStretches, TRANSIENT_TTLS } from './transients.ts';

/**
 * So many plans that spill had while all was steady, at moments evenly far apart, are each kept for all of that time. Which classes
 * happen to be parted makes loads up to a third more or less even, whoever leaves the plan alone; so one of them is no yardstick.
 */
const FIXED_PLANS = 5;

export interface Comparison {
  readonly title: string;
  readonly world: World;
  /** The first is that of spill, whose samples charts are drawn from. */
  readonly runs: readonly Run[];
  /** Of plans that are kept, the first that of the run above; none if nothing is steady, or nobody asked. */
  readonly fixed: readonly Figures[];
  /** Null where no solver is installed, or nobody asked. */
  readonly bound: Bound | null;
  /** When most load was away from its nearest site, and what was said about it then. */
  readonly busiest: { readonly sample: Sample; readonly reasons: readonly string[] } | null;
}

/** With what a run is compared: nothing, its own plans left alone and the optimum (if there is a solver), or all policies too. */
export type Against = 'nothing' | 'bounds' | 'all';

const RIVALS: Readonly<Record<Against, readonly PolicyName[]>> = {
  nothing: [],
  bounds: [],
  all: POLICY_NAMES.filter((name) => name !== 'spill' && name !== 'frozen'),
};

export function simulate(scenario: Scenario, model: SteeringModel, against: Against, solve?: OptimumSolver): Comparison {
  const world = makeWorld(scenario, model);
  let busiest: Comparison['busiest'] = null;
  let most = 0;
  const plans: TimedPlan[] = [];
  const own = measure(world, 'spill', (sample, policy) => {
    if (!(policy instanceof SpillPolicy) || policy.last === undefined) return;
    if (policy.limits !== undefined) plans.push({ atMs: sample.atMs, limits: policy.limits });
    const { amount } = displacement(world, sample);
    if (amount <= most) return;
    most = amount;
    busiest = { sample, reasons: spillReasons(policy.last).map((reason) => reasonToText(reason)) };
  });
  const fixed = against === 'nothing' ? [] : fixedRuns(world, plans);
  const rivals = RIVALS[against].map((name) => measure(world, name));
  const runs = [own, ...fixed.slice(0, 1), ...rivals];
  return {
    title: scenario.title,
    world,
    runs,
    fixed: fixed.map(({ figures }) => figures),
    bound: against !== 'nothing' && solve !== undefined ? bound(world, runs[0]!.samples, solve) : null,
    busiest,
  };
}

/** A plan that spill had. */
interface TimedPlan {
  readonly atMs: number;
  readonly limits: SpillLimits;
}

/** Runs in which one plan is kept while all is steady, and for as long before as answers take to run out. */
function fixedRuns(world: World, plans: readonly TimedPlan[]): Run[] {
  const { scenario } = world;
  const earlyMs = TRANSIENT_TTLS * scenario.ttl;
  const stretches = steadyStretches(scenario).map(({ fromMs, untilMs }) => ({
    fromMs: fromMs - earlyMs,
    untilMs,
    plans: plans.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs),
  }));
  if (stretches.length === 0) return [];
  return Array.from({ length: FIXED_PLANS }, (_, k) =>
    measure(world, 'frozen', undefined, (atMs) => {
      const stretch = stretches.find(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs);
      return stretch?.plans[Math.floor(((k + 0.5) / FIXED_PLANS) * stretch.plans.length)]?.limits;
    }),
  );
}

const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;

const COLUMNS: readonly { readonly title: string; value(figures: Figures): string }[] = [
  { title: 'over capacity', value: (f) => percent(f.overShareSettled, 3) },
  { title: 'with transients', value: (f) => percent(f.overShare, 3) },
  { title: 'worst site', value: (f) => percent(f.worst, 0) },
  { title: 'lost', value: (f) => percent(f.lostShare) },
  { title: 'moved', value: (f) => percent(f.movedShare) },
  { title: 'extra km', value: (f) => f.extraKm.toFixed(1) },
];

/** Figures of this policy relative to the bound and to its own last plans left alone: what docs/spillover.md tells. */
export function ratios({ runs, fixed, bound: best }: Comparison): {
  readonly extraKm: number | null;
  readonly moved: number | null;
  readonly variance: number | null;
  readonly ripple: number | null;
} {
  const own = runs[0]!.figures;
  const mean = (of: (figures: Figures) => number | null): number =>
    fixed.reduce((sum, figures) => sum + (of(figures) ?? 0), 0) / fixed.length;
  const [variance, ripple] = [mean((figures) => figures.variance), mean((figures) => figures.ripple)];
  return {
    extraKm: best !== null && best.extraKm > 0 ? own.extraKm / best.extraKm : null,
    moved: best !== null && best.movedShare > 0 ? own.movedShare / best.movedShare : null,
    variance: own.variance !== null && variance > 0 ? own.variance / variance : null,
    ripple: own.ripple !== null && ripple > 0 ? own.ripple / ripple : null,
  };
}

export function comparisonToText(comparison: Comparison): string {
  const { title, runs, bound: best, busiest } = comparison;
  const head = ['', ...COLUMNS.map((column) => column.title)];
  const rows = runs.map(({ figures }) => [figures.policy as string, ...COLUMNS.map((column) => column.value(figures))]);
  if (best !== null) rows.push(['optimum', '', '', '', '', percent(best.movedShare), best.extraKm.toFixed(1)]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  const lines = [title, '', line(head), ...rows.map(line)];
  const { extraKm, moved, variance, ripple } = ratios(comparison);
  if (extraKm !== null && moved !== null) {
    lines.push('', `spill / optimum: extra distance ${extraKm.toFixed(3)}, share moved ${moved.toFixed(3)}`);
  }
  if (variance !== null && ripple !== null) {
    const around = `around the mean of ten TTLs ${ripple.toFixed(3)}`;
    lines.push(`spill / frozen: variance of load while demand is steady ${variance.toFixed(3)}, ${around}`);
  }
  if (busiest !== null && busiest.reasons.length > 0) {
    lines.push('', `when most was moved, after ${Math.round(busiest.sample.atMs / 1000)} s:`);
    lines.push(...busiest.reasons.map((reason) => `  ${reason}`));
  }
  return lines.join('\n');
}
