// What `meridian status --json` says of loads and capacities, and what of it is shed. Amounts are in the unit of the sites.

import type { LoadUnit } from '../../model/capacity.ts';
import type { SiteLoad } from '../../steering/site-loads.ts';
import { reasonToText, type SpillReason, spillReasons } from '../../steering/spill-reasons.ts';
import type { SpillView } from './spill-desk.ts';

/** Under `capacity` of the status report; null where no load can move. */
export interface CapacityReport {
  readonly unit: LoadUnit;
  /** Since the last spill step, and the process that made it (null = none yet, or before the start). */
  readonly stepAgeMs: number;
  readonly stepper: string | null;
  readonly sites: readonly SiteCapacity[];
  /** What is shed where, and why: one for each site that gives load away. */
  readonly shed: readonly (SpillReason & { readonly text: string })[];
}

export interface SiteCapacity {
  readonly site: string;
  /** Where load, target and max come from. */
  readonly source: SiteLoad['source'];
  readonly agents: number;
  /** Agents that report in another unit, and are not believed. */
  readonly refused: number;
  /** Of the oldest report that counts; null = none. */
  readonly ageMs: number | null;
  /** As reported; null = not reported: what plans send there is in `planned`. */
  readonly load: number | null;
  /** What it will carry once answers of older plans have run out. */
  readonly planned: number;
  /** Null = not known. */
  readonly target: number | null;
  readonly max: number | null;
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

export function reportCapacity(view: SpillView, unit: LoadUnit, nowMs: number): CapacityReport {
  return {
    unit,
    stepAgeMs: Math.max(0, Math.round(nowMs - view.steppedMs)),
    stepper: view.stepper,
    sites: siteCapacities(view),
    shed: spillReasons(view.outlook).map((reason) => ({ ...reason, text: reasonToText(reason) })),
  };
}

/** Cheap enough for every second, other than the whole report. */
export function siteCapacities({ outlook, loads }: SpillView): readonly SiteCapacity[] {
  const { map } = outlook.state;
  return map.model.sites.map(({ id, index }): SiteCapacity => {
    const rank = map.rankOfSite[index]!;
    const { report, source, agents, refused } = loads[index]!;
    return {
      site: id,
      source,
      agents,
      refused,
      ageMs: report === null ? null : Math.max(0, Math.round(report.ageMs)),
      load: report?.current ?? null,
      planned: outlook.loadAfter[rank]!,
      target: known(outlook.target[rank]!),
      max: known(outlook.max[rank]!),
    };
  });
}
