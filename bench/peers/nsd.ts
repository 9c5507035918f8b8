// NSD: static zones only.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nsdServer } from '../../test/support/peer-config.ts';
import { ORIGIN } from '../million-zone.ts';
import type { Peer } from './peer.ts';

export const nsd: Peer = {
  key: 'nsd',
  title: 'NSD',
  program: 'nsd',
  versionArgs: ['-v'],
  source: 'nsd',
  kind: 'dns',
  hasTcp: true,
  prepare(directory, port, { zoneFile }) {
    const config = join(directory, 'nsd.conf');
    writeFileSync(
      config,
      `${nsdServer(directory, port, ['minimal-responses: yes', 'rrl-ratelimit: 0'])}zone:
  name: ${ORIGIN}
  zonefile: ${zoneFile}
`,
    );
    return ['nsd', '-d', '-c', config];
  },
};
