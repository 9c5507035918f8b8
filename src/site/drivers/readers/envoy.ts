// Clusters of Envoy, from its admin listener: GET /clusters?format=json. The page is a protocol buffer as JSON: what has its default (0,
// false, healthy) is left out, and 64-bit counts are text. A cluster's limit is that of its circuit breaker; hosts have none.
// Source: envoy.admin.v3.Clusters.

import type { Problem } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import type { ServerState } from '../../../model/site-driver.ts';
import { FormError, listAt, objectAt, protoCountAt, textAt } from './fields.ts';
import { parseJson } from './parse.ts';
import type { CountedServer, Servers } from './servers.ts';

const MOST_ENTRIES = 100_000;
const COUNTS: ReadonlySet<string> = new Set(['rq_active', 'rq_total', 'cx_active', 'cx_total']);
/** Envoy's own default, which the page leaves out as well as it likes: it says nothing of what a site can bear. */
const UNTOUCHED_LIMIT = 1024;

export interface EnvoyServers extends Servers {
  /** Requests that a cluster may have under way, of those that have a limit of their own. */
  readonly limits: ReadonlyMap<string, number>;
  /** Clusters with connections and without any request: those of TCP proxies. */
  readonly withoutRequests: ReadonlySet<string>;
}

export function parseEnvoy(text: string, where: string): Result<EnvoyServers, Problem> {
  return parseJson(text, where, (value) => {
    const statuses = listAt(objectAt(value, 'the page')['cluster_statuses'] ?? [], 'cluster_statuses', MOST_ENTRIES);
    const services: string[] = [];
    const servers: CountedServer[] = [];
    const limits = new Map<string, number>();
    const withoutRequests = new Set<string>();
    for (const [i, one] of statuses.entries()) {
      const at = `cluster_statuses[${i}]`;
      const cluster = objectAt(one, at);
      const name = textAt(cluster['name'], `${at}.name`);
      services.push(name);
      const limit = limitOf(cluster, at);
      if (limit !== null) limits.set(name, limit);
      const hosts = listAt(cluster['host_statuses'] ?? [], `${at}.host_statuses`, MOST_ENTRIES);
      const found = hosts.map((host, h) => hostOf(host, name, `${at}.host_statuses[${h}]`));
      servers.push(...found.map(({ server }) => server));
      if (found.some(({ connections }) => connections > 0) && found.every(({ server }) => server.total === 0))
        withoutRequests.add(name);
    }
    return { services, servers, waiting: 0, limits, withoutRequests };
  });
}

function limitOf(cluster: Readonly<Record<string, unknown>>, at: string): number | null {
  if (cluster['circuit_breakers'] === undefined) return null;
  const breakers = objectAt(cluster['circuit_breakers'], `${at}.circuit_breakers`);
  const thresholds = listAt(breakers['thresholds'] ?? [], `${at}.circuit_breakers.thresholds`, 10);
  const first = thresholds
    .map((one) => objectAt(one, `${at}.circuit_breakers.thresholds`))
    .find((one) => one['priority'] !== 'HIGH');
  const most = first?.['max_requests'];
  if (most === undefined) return null;
  const limit = protoCountAt(most, `${at}.max_requests`);
  return limit === UNTOUCHED_LIMIT ? null : limit;
}

/** `connections`: since the start. */
function hostOf(value: unknown, serviceId: string, at: string): { readonly server: CountedServer; readonly connections: number } {
  const host = objectAt(value, at);
  const stats = new Map<string, number>();
  for (const one of listAt(host['stats'] ?? [], `${at}.stats`, 1000)) {
    const { name, value: count } = objectAt(one, `${at}.stats`);
    const key = textAt(name, `${at}.stats.name`);
    if (COUNTS.has(key)) stats.set(key, protoCountAt(count, `${at}.${key}`));
  }
  const server: CountedServer = {
    serviceId,
    serverId: addressOf(host['address'], at),
    state: stateOf(host['health_status'], at),
    // A TCP proxy has connections but no requests.
    current: stats.get('rq_active') || stats.get('cx_active') || 0,
    max: null,
    waiting: 0,
    weight: protoCountAt(host['weight'], `${at}.weight`) || 1,
    total: stats.get('rq_total') ?? 0,
  };
  return { server, connections: stats.get('cx_total') ?? 0 };
}

function addressOf(value: unknown, at: string): string {
  const address = objectAt(value, `${at}.address`);
  if (address['pipe'] !== undefined) return textAt(objectAt(address['pipe'], `${at}.pipe`)['path'], `${at}.pipe.path`);
  const socket = objectAt(address['socket_address'], `${at}.address.socket_address`);
  const text = textAt(socket['address'], `${at}.address.socket_address.address`);
  return `${text.includes(':') ? `[${text}]` : text}:${protoCountAt(socket['port_value'], `${at}.port_value`)}`;
}

const FAILED = [
  ...['failed_active_health_check', 'failed_outlier_check', 'excluded_via_immediate_hc_fail', 'pending_active_hc'],
  'active_hc_timeout',
];

function stateOf(value: unknown, at: string): ServerState {
  if (value === undefined) return 'up';
  const health = objectAt(value, `${at}.health_status`);
  for (const name of FAILED) {
    if (health[name] !== undefined && typeof health[name] !== 'boolean')
      throw new FormError(`${at}.${name} must be true or false`);
    if (health[name] === true) return 'down';
  }
  const eds = health['eds_health_status'];
  if (eds === 'DRAINING') return 'draining';
  return eds === undefined || eds === 'HEALTHY' || eds === 'DEGRADED' || eds === 'UNKNOWN' ? 'up' : 'down';
}
