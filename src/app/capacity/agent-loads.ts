// What the agents of all sites say of their load, as any process that hears the mesh can tell it: for `meridian status` and the API.

import { type HeardReport, type LoadUnit, NETWORKS_MAX, type NetworkRtt, REPORT_EXPIRES_MS } from '../../model/capacity.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { siteLoads } from '../../steering/site-loads.ts';
import { columns } from '../text/columns.ts';
import { lengthText } from '../text/plain-text.ts';
import type { CapacityBook } from './capacity-book.ts';

/** Of one site; its agents add up. Amounts are in `unit`. */
export interface AgentLoad {
  readonly site: string;
  readonly unit: LoadUnit;
  readonly agents: number;
  /** Agents that report in another unit, and are not believed. */
  readonly refused: number;
  readonly current: number;
  /** Null = as configured. */
  readonly target: number | null;
  readonly max: number | null;
  /** Of the oldest report that counts. */
  readonly ageMs: number;
  /** Round trips of clients as its agents have measured them: the networks with the most connections, NETWORKS_MAX at most. */
  readonly clientRtts: readonly NetworkRtt[];
}

/** Of the sites from which anything is heard. */
export function agentLoads(
  { steering, loadUnit }: Pick<Snapshot, 'steering' | 'loadUnit'>,
  { loads, mesh }: Pick<CapacityBook, 'loads'> & { readonly mesh: Pick<CapacityBook['mesh'], 'nowMs'> },
): AgentLoad[] {
  const nowMs = mesh.nowMs();
  return siteLoads(steering.sites, loadUnit, loads, nowMs).flatMap(({ report, agents, refused }, i) => {
    if (report === null && refused === 0) return [];
    const { current = 0, target = null, max = null, ageMs = 0 } = report ?? {};
    const site = steering.sites[i]!.id;
    const clientRtts = rttsAt(site, loads, nowMs);
    return { site, unit: loadUnit, agents, refused, current, target, max, ageMs: Math.max(0, Math.round(ageMs)), clientRtts };
  });
}

/** A network that several agents of a site have measured: the least of all, and the mean by connections of what each has smoothed. */
function rttsAt(site: string, loads: readonly HeardReport[], nowMs: number): readonly NetworkRtt[] {
  const merged = new Map<string, NetworkRtt>();
  for (const report of loads) {
    if (report.site !== site || nowMs - report.atMs >= REPORT_EXPIRES_MS) continue;
    for (const one of report.clientRtts) {
      const { network } = one;
      const known = merged.get(network);
      if (known === undefined) {
        merged.set(network, one);
        continue;
      }
      const connections = known.connections + one.connections;
      const totalUs = known.smoothedUs * known.connections + one.smoothedUs * one.connections;
      const leastUs = Math.min(known.leastUs, one.leastUs);
      merged.set(network, { network, connections, leastUs, smoothedUs: Math.round(totalUs / connections) });
    }
  }
  return [...merged.values()].sort((a, b) => b.connections - a.connections).slice(0, NETWORKS_MAX);
}

const amount = (value: number | null): string =>
  value === null ? '-' : Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(1);

/** Where no capacity is configured, this is all that is known of loads. */
export function agentLoadLines(loads: readonly AgentLoad[]): string[] {
  if (loads.length === 0) return [];
  return [
    '',
    `Loads that agents report, in ${loads[0]!.unit}`,
    ...columns([
      ['site', 'load', 'target', 'max', 'from'],
      ...loads.map(({ site, current, target, max, agents, refused, ageMs }) => [
        site,
        agents === 0 ? '-' : amount(current),
        amount(target),
        amount(max),
        [
          ...(agents === 0 ? [] : [`${agents} ${agents === 1 ? 'agent' : 'agents'}, ${lengthText(ageMs)} ago`]),
          ...(refused === 0 ? [] : [`${refused} in another unit, NOT BELIEVED`]),
        ].join('; '),
      ]),
    ]),
  ];
}
