// The configuration of every process of a drill's own world: three sites in three regions, each with an agent and two web servers, and
// one name whose clients go to the nearest.

import type { CertificateFiles } from './certificate.ts';
import type { Pace } from './pace.ts';
import type { Place } from './region-link.ts';

export interface LocalPlace {
  readonly region: string;
  readonly site: string;
  readonly latitude: number;
  readonly longitude: number;
  /** The documentation's networks (RFC 5737) stand for clients of three continents. */
  readonly network: string;
}

export const PLACES: readonly LocalPlace[] = [
  { region: 'europe', site: 'frankfurt', latitude: 50.11, longitude: 8.68, network: '192.0.2.0/24' },
  { region: 'america', site: 'newyork', latitude: 40.71, longitude: -74.01, network: '198.51.100.0/24' },
  { region: 'asia', site: 'singapore', latitude: 1.35, longitude: 103.82, network: '203.0.113.0/24' },
];

export const ZONE = 'drill.example.test';
/** In the certificates; probes ask for it. */
export const CERTIFICATE_NAME = 'www.drill.example.test';
export const ZONE_TEXT = `; The zone of a drill.
$TTL 60
@    SOA   ns hostmaster 1 3600 600 86400 60
@    NS    ns
ns   A     192.0.2.53
www  30/1  GSLB  www
`;
/** A line that no server may take. */
export const BROKEN_ZONE_TEXT = `${ZONE_TEXT}www2  30  A  192.0.2.256\n`;

export const NETWORKS_TEXT: string = PLACES.map(
  ({ network, latitude, longitude }) => `${network} lat=${latitude} lon=${longitude}\n`,
).join('');

/** Clients of a site at once. */
export const SITE_LOAD = { target: 40, max: 60 } as const;

export interface LocalConfig {
  readonly pace: Pace;
  readonly id: string;
  readonly region: string;
  /** Where DNS is served. */
  readonly listen: Place;
  /** YAML of `mesh.redis`. */
  readonly redis: string;
  /** Of each site: where its agent listens, how this process reaches it, its web servers and its certificate; null = no TLS. */
  readonly sites: readonly {
    readonly front: Place;
    readonly reached: Place;
    readonly servers: readonly Place[];
    readonly tls: CertificateFiles | null;
  }[];
  readonly hasCapacity: boolean;
  /** Authorities that probes believe; null = sites speak no TLS. */
  readonly caFile: string | null;
}

const at = ({ host, port }: Place): string => `"${host}:${port}"`;

export function configText(config: LocalConfig): string {
  const { pace, id, region, listen, redis, hasCapacity, caFile } = config;
  const capacity = hasCapacity ? `, capacity: { max: ${SITE_LOAD.max}, target: ${SITE_LOAD.target}, unit: connections }` : '';
  const sites = PLACES.map(
    ({ site, latitude, longitude }) => `  ${site}: { latitude: ${latitude}, longitude: ${longitude}${capacity} }`,
  );
  const check =
    caFile === null ? '{ path: /healthz }' : `{ scheme: https, host: ${CERTIFICATE_NAME}, path: /healthz, caFile: ${caFile} }`;
  const members = PLACES.map(({ site }, i) => {
    const { front, reached } = config.sites[i]!;
    return `      - { site: ${site}, v4: ${front.host}, check: { host: ${reached.host}, port: ${reached.port} } }`;
  });
  const agents = PLACES.map(({ site }, i) => {
    const { front, servers, tls } = config.sites[i]!;
    const secure = tls === null ? '' : `, tls: { certificates: [{ certificate: ${tls.certificate}, key: ${tls.key} }] }`;
    const list = servers.map((server, number) => `${site}-${number + 1}: { address: ${at(server)} }`).join(', ');
    return `  ${site}:
    services: { web: { servers: { ${list} }, algorithm: round-robin } }
    listeners: { web: { listen: ${at(front)}, http: { service: web${secure} } } }
    drainTimeout: 0s`;
  });
  return `# Made by 'meridian drill'.
server:
  listen: [${at(listen)}]
  workers: 1
  stateDirectory: var
  log: { format: json }
geo: { database: none, networkMaps: [clients.networks] }
sites:
${sites.join('\n')}
probes:
  site-check:
    http: ${check}
    interval: ${pace.intervalMs}ms
    transitionInterval: ${pace.transitionMs}ms
    timeout: ${pace.timeoutMs}ms
    connectTimeout: ${pace.connectTimeoutMs}ms
prober: { id: ${id}, region: ${region}, allow: [127.0.0.0/8] }
health:
  slowStart: ${pace.slowStartMs}ms
  drain: 0s
  withdrawal: { window: ${pace.withdrawalWindowMs}ms }
mesh: { redis: { ${redis}, heartbeat: ${pace.heartbeatMs}ms, expiry: ${pace.expiryMs}ms } }
pools:
  web:
    probe: site-check
    members:
${members.join('\n')}
policies:
  www: { rule: { nearest: web } }
site:
${agents.join('\n')}
`;
}
