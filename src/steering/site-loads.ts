// What the agents of each site say together. Agents of one site add up; reports in another unit than that of the configuration, and
// those of sites that it does not have, are not believed, but told of.

import { type HeardReport, type LoadReport, type LoadUnit, REPORT_EXPIRES_MS, REPORT_STALE_MS } from '../model/capacity.ts';
import type { Site } from '../model/steering.ts';

/** What is known of the load of a site. */
export interface SiteLoad {
  /** Null = nobody has reported of late: the configured capacity counts. */
  readonly report: LoadReport | null;
  /** `stale`: an agent has not been heard for REPORT_STALE_MS; what it said last still counts. */
  readonly source: 'agents' | 'stale' | 'configured';
  readonly agents: number;
  /** Agents that report in another unit. */
  readonly refused: number;
}

/** By site index. `nowMs` of the mesh's clock. */
export function siteLoads(sites: readonly Site[], unit: LoadUnit, heard: readonly HeardReport[], nowMs: number): SiteLoad[] {
  const bySite = freshBySite(heard, nowMs);
  return sites.map((site) => {
    const all = bySite.get(site.id) ?? [];
    const believed = all.filter((report) => report.unit === unit);
    const refused = all.length - believed.length;
    if (believed.length === 0) return { report: null, source: 'configured', agents: 0, refused };
    const ageMs = believed.reduce((oldest, { atMs }) => Math.max(oldest, nowMs - atMs), 0);
    const report: LoadReport = {
      current: total(believed, ({ current }) => current) ?? 0,
      target: targetOf(site, believed),
      max: total(believed, ({ max }) => max),
      ageMs,
    };
    return { report, source: ageMs >= REPORT_STALE_MS ? 'stale' : 'agents', agents: believed.length, refused };
  });
}

/** The reports that are young enough to be believed, by id of the site. */
export function freshBySite(heard: readonly HeardReport[], nowMs: number): ReadonlyMap<string, readonly HeardReport[]> {
  const bySite = new Map<string, HeardReport[]>();
  for (const report of heard) {
    if (nowMs - report.atMs >= REPORT_EXPIRES_MS) continue;
    const others = bySite.get(report.site);
    if (others === undefined) bySite.set(report.site, [report]);
    else others.push(report);
  }
  return bySite;
}

/** Null if one of them does not say. */
function total(reports: readonly HeardReport[], of: (report: HeardReport) => number | null): number | null {
  let sum = 0;
  for (const report of reports) {
    const value = of(report);
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

/** An agent that drains wants nothing: where targets are those of the configuration, its equal part of them is gone. */
function targetOf({ capacity }: Site, reports: readonly HeardReport[]): number | null {
  const active = reports.filter(({ isDraining }) => !isDraining);
  if (active.length === 0) return 0;
  const said = total(active, ({ target }) => target);
  if (said !== null || active.length === reports.length) return said;
  return capacity === null ? null : (capacity.target * active.length) / reports.length;
}
