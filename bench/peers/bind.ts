// BIND 9: static zones only. Its open source edition steers by the address of the resolver (views with geoip ACLs), not by
// client subnet (ECS).

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindOptions } from '../../test/support/peer-config.ts';
import { ORIGIN } from '../million-zone.ts';
import type { Peer } from './peer.ts';

export const bind: Peer = {
  key: 'bind',
  title: 'BIND',
  program: 'named',
  versionArgs: ['-v'],
  source: 'bind9',
  kind: 'dns',
  hasTcp: true,
  prepare(directory, port, { zoneFile }) {
    mkdirSync(join(directory, 'keys'));
    const config = join(directory, 'named.conf');
    const text = `${bindOptions(directory, port, ['querylog no'])}zone "${ORIGIN}" { type primary; file "${zoneFile}"; };\n`;
    writeFileSync(config, text);
    return ['named', '-f', '-n', '1', '-c', config];
  },
};
