// Meridian itself: one worker, over its native sockets or over node:dgram, with the zone alone or with geography too.

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WWW_TTL_SEC } from '../bench-zone.ts';
import { meridianConfig, ORIGIN } from '../million-zone.ts';
import { MERIDIAN } from '../support.ts';
import { ANSWERS, CONTINENTS, FALLBACK_ANSWER } from '../world.ts';
import { type Content, type Peer, zoneWith } from './peer.ts';

export const meridian: Peer = meridianPeer('meridian', 'Meridian', 'none', []);
/** What machines without a compiler run. */
export const meridianOnDgram: Peer = meridianPeer('meridian-dgram', 'Meridian (node:dgram)', 'none', ['MERIDIAN_NATIVE=off']);
export const meridianWithGeography: Peer = meridianPeer(
  'meridian-geography',
  'Meridian with the bundled geography',
  'bundled',
  [],
);

/** That of another checkout. */
export const meridianOf = (checkout: string, title: string): Peer =>
  meridianPeer('meridian-other', title, 'none', [], [process.execPath, join(checkout, 'dist/src/app/main.js')]);

function meridianPeer(
  key: string,
  title: string,
  database: string,
  environment: readonly string[],
  command: readonly string[] = MERIDIAN,
): Peer {
  return {
    key,
    title,
    program: process.execPath,
    versionArgs: [...command.slice(1), '--version'],
    source: 'npm run build',
    kind: 'steering',
    hasTcp: true,
    prepare(directory, port, content) {
      writeMeridian(directory, port, content, database);
      return ['env', ...environment, ...command, 'serve', '--config', join(directory, 'meridian.yaml')];
    },
  };
}

function writeMeridian(directory: string, port: number, { zoneFile, world }: Content, database: string): void {
  const zone = join(directory, `${ORIGIN}.zone`);
  const config = join(directory, 'meridian.yaml');
  if (world === undefined) {
    copyFileSync(zoneFile, zone);
    writeFileSync(config, meridianConfig(directory, port, database));
    return;
  }
  writeFileSync(zone, zoneWith(zoneFile, `www ${WWW_TTL_SEC} GSLB www`));
  writeFileSync(config, `${meridianConfig(directory, port, world.databaseFile)}${steering()}`);
}

/** A pool for each continent, and the policy that maps clients to them. */
function steering(): string {
  const pools = [...CONTINENTS.map((continent) => [continent, ANSWERS[continent]] as const), ['other', FALLBACK_ANSWER] as const];
  return [
    'sites:',
    '  only: { latitude: 0, longitude: 0 }',
    'pools:',
    ...pools.map(([name, v4]) => `  to-${name.toLowerCase()}: { members: [{ site: only, v4: ${v4} }] }`),
    'policies:',
    '  www:',
    '    rule:',
    '      map:',
    '        continent:',
    ...CONTINENTS.map((continent) => `          ${continent}: { pool: to-${continent.toLowerCase()} }`),
    '        default: { pool: to-other }',
    '',
  ].join('\n');
}
