// A scenario under one policy, or under all of them with the optimum as the bound; and the figures as a table.

import type { Scenario } from '../config/scenario.ts';
import type { SteeringModel } from '../model/steering.ts';
import { reasonToText, spillReasons } from '../steering/spill-reasons.ts';
import { type Bound, bound, displacement, type Figures, measure, type Run } from './figures.ts';
import type { OptimumSolver } from './optimum.ts';
import { POLICY_NAMES, type PolicyName, SpillPolicy } from './policies.ts';
import { makeWorld, type Sample, type World } from './run.ts';

export interface Comparison {
  readonly title: string;
  readonly world: World;
  /** The first is that of spill, whose samples charts are drawn from. */
  readonly runs: readonly Run[];
  /** Null where no solver is installed, or nobody asked. */
  readonly bound: Bound | null;
  /** When most load was away from its nearest site, and what was said about it then. */
  readonly busiest: { readonly sample: Sample; readonly reasons: readonly string[] } | null;
}

/** `solve`: compare with all policies and, if there is one, the optimum; absent = this project's policy only. */
export function simulate(scenario: Scenario, model: SteeringModel, compares: boolean, solve?: OptimumSolver): Comparison {
  const world = makeWorld(scenario, model);
  let busiest: Comparison['busiest'] = null;
  let most = 0;
  const names: readonly PolicyName[] = compares ? POLICY_NAMES : ['spill'];
  const runs = names
    .filter((name) => name !== 'frozen' || scenario.steadyFrom !== null)
    .map((name) =>
      measure(world, name, (sample, policy) => {
        if (name !== 'spill' || !(policy instanceof SpillPolicy) || policy.last === undefined) return;
        const { amount } = displacement(world, sample);
        if (amount <= most) return;
        most = amount;
        busiest = { sample, reasons: spillReasons(policy.last).map((reason) => reasonToText(reason)) };
      }),
    );
  return {
    title: scenario.title,
    world,
    runs,
    bound: compares && solve !== undefined ? bound(world, runs[0]!.samples, solve) : null,
    busiest,
  };
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

/** Figures of this policy relative to the bound and to its own last plans left alone: what docs/capacity.md promises. */
export function ratios({ runs, bound: best }: Comparison): {
  readonly extraKm: number | null;
  readonly moved: number | null;
  readonly variance: number | null;
  readonly ripple: number | null;
} {
  const own = runs[0]!.figures;
  const frozen = runs.find(({ figures }) => figures.policy === 'frozen')?.figures;
  return {
    extraKm: best !== null && best.extraKm > 0 ? own.extraKm / best.extraKm : null,
    moved: best !== null && best.movedShare > 0 ? own.movedShare / best.movedShare : null,
    variance: own.variance !== null && frozen?.variance ? own.variance / frozen.variance : null,
    ripple: own.ripple !== null && frozen?.ripple ? own.ripple / frozen.ripple : null,
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
