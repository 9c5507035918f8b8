// Knot DNS, with its geoip module where the name is steered.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knotServer } from '../../test/support/peer-config.ts';
import { WWW, WWW_TTL_SEC } from '../bench-zone.ts';
import { ORIGIN } from '../million-zone.ts';
import { ANSWERS, CONTINENTS, FALLBACK_ANSWER, type World } from '../world.ts';
import { type Peer, zoneWith } from './peer.ts';

export const knot: Peer = {
  key: 'knot',
  title: 'Knot',
  program: 'knotd',
  versionArgs: ['-V'],
  source: 'knot (and knot-module-geoip)',
  kind: 'steering',
  hasTcp: true,
  prepare(directory, port, { zoneFile, world }) {
    let file = zoneFile;
    if (world !== undefined) {
      // The module answers for names that are in the zone.
      file = join(directory, 'zone');
      writeFileSync(file, zoneWith(zoneFile, `www ${WWW_TTL_SEC} A ${FALLBACK_ANSWER}`));
      writeFileSync(join(directory, 'geo.conf'), views());
    }
    writeFileSync(
      join(directory, 'knot.conf'),
      `${knotServer(directory, port, world === undefined ? [] : ['edns-client-subnet: on'])}${world === undefined ? '' : module(directory, world)}zone:
  - domain: ${ORIGIN}
    file: ${file}
    zonefile-sync: -1
    journal-content: none
${world === undefined ? '' : '    module: mod-geoip/continents\n'}`,
    );
    return ['knotd', '-c', join(directory, 'knot.conf')];
  },
};

const module = (directory: string, { databaseFile }: World): string => `mod-geoip:
  - id: continents
    config-file: ${directory}/geo.conf
    ttl: ${WWW_TTL_SEC}
    mode: geodb
    geodb-file: ${databaseFile}
    geodb-key: continent/code
`;

const views = (): string =>
  `${WWW}:\n  - geo: "*"\n    A: ${FALLBACK_ANSWER}\n${CONTINENTS.map((continent) => `  - geo: "${continent}"\n    A: ${ANSWERS[continent]}\n`).join('')}`;
