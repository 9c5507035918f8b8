// The configuration of every process of a drill: one pool of eight members, each checked at an origin of the drill's own, and two
// names. `all` is answered with every member that gets traffic, so that one answer tells everything; `one` with one at a time, so
// that many answers tell the shares.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ORIGIN_NAME } from './origin.ts';
import type { Timing } from './timing.ts';
import type { Endpoint } from './uplinks.ts';

/** Members of the pool, by what the drill does to them. */
export const MEMBERS = ['refusing', 'failing', 'expired', 'silent', 'slow', 'cut-off', 'ordered', 'steady'] as const;
export type MemberName = (typeof MEMBERS)[number];

export const indexOf = (name: MemberName): number => MEMBERS.indexOf(name);
export const memberId = (name: MemberName): string => `web/${name}`;
/** The last octet of the address that answers carry is the index and one. */
const addressOf = (index: number): string => `192.0.2.${index + 1}`;

export const ZONE = 'drill.example.test';

export interface ProcessConfig {
  readonly timing: Timing;
  readonly id: string;
  readonly region: string;
  /** Where DNS is served; probers do not. */
  readonly dnsPort: number;
  /** YAML of `mesh.redis`. */
  readonly redis: string;
  readonly origins: readonly Endpoint[];
  /** Authorities (PEM) that probes believe. */
  readonly caFile: string;
}

/** A new directory with the configuration and the zone. */
export function processDirectory(config: ProcessConfig): string {
  const directory = mkdtempSync(join(tmpdir(), `meridian-drill-${config.id}-`));
  writeFileSync(join(directory, 'meridian.yaml'), yamlOf(config));
  const apex = '@ 60 SOA ns hostmaster 1 3600 600 86400 60\n@ 60 NS ns\nns 60 A 192.0.2.53\n';
  writeFileSync(join(directory, `${ZONE}.zone`), `${apex}all 60/1 GSLB all\none 60/1 GSLB one\n`);
  return directory;
}

function yamlOf({ timing, id, region, dnsPort, redis, origins, caFile }: ProcessConfig): string {
  const sites = MEMBERS.map((name, i) => `  ${name}: { latitude: ${i}, longitude: ${i} }`);
  const members = MEMBERS.map((name, i) => {
    const { host, port } = origins[i]!;
    return `      - { site: ${name}, v4: ${addressOf(i)}, check: { host: ${host}, port: ${port} } }`;
  });
  const { intervalMs, transitionMs, timeoutMs, connectTimeoutMs, heartbeatMs, expiryMs, slowStartMs, withdrawalWindowMs } =
    timing;
  return `server:
  listen: ["127.0.0.1:${dnsPort}"]
  workers: 2
  stateDirectory: var
  log: { level: debug, format: json }
geo: { database: none }
sites:
${sites.join('\n')}
probes:
  https:
    http: { scheme: https, host: ${ORIGIN_NAME}, caFile: ${caFile} }
    interval: ${intervalMs}ms
    transitionInterval: ${transitionMs}ms
    timeout: ${timeoutMs}ms
    connectTimeout: ${connectTimeoutMs}ms
prober: { id: ${id}, region: ${region}, allow: [127.0.0.0/8, 198.18.0.0/15] }
health:
  slowStart: ${slowStartMs}ms
  drain: 0s
  withdrawal: { window: ${withdrawalWindowMs}ms }
mesh: { redis: { ${redis}, heartbeat: ${heartbeatMs}ms, expiry: ${expiryMs}ms } }
pools:
  web:
    probe: https
    members:
${members.join('\n')}
policies:
  all: { rule: { pool: web }, answers: ${MEMBERS.length} }
  one: { rule: { pool: web }, answers: 1 }
`;
}
