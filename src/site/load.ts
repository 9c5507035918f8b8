// How full the site is, in the unit that all sites share. What it bears shrinks with the servers that are out, so that the DNS servers
// send as many clients as are left room for.

import { type LoadUnit, TARGET_OF_MAX } from '../model/capacity.ts';
import type { LoadSettings, SiteAgentSettings } from '../model/site-agent.ts';
import type { ServiceReport, SiteLoad } from './report.ts';
import type { Service } from './service.ts';
import { AVAILABLE } from './standing.ts';

/** How fast requests or connections begin, measured between two looks. */
export interface Rate {
  begun: number;
  atMs: number;
  perSec: number;
}

const NOTHING: LoadSettings = { unit: 'connections', max: null, target: null };
/** Two looks that are nearer tell nothing of a rate. */
const RATE_GAP_MS = 900;
const OCTETS_PER_MBIT = 125_000;

export function loadOf(
  settings: SiteAgentSettings | null,
  services: readonly Service[],
  reports: readonly ServiceReport[],
  rate: Rate,
  nowMs: number,
): SiteLoad {
  const { unit, max, target } = settings?.load ?? NOTHING;
  const share = reports.length === 0 ? 0 : reports.reduce((sum, { availableShare }) => sum + availableShare, 0) / reports.length;
  const bears = max === null ? (unit === 'connections' ? sumOfLimits(reports) : null) : max * share;
  const wanted = target === null ? (bears === null ? null : bears * TARGET_OF_MAX) : target * share;
  return { unit, current: currentLoad(unit, services, rate, nowMs), target: wanted, max: bears };
}

/** What the servers that can be chosen may have at once; null if one of those that could be has no limit. */
function sumOfLimits(reports: readonly ServiceReport[]): number | null {
  const servers = reports.flatMap((report) => report.servers).filter(({ weight }) => weight > 0);
  if (servers.length === 0 || servers.some(({ maxActive }) => maxActive === null)) return null;
  return servers.reduce((sum, { maxActive, state }) => sum + (AVAILABLE.has(state) ? maxActive! : 0), 0);
}

function currentLoad(unit: LoadUnit, services: readonly Service[], rate: Rate, nowMs: number): number {
  if (unit === 'connections') return services.reduce((sum, { active }) => sum + active, 0);
  if (unit === 'Mbit/s') return services.reduce((sum, service) => sum + octetsPerSec(service, nowMs), 0) / OCTETS_PER_MBIT;
  const elapsedMs = nowMs - rate.atMs;
  if (elapsedMs < RATE_GAP_MS) return rate.perSec;
  const begun = services.reduce((sum, service) => sum + service.begun, 0);
  // The first look has nothing to compare with, and a service that is gone takes its count along.
  rate.perSec = rate.atMs === 0 ? 0 : (Math.max(0, begun - rate.begun) * 1000) / elapsedMs;
  rate.begun = begun;
  rate.atMs = nowMs;
  return rate.perSec;
}

function octetsPerSec({ balancer }: Service, nowMs: number): number {
  const { table } = balancer;
  let sum = 0;
  for (const slot of table.ids.keys()) sum += table.octetsPerSec(slot, nowMs);
  return sum;
}
