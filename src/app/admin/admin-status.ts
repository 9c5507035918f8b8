// The server at a glance, and what /metrics shows of it besides the counters.

import type { Status } from '../../admin/schemas/status.ts';
import type { Member, Pool, Site } from '../../admin/schemas/world.ts';
import { COUNTER_FACTS, type CounterName } from '../../metrics/counters.ts';
import type { GaugeName, GaugeValue, HistogramValue, TallyValue } from '../../metrics/gauges.ts';
import type { Peer } from '../../model/mesh.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { relayAddon } from '../../site/l4/relay-addon.ts';
import { inForce } from '../orders/orders-text.ts';
import type { StatusReport } from '../process/reports.ts';
import { shedBy } from '../site/shed-watch.ts';

/** A member counts as it is worst off; `nowMs` is the wall clock. */
export function statusOf(
  report: StatusReport,
  members: readonly Member[],
  snapshot: Snapshot,
  nowMs: number,
): Omit<Status, 'change'> {
  const { health, zones, counters, version, pid, upSec, endpoints, workers, generation, cells } = report;
  const { mesh, self, peers, aggregators = [], concludedAgeMs, overrides } = health;
  const isSeen = (state: Member['families'][number]['seen']): number =>
    members.filter(({ families }) => families.some(({ seen }) => seen === state)).length;
  return {
    ...{ version, atMs: nowMs, pid, upSec, generation, cells },
    self: { id: self.id, region: self.region, roles: [...self.roles], isWithdrawn: self.isWithdrawn },
    endpoints: endpoints.map(({ address, port }) => ({ address, port })),
    workers,
    zones: zones.length,
    readiness: readinessOf(report),
    mesh: { ...mesh, ageMs: Math.max(0, mesh.ageMs) },
    peers: peers.map(({ id, region, roles, isWithdrawn }: Peer) => ({ id, region, roles: [...roles], isWithdrawn })),
    aggregators: [...aggregators],
    health: {
      concludedAgeMs,
      members: members.length,
      serving: members.filter(({ isServing }) => isServing).length,
      down: isSeen('down'),
      unknown: isSeen('unknown'),
      unchecked: isSeen('unchecked'),
      ordered: members.filter(({ order }) => order !== null).length,
    },
    overrides: { version: overrides.version, inForce: inForce(overrides, nowMs).length },
    safety: snapshot.admin.safety,
    counters: Object.fromEntries(
      Object.entries(counters).map(([name, value]) => {
        const { metric, labels } = COUNTER_FACTS[name as CounterName];
        return [labels === '' ? metric : `${metric}{${labels}}`, value];
      }),
    ),
  };
}

/** A server that answers is ready whatever becomes of the mesh: its answers stay as they were. */
export function readinessOf({ workers, health }: Pick<StatusReport, 'workers' | 'health'>): Status['readiness'] {
  const { mesh, self, members } = health;
  const answers = self.roles.includes('dns');
  const reasons: string[] = [];
  if (answers && workers.alive < workers.wanted) reasons.push(`${workers.alive} of ${workers.wanted} threads answer`);
  if (mesh.state === 'joining')
    reasons.push(answers ? 'the mesh has not been joined: what is remembered is served' : 'the mesh has not been joined');
  if (mesh.state === 'stale') reasons.push('the mesh does not answer: what is known stays');
  if (self.isWithdrawn) reasons.push('this prober mistrusts itself and has taken its votes back');
  if (members.length > 0 && !members.some(({ families }) => families.some(({ isUp }) => isUp))) {
    reasons.push('no member is up: the last resort of each policy decides');
  }
  return { isReady: answers ? workers.alive > 0 : mesh.state !== 'joining', reasons };
}

export interface Measured {
  readonly report: StatusReport;
  readonly status: Status;
  readonly members: readonly Member[];
  readonly pools: readonly Pool[];
  readonly sites: readonly Site[];
}

const STATES: readonly Member['state'][] = [
  'up',
  'down',
  'unknown',
  'unchecked',
  'recovering',
  'draining',
  'drained',
  'forced-up',
  'forced-down',
];

export function gaugesOf({ report, status, members, pools, sites }: Measured): GaugeValue[] {
  const { health } = report;
  const values: GaugeValue[] = [];
  const set = (gauge: GaugeName, value: number, ...labels: string[]): void => {
    values.push({ gauge, labels, value });
  };
  set('BUILD', 1, status.version, status.self.roles.join(','));
  set('UP_SECONDS', status.upSec);
  set('LOADS', status.generation);
  set('READY', Number(status.readiness.isReady));
  set('WORKERS', status.workers.alive, 'alive');
  set('WORKERS', status.workers.wanted, 'wanted');
  for (const { name, serial, records } of report.zones) {
    set('ZONE_SERIAL', serial, name);
    set('ZONE_RECORDS', records, name);
  }
  set('CELLS', status.cells);
  for (const state of STATES) set('MEMBERS', members.filter((member) => member.state === state).length, state);
  set('MEMBERS_ORDERED', status.health.ordered);
  for (const pool of pools) {
    set('POOL_SERVING', pool.serving, pool.id);
    set('POOL_MEMBERS', pool.members, pool.id);
  }
  for (const site of sites) {
    set('SITE_SERVING', site.serving, site.id);
    set('SITE_MEMBERS', site.members, site.id);
  }
  for (const { site, load, planned, target, max } of report.capacity?.sites ?? []) {
    if (load !== null) set('SITE_LOAD', load, site);
    set('SITE_PLANNED', planned, site);
    if (target !== null) set('SITE_TARGET', target, site);
    if (max !== null) set('SITE_MAX', max, site);
  }
  for (const { site, listeners } of report.site) {
    if (listeners.some(({ kind }) => kind === 'tcp')) set('SITE_RELAY', Number(relayAddon !== null), site);
  }
  set('CONCLUDED_AGE', health.concludedAgeMs / 1000);
  set('PROBER_WITHDRAWN', Number(health.self.isWithdrawn));
  for (const state of ['joining', 'joined', 'stale']) set('MESH_STATE', Number(status.mesh.state === state), state);
  set('MESH_AGE', status.mesh.ageMs / 1000);
  for (const role of ['dns', 'probe', 'fleet', 'site', 'admin'] as const) {
    set('MESH_PEERS', health.peers.filter(({ roles }) => roles.includes(role)).length, role);
  }
  const orders = inForce(health.overrides, status.atMs);
  for (const action of ['up', 'down', 'drain'])
    set('OVERRIDES', orders.filter((order) => order.action === action).length, action);
  set('OVERRIDES_VERSION', status.overrides.version);
  return values;
}

/** Of the sites whose agents are in this process: connections that found no descriptor. */
export const talliesOf = ({ site }: Pick<StatusReport, 'site'>): TallyValue[] =>
  site.flatMap((one) =>
    one.listeners
      .filter(({ kind }) => kind === 'tcp')
      .map((listener) => ({ tally: 'SITE_SHED', labels: [one.site, listener.listener], value: shedBy(listener) })),
  );

/** Likewise: round trips of their clients. */
export const histogramsOf = ({ site }: Pick<StatusReport, 'site'>): HistogramValue[] =>
  site.map(({ site: id, clientRtts: { counts, sumUs } }) => ({
    histogram: 'CLIENT_RTT',
    labels: [id],
    counts,
    sum: sumUs / 1_000_000,
  }));
