// A plan as a configuration of HAProxy. A backend for each service and each set of settings that fronts want of it (nearly always one),
// a frontend for each front. The text is the same for the same plan, and its shape - all but weights, limits and states, which can be
// changed at run time - has a hash that HAProxy tells as its description: so we know which configuration runs.

import { createHash } from 'node:crypto';
import { formatCidr } from '../../../base/address.ts';
import type { Problem } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import type { SiteServer, SiteService, TcpFrontSettings } from '../../../model/site.ts';
import type { DriverFront, DriverPlan, HaproxySettings } from '../../../model/site-driver.ts';
import { warning } from '../problem.ts';
import { spreadOf } from './balance.ts';
import { checkPlan } from './check-plan.ts';
import { endpointOf } from './names.ts';
import { haproxyWeights } from './weights.ts';

/** What a server is at run time. */
export interface ServerSetting {
  readonly backend: string;
  readonly serviceId: string;
  readonly server: string;
  readonly weight: number;
  /** Null = no limit. */
  readonly maxActive: number | null;
  readonly isDown: boolean;
}

export interface Rendered {
  readonly text: string;
  /** What HAProxy gives as its description when this shape runs. */
  readonly mark: string;
  readonly servers: readonly ServerSetting[];
  readonly warnings: readonly Problem[];
}

/** Servers that are to be without clients, as `service/server`. */
export type Downs = ReadonlySet<string>;

export const RUNTIME_SOCKET = 'runtime.sock';
const CLIENTS_REMEMBERED = '100k';

/** `isRoot`: whether HAProxy starts as root, and so can become another user. */
export function render(
  plan: DriverPlan,
  settings: HaproxySettings,
  downs: Downs,
  isRoot: boolean,
): Result<Rendered, readonly Problem[]> {
  const problems = checkPlan(plan, settings);
  if (problems.length > 0) return err(problems);
  const warnings: Problem[] = [];
  const servers: ServerSetting[] = [];
  const sections: string[] = [];
  for (const service of plan.services) {
    const groups = groupsOf(plan.fronts.filter(({ serviceId }) => serviceId === service.id));
    if (groups.length > 1 && service.servers.some(({ maxActive }) => maxActive !== null)) {
      warnings.push(
        other(`service ${service.id}: its fronts differ, so maxActive counts for ${groups.length} groups of them apart`),
      );
    }
    for (const [i, fronts] of groups.entries()) {
      const backend = i === 0 ? service.id : `${service.id}:${i + 1}`;
      sections.push(backendText(service, backend, fronts[0]!, settings, downs, servers, warnings));
      for (const front of fronts) sections.push(frontText(front, backend, service));
    }
  }
  const body = sections.join('\n');
  const shape = body
    .replace(/ weight \d+/g, '')
    .replace(/ maxconn \d+ # limit$/gm, ' limit')
    .replace(/ disabled/g, '');
  const mark = `meridian-${createHash('sha256')
    .update(globalText(settings, '', isRoot))
    .update(shape)
    .digest('hex')
    .slice(0, 16)}`;
  return ok({ text: `${globalText(settings, mark, isRoot)}\n${body}`, mark, servers, warnings: once(warnings) });
}

const other = (message: string): Problem => warning('ERR_DRIVER_UNSUPPORTED', `haproxy: ${message}`);
const once = (all: readonly Problem[]): readonly Problem[] => [...new Map(all.map((one) => [one.message, one])).values()];

function globalText(settings: HaproxySettings, mark: string, isRoot: boolean): string {
  const { directory, maxConnections, threads, user, hardStopAfterMs } = settings;
  return section('# Written by Meridian; changes to this file are lost.\nglobal', [
    `description ${mark}`,
    `maxconn ${maxConnections}`,
    ...(threads > 0 ? [`nbthread ${threads}`] : []),
    ...(isRoot && user !== null ? [`user ${user}`] : []),
    `stats socket ${directory}/${RUNTIME_SOCKET} mode 600 level admin expose-fd listeners`,
    `hard-stop-after ${hardStopAfterMs}ms`,
  ]);
}

const section = (head: string, lines: readonly string[]): string => `${[head, ...lines.map((line) => `  ${line}`)].join('\n')}\n`;

/** Settings of a front that a backend carries out. */
const backendKey = ({ protocol, settings }: DriverFront): string => {
  const { connectTimeoutMs, attempts, idleTimeoutMs, proxyTo, keyPrefixV4, keyPrefixV6 } = settings;
  return [protocol, connectTimeoutMs, attempts, idleTimeoutMs, proxyTo, keyPrefixV4, keyPrefixV6].join(' ');
};

function groupsOf(fronts: readonly DriverFront[]): readonly (readonly DriverFront[])[] {
  const groups = new Map<string, DriverFront[]>();
  for (const front of fronts) {
    const group = groups.get(backendKey(front));
    if (group === undefined) groups.set(backendKey(front), [front]);
    else group.push(front);
  }
  return [...groups.values()];
}

function frontText({ id, protocol, settings }: DriverFront, backend: string, { queue }: SiteService): string {
  const { address, port, mostConnections, mostConnectionsPerClient, idleTimeoutMs, headerTimeoutMs, proxyFrom } = settings;
  const isPerClient = mostConnectionsPerClient < mostConnections;
  return section(`frontend ${id}`, [
    `mode ${protocol}`,
    `bind ${endpointOf(address, port)}`,
    `maxconn ${mostConnections}`,
    `timeout client ${idleTimeoutMs}ms`,
    ...(protocol === 'http' ? [`timeout http-request ${headerTimeoutMs}ms`, 'option forwardfor'] : []),
    ...proxyFrom.map((network) => `tcp-request connection expect-proxy layer4 if { src ${formatCidr(network)} }`),
    ...(isPerClient
      ? [
          `stick-table type ipv6 size ${CLIENTS_REMEMBERED} expire 1h store conn_cur`,
          'tcp-request session track-sc0 src,ipmask(32,64)',
          `tcp-request session reject if { sc0_conn_cur gt ${mostConnectionsPerClient} }`,
        ]
      : []),
    ...(queue.mostWaiting > 0 ? [`tcp-request content reject if { queue(${backend}) ge ${queue.mostWaiting} }`] : []),
    `default_backend ${backend}`,
  ]);
}

function backendText(
  service: SiteService,
  backend: string,
  { protocol, settings: wants }: DriverFront,
  { checks }: HaproxySettings,
  downs: Downs,
  servers: ServerSetting[],
  warnings: Problem[],
): string {
  const spread = spreadOf(service.balancing.algorithm, wants.keyPrefixV4, wants.keyPrefixV6)!;
  if (spread.differs !== null) warnings.push(other(`service ${service.id}: ${spread.differs}`));
  if (service.balancing.breaker !== null) warnings.push(other(`service ${service.id}: there is no circuit breaker`));
  const weights = haproxyWeights(service.servers.map(({ weight }) => (spread.isWeighted ? weight : Math.min(weight, 1))));
  // A wait of 0 would be one without end.
  const queueMs = service.queue.mostWaiting === 0 ? 1 : Math.max(1, service.queue.timeoutMs);
  const lines = service.servers.map((server, i) => {
    const isDown = downs.has(`${service.id}/${server.id}`);
    const weight = weights[i]!;
    servers.push({ backend, serviceId: service.id, server: server.id, weight, maxActive: server.maxActive, isDown });
    return serverLine(server, service, wants, { checks, weight, isDown, protocol });
  });
  return section(`backend ${backend}`, [
    `mode ${protocol}`,
    ...spread.lines,
    `timeout connect ${wants.connectTimeoutMs}ms`,
    `timeout server ${wants.idleTimeoutMs}ms`,
    `timeout queue ${queueMs}ms`,
    `retries ${wants.attempts - 1}`,
    'option redispatch 1',
    'option allbackups',
    ...(checks?.httpPath ? [`option httpchk GET ${checks.httpPath}`, 'http-check expect status 200-399'] : []),
    ...lines,
  ]);
}

interface Running {
  readonly checks: HaproxySettings['checks'];
  readonly weight: number;
  readonly isDown: boolean;
  readonly protocol: DriverFront['protocol'];
}

function serverLine(server: SiteServer, { balancing }: SiteService, wants: TcpFrontSettings, running: Running): string {
  const { checks, weight, isDown, protocol } = running;
  const { outlier, slowStart } = balancing;
  return [
    `server ${server.id} ${endpointOf(server.address, server.port)} weight ${weight}`,
    ...(server.priority > 0 ? ['backup'] : []),
    ...(isDown ? ['disabled'] : []),
    ...(slowStart.windowMs > 0 ? [`slowstart ${slowStart.windowMs}ms`] : []),
    ...(wants.proxyTo === null ? [] : [wants.proxyTo === 1 ? 'send-proxy' : 'send-proxy-v2']),
    ...(checks === null ? [] : [`check inter ${checks.intervalMs}ms fall ${checks.fall} rise ${checks.rise}`]),
    ...(checks !== null && outlier !== null && outlier.consecutiveFailures > 0
      ? [`observe ${protocol === 'http' ? 'layer7' : 'layer4'} error-limit ${outlier.consecutiveFailures} on-error mark-down`]
      : []),
    ...(server.maxActive === null ? [] : [`maxconn ${server.maxActive} # limit`]),
  ].join(' ');
}
