// PowerDNS with its GeoIP backend, which holds the whole zone; its caches are on, as they come.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOSTS, hostAddress, hostLabel, NS_ADDRESS, SOA, TTL_SEC, WWW_TTL_SEC } from '../bench-zone.ts';
import { ORIGIN } from '../million-zone.ts';
import { ANSWERS, CONTINENTS, FALLBACK_ANSWER } from '../world.ts';
import type { Peer } from './peer.ts';

export const powerdns: Peer = {
  key: 'powerdns',
  title: 'PowerDNS geoip',
  program: 'pdns_server',
  versionArgs: ['--version'],
  source: 'pdns-server and pdns-backend-geoip',
  kind: 'steering',
  hasTcp: true,
  prepare(directory, port, { world }) {
    if (world === undefined) throw new Error('PowerDNS is only prepared for the comparison with a world');
    writeFileSync(join(directory, 'zones.yaml'), zones());
    writeFileSync(
      join(directory, 'pdns.conf'),
      `launch=geoip
geoip-database-files=mmdb:${world.databaseFile}
geoip-zones-file=${directory}/zones.yaml
edns-subnet-processing=yes
local-address=127.0.0.1
local-port=${port}
receiver-threads=1
distributor-threads=1
socket-dir=${directory}
security-poll-suffix=
version-string=anonymous
loglevel=3
disable-syslog=yes
guardian=no
daemon=no
`,
    );
    return ['pdns_server', `--config-dir=${directory}`];
  },
};

/** `%cn` stands for the continent in lower case; a service whose result is a name of the zone answers with its records. */
function zones(): string {
  const records: [string, string, string][] = [
    [ORIGIN, 'soa', SOA],
    [ORIGIN, 'ns', `ns1.${ORIGIN}`],
    [`ns1.${ORIGIN}`, 'a', NS_ADDRESS],
    [`unknown.to.${ORIGIN}`, 'a', FALLBACK_ANSWER],
    ...CONTINENTS.map((continent): [string, string, string] => [
      `${continent.toLowerCase()}.to.${ORIGIN}`,
      'a',
      ANSWERS[continent],
    ]),
    ...Array.from({ length: HOSTS }, (_, i): [string, string, string] => [`${hostLabel(i)}.${ORIGIN}`, 'a', hostAddress(i)]),
  ];
  const byName = new Map<string, string>();
  for (const [name, type, data] of records) {
    const ttlSec = name.endsWith(`.to.${ORIGIN}`) ? WWW_TTL_SEC : TTL_SEC;
    const line = `      - ${type}: { content: "${data}", ttl: ${ttlSec} }\n`;
    byName.set(name, `${byName.get(name) ?? ''}${line}`);
  }
  return `domains:
- domain: ${ORIGIN}
  ttl: ${WWW_TTL_SEC}
  records:
${[...byName].map(([name, lines]) => `    ${name}:\n${lines}`).join('')}  services:
    www.${ORIGIN}: '%cn.to.${ORIGIN}'
`;
}
