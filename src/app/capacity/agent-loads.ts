// What the agents of all sites say of their load, as any process that hears the mesh can tell it: for `meridian status` and the API.

import {
  type HeardReport,
  type LoadUnit,
  NETWORKS_MAX,
  type NetworkRtt,
  REPORT_EXPIRES_MS,
  SAMPLE_MAX,
} from '../../model/capacity.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { siteLoads } from '../../steering/site-loads.ts';
import { columns } from '../text/columns.ts';
import { lengthText } from '../text/plain-text.ts';
import type { CapacityBook } from './capacity-book.ts';

/** A network, and its share of the load of a site, above 0 and at most 1. */
export interface ClientShare {
  readonly network: string;
  readonly share: number;
}

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
  /** Whose the load is, by what its agents have sampled: the greatest shares, SAMPLE_MAX at most; empty = none of them tells. */
  readonly clients: readonly ClientShare[];
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
    const fresh = loads.filter((one) => one.site === site && nowMs - one.atMs < REPORT_EXPIRES_MS);
    const clients = clientsOf(fresh.filter(({ unit }) => unit === loadUnit));
    const amounts = { current, target, max, ageMs: Math.max(0, Math.round(ageMs)) };
    return { site, unit: loadUnit, agents, refused, ...amounts, clientRtts: rttsOf(fresh), clients };
  });
}

/** A network that several agents of a site have measured: the least of all, and the mean by connections of what each has smoothed. */
function rttsOf(reports: readonly HeardReport[]): readonly NetworkRtt[] {
  const merged = new Map<string, NetworkRtt>();
  for (const { clientRtts } of reports) {
    for (const one of clientRtts) {
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

/** Each sample stands for the load of its agent. */
function clientsOf(reports: readonly HeardReport[]): readonly ClientShare[] {
  const loads = new Map<string, number>();
  let total = 0;
  for (const { current, clients } of reports) {
    const parts = clients.reduce((sum, one) => sum + one.parts, 0);
    if (current === 0 || parts === 0) continue;
    total += current;
    for (const one of clients) loads.set(one.network, (loads.get(one.network) ?? 0) + (current * one.parts) / parts);
  }
  const most = [...loads].sort(([, a], [, b]) => b - a).slice(0, SAMPLE_MAX);
  return most.map(([network, load]) => ({ network, share: load / total }));
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
