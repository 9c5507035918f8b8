// gdnsd with its geoip plugin, which reads the same database and merges networks with equal answers, as Meridian does.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WWW_TTL_SEC } from '../bench-zone.ts';
import { ORIGIN } from '../million-zone.ts';
import { ANSWERS, CONTINENTS, FALLBACK_ANSWER, type World } from '../world.ts';
import { type Peer, zoneWith } from './peer.ts';

export const gdnsd: Peer = {
  key: 'gdnsd',
  title: 'gdnsd',
  program: 'gdnsd',
  versionArgs: ['-V'],
  source: 'gdnsd',
  kind: 'steering',
  hasTcp: true,
  prepare(directory, port, { zoneFile, world }) {
    for (const sub of ['zones', 'run', 'state']) mkdirSync(join(directory, sub));
    const lines = world === undefined ? [] : [`www ${WWW_TTL_SEC} DYNA geoip!www`];
    writeFileSync(join(directory, 'zones', ORIGIN), zoneWith(zoneFile, ...lines));
    writeFileSync(
      join(directory, 'config'),
      `options => {
  listen => { 127.0.0.1:${port} => { udp_threads => 1, tcp_threads => 1 } }
  run_dir => ${directory}/run
  state_dir => ${directory}/state
}
${world === undefined ? '' : plugin(world)}`,
    );
    return ['gdnsd', '-c', directory, 'start'];
  },
};

const plugin = ({ databaseFile }: World): string => `plugins => {
  geoip => {
    maps => {
      continents => {
        geoip2_db => ${databaseFile}
        datacenters => [ other, ${CONTINENTS.join(', ')} ]
        map => {
          default => [ other ]
${CONTINENTS.map((continent) => `          ${continent} => [ ${continent} ]\n`).join('')}        }
      }
    }
    resources => {
      www => {
        map => continents
        dcmap => {
          other => ${FALLBACK_ANSWER}
${CONTINENTS.map((continent) => `          ${continent} => ${ANSWERS[continent]}\n`).join('')}        }
      }
    }
  }
}
`;
