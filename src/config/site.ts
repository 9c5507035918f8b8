// Section `site` to what agents work with, and warnings about what does no harm: a service that nobody can reach.

import { dirname, resolve } from 'node:path';
import type { Problem } from '../base/errors.ts';
import type { LoadUnit } from '../model/capacity.ts';
import type { CheckKind } from '../model/probe.ts';
import type { Algorithm, MetricsSource } from '../model/site.ts';
import type { AgentListener, AgentService, SiteAgentSettings } from '../model/site-agent.ts';
import type { DriverSettings } from '../model/site-driver.ts';
import { measuredUnit } from './driver-checks.ts';
import { Names } from './fields.ts';
import { FileNames } from './file-names.ts';
import { checkOf } from './probes.ts';
import { servicesNamed } from './site-checks.ts';
import { httpSettings } from './site-http.ts';
import { tcpListener, udpFrontOf } from './site-l4.ts';
import { type ListenerConfig, type SiteConfig, siteSections } from './site-schema.ts';
import type { ServiceConfig } from './site-service-schema.ts';
import type { SitesConfig } from './steering-schema.ts';
import { type Path, pathText, YamlSource } from './yaml.ts';

/** Up to so many servers one of them that is down may be plain truth, and panic is never right. */
const FEW_SERVERS = 3;
const PANIC_PERCENT = 50;
const VIRTUAL_NODES = 160;
const TABLE_SIZE = 65_537;
const LOAD_FACTOR = 1.25;
/** Of ORCA, which some servers and frameworks speak already. */
const METRICS_HEADER = 'endpoint-load-metrics';

type Sites = Readonly<Record<string, SiteConfig>>;

/** A section `site` that is part of the program; throws if anything is wrong with it. */
export function siteFromText(text: string): SiteAgentSettings[] {
  const source = new YamlSource('built-in', text);
  const names = new Names('site', Object.keys(source.value as object));
  return siteSettings(source, siteSections(names).site.parse(source.value), undefined, false).value;
}

export function siteSettings(
  source: YamlSource,
  sites: Sites,
  places: SitesConfig | undefined,
  hasRedis: boolean,
): { value: SiteAgentSettings[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const value = Object.entries(sites).map(([site, config]): SiteAgentSettings => {
    const path = ['site', site];
    problems.push(...unusedServices(source, path, config));
    if (!hasRedis) problems.push(...unshared(source, path, config));
    const unit = config.load.unit ?? unitOf(places?.[site], config.driver);
    if (config.driver !== undefined) problems.push(...unitProblems(source, [...path, 'driver'], config.driver, unit));
    return {
      site,
      services: Object.entries(config.services).map(([id, service]) => {
        const own = serviceOf(source, [...path, 'services', id], id, service);
        return config.driver === undefined ? own : withoutDefaults(source, own, site);
      }),
      listeners: Object.entries(config.listeners).map(([id, listener]) =>
        listenerOf(source, [...path, 'listeners', id], id, listener, problems),
      ),
      load: { ...config.load, unit },
      clients: config.clients,
      driver: config.driver ?? null,
      addresses: Object.entries(config.addresses).map(([id, { address, lease, device, hook }]) => ({
        ...{ id, address, leaseMs: lease },
        mover: device === undefined ? { kind: 'hook', argv: hook! } : { kind: 'device', device },
      })),
      patienceMs: config.patience,
      drainTimeoutMs: config.drainTimeout,
    };
  });
  return { value, problems };
}

const unitOf = (place: SitesConfig[string] | undefined, driver: DriverSettings | undefined): LoadUnit =>
  place?.capacity?.unit ?? (driver === undefined ? undefined : measuredUnit(driver)) ?? 'connections';

/** A load in another unit than that of the site is never believed. */
function unitProblems(source: YamlSource, path: Path, driver: DriverSettings, unit: LoadUnit): Problem[] {
  const measured = measuredUnit(driver);
  if (measured === undefined || measured === unit) return [];
  const hint = { connections: 'measure: connections', 'requests/s': 'measure: per-second', 'Mbit/s': undefined }[unit];
  const advice = hint === undefined ? `no balancer tells ${unit}` : `set ${hint}`;
  const message = `${path.join('.')} measures ${measured}, and the load of this site is in ${unit}; ${advice}`;
  return [source.problem(path, 'value', 'ERR_CONFIG_VALUE', message)];
}

function unusedServices(source: YamlSource, path: Path, { services, listeners, driver }: SiteConfig): Problem[] {
  if (driver?.kind === 'haproxy-attach') return []; // clients reach them by fronts that are not ours
  const used = new Set(Object.values(listeners).flatMap((listener) => servicesNamed(listener).map(({ service }) => service)));
  return Object.keys(services)
    .filter((id) => !used.has(id))
    .map((id) => {
      const message = `service "${id}" is used by no listener of its site`;
      return source.problem([...path, 'services', id], 'key', 'ERR_CONFIG_UNUSED', message, 'warning');
    });
}

/** What agents cannot share, for want of a place. */
function unshared(source: YamlSource, path: Path, { listeners }: SiteConfig): Problem[] {
  return Object.entries(listeners).flatMap(([id, { http }]) =>
    (http?.routes ?? []).flatMap(({ rateLimit, stickiness }, i) => {
      const route = [...path, 'listeners', id, 'http', 'routes', i];
      const places: Path[] = [];
      if (rateLimit?.shared === true) places.push([...route, 'rateLimit', 'shared']);
      if (stickiness?.table !== undefined) places.push([...route, 'stickiness', 'table']);
      return places.map((place) => {
        const message = `${pathText(place)} needs mesh.redis to be shared by the agents of the site; without it each agent is alone`;
        return source.problem(place, 'key', 'ERR_CONFIG_UNSHARED', message, 'warning');
      });
    }),
  );
}

/** Protection that nobody has asked for is not what another balancer should be warned of. */
function withoutDefaults(source: YamlSource, service: AgentService, site: string): AgentService {
  const { balancing, id } = service;
  const written = Object.keys(partAt(source.value, ['site', site, 'services', id]));
  const { outlier, breaker } = balancing;
  return {
    ...service,
    balancing: {
      ...balancing,
      outlier: written.includes('outlier') ? outlier : null,
      breaker: written.includes('breaker') ? breaker : null,
    },
  };
}

const partAt = (value: unknown, path: readonly string[]): object =>
  path.reduce<object>((part, key) => ((part as Readonly<Record<string, object>>)[key] ?? {}) as object, value as object);

function serviceOf(source: YamlSource, path: Path, id: string, service: ServiceConfig): AgentService {
  const { slowStart, outlier, breaker, queue, check } = service;
  const servers = Object.entries(service.servers).map(([server, { address, ...rest }]) => ({ id: server, ...address, ...rest }));
  return {
    id,
    servers,
    balancing: {
      algorithm: algorithmOf(service),
      overflowFactor: service.overflow,
      panicPercent: service.panic ?? (servers.length <= FEW_SERVERS ? 0 : PANIC_PERCENT),
      slowStart: { windowMs: slowStart.window, aggression: slowStart.aggression, floorPercent: slowStart.floor },
      outlier: outlier && {
        consecutiveFailures: outlier.failures,
        intervalMs: outlier.interval,
        ejectionMs: outlier.ejection,
        mostEjectionMs: outlier.mostEjection,
        mostEjectedPercent: outlier.mostEjected,
        leastRequests: outlier.leastRequests,
        leastServers: outlier.leastServers,
        deviations: outlier.deviations,
      },
      breaker: breaker && {
        windowMs: breaker.window,
        leastRequests: breaker.leastRequests,
        failurePercent: breaker.failures,
        openMs: breaker.open,
        mostOpenMs: breaker.mostOpen,
        trials: breaker.trials,
      },
    },
    queue: { mostWaiting: queue.waiting, timeoutMs: queue.timeout },
    retry: service.retry,
    check: check && {
      // Files are those of the machine where the agent runs, and not always of the one that reads this.
      check: keeping(checkOf(check, [...path, 'check'], new FileNames(source)), service),
      cadence: {
        intervalMs: check.interval,
        transitionIntervalMs: check.transitionInterval,
        timeoutMs: check.timeout,
        connectTimeoutMs: check.connectTimeout,
        rise: check.rise,
        fall: check.fall,
      },
      port: check.port,
    },
  };
}

/** Where the body is what servers report of their load, it is read as a whole. */
const keeping = (check: CheckKind, { parameters }: ServiceConfig): CheckKind =>
  check.kind === 'http' && parameters.metricsFrom === 'check' ? { ...check, keepsBody: true } : check;

function sourceOf({ metricsFrom, metricsHeader }: ServiceConfig['parameters']): MetricsSource {
  return metricsFrom === 'check' ? { kind: 'check' } : { kind: 'header', name: metricsHeader ?? METRICS_HEADER };
}

function algorithmOf({ algorithm, parameters }: ServiceConfig): Algorithm {
  const { virtualNodes, tableSize, factor, expression } = parameters;
  switch (algorithm) {
    case 'ring':
      return { kind: algorithm, virtualNodes: virtualNodes ?? VIRTUAL_NODES };
    case 'bounded-load':
      return { kind: algorithm, virtualNodes: virtualNodes ?? VIRTUAL_NODES, factor: factor ?? LOAD_FACTOR };
    case 'maglev':
      return { kind: algorithm, tableSize: tableSize ?? TABLE_SIZE };
    case 'custom-load':
      return { kind: algorithm, expression: expression!, source: sourceOf(parameters) };
    default:
      return { kind: algorithm };
  }
}

function listenerOf(
  source: YamlSource,
  path: Path,
  id: string,
  { listen, tcp, udp, http, agentCheck }: ListenerConfig,
  problems: Problem[],
): AgentListener {
  if (tcp !== undefined) return tcpListener(id, listen, tcp);
  if (udp !== undefined) return { kind: 'udp', id, service: udp.service, front: udpFrontOf(listen, udp) };
  if (agentCheck !== undefined) return { kind: 'agent-check', id, service: agentCheck.service, front: listen };
  if (http === undefined) return { kind: 'load', id, front: listen };
  const absolute = (file: string): string => resolve(dirname(resolve(source.file)), file);
  return {
    kind: 'http',
    id,
    front: httpSettings(listen, http, { source, path: [...path, 'http'], name: `${path[1]}/${id}`, absolute, problems }),
  };
}
