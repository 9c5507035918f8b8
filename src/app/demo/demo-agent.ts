// The agent of a site of the demo: what a short section `site` of a configuration comes to, with the defaults of every key left out,
// written out here. A start of the demo waits for it in the control thread, where reading YAML by its schema would take a fifth of a
// second, nearly all of it to read the code that does. A test compares the two.

import type { AgentListener, AgentService, SiteAgentSettings } from '../../model/site-agent.ts';
import { type HttpRoute, PLAIN_ROUTE } from '../../model/site-http.ts';

const MIB = 1024 * 1024;

/** A server of the site, on loopback. */
export interface DemoServer {
  readonly id: string;
  readonly port: number;
}

/** One service over these servers, and one listener that passes everything to it and caches what is under /cached. */
export function demoAgent(
  { site, host, port }: { readonly site: string; readonly host: string; readonly port: number },
  servers: readonly DemoServer[],
): SiteAgentSettings {
  return {
    site,
    services: [serviceOver(servers)],
    listeners: [listenerOn(host, port)],
    load: { unit: 'connections', max: null, target: null },
    clients: true,
    driver: null,
    addresses: [],
    patienceMs: 50,
    drainTimeoutMs: 0,
  };
}

const serviceOver = (servers: readonly DemoServer[]): AgentService => ({
  id: 'web',
  servers: servers.map(({ id, port }) => ({ id, address: '127.0.0.1', port, weight: 1, priority: 0, maxActive: null })),
  balancing: {
    algorithm: { kind: 'round-robin' },
    overflowFactor: 1.4,
    panicPercent: 0,
    slowStart: { windowMs: 30_000, aggression: 1, floorPercent: 10 },
    outlier: {
      consecutiveFailures: 5,
      intervalMs: 10_000,
      ejectionMs: 30_000,
      mostEjectionMs: 300_000,
      mostEjectedPercent: 10,
      leastRequests: 100,
      leastServers: 5,
      deviations: 1.9,
    },
    breaker: { windowMs: 10_000, leastRequests: 20, failurePercent: 50, openMs: 10_000, mostOpenMs: 300_000, trials: 3 },
  },
  queue: { mostWaiting: 1024, timeoutMs: 5000 },
  retry: { percent: 20, least: 20 },
  check: {
    check: {
      kind: 'http',
      scheme: 'http',
      version: '1.1',
      method: 'GET',
      path: '/healthz',
      host: null,
      headers: {},
      body: null,
      followRedirects: 0,
      verify: true,
      caFile: null,
      certificateFile: null,
      keyFile: null,
      statuses: [[200, 299]],
      expiryWarningDays: 14,
    },
    cadence: { intervalMs: 2000, transitionIntervalMs: 500, timeoutMs: 2000, connectTimeoutMs: 1000, rise: 5, fall: 3 },
    port: null,
  },
});

const listenerOn = (address: string, port: number): AgentListener => ({
  kind: 'http',
  id: 'web',
  front: {
    address,
    port,
    tls: null,
    routes: [
      { ...ROUTE, id: 'route-1', match: { ...ROUTE.match, paths: [{ kind: 'prefix', path: '/cached' }] }, cache: true },
      { ...ROUTE, id: 'route-2' },
    ],
    late: null,
    forwarding: { trustedProxies: [], xForwarded: true, forwarded: false },
    cache: { size: 64 * MIB, mostBodySize: MIB },
    limits: {
      mostConnections: 10_000,
      mostConnectionsPerClient: 1000,
      headSize: 16_384,
      mostHeaders: 100,
      targetSize: 8192,
      bodySize: 1024 * MIB,
      bodyPieceSize: 1024,
      mostRequestsPerConnection: 100_000,
      mostStreams: 100,
      mostResets: 200,
    },
    timeouts: {
      headMs: 10_000,
      bodyIdleMs: 30_000,
      connectMs: 2000,
      responseMs: 60_000,
      responseIdleMs: 60_000,
      wholeMs: null,
      keepAliveMs: 60_000,
      serverKeepAliveMs: 4000,
      tunnelIdleMs: 300_000,
    },
    keyPrefixV4: 32,
    keyPrefixV6: 64,
  },
});

/** What `upgrade` is in a configuration with routes. */
const ROUTE: Omit<HttpRoute, 'id'> = { ...PLAIN_ROUTE, action: { kind: 'service', service: 'web' }, upgrade: false };
