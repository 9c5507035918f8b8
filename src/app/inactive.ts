// Settings that are read and checked, but that no part of this version acts on yet. Silence would let an operator believe that
// members are being checked.

import type { Problem } from '../base/errors.ts';
import type { Snapshot } from '../model/snapshot.ts';

export function inactiveSettings({
  file,
  targets,
  mesh,
  steering,
}: Pick<Snapshot, 'file' | 'targets' | 'mesh' | 'steering'>): Problem[] {
  const warning = (message: string): Problem => ({ severity: 'warning', code: 'ERR_CONFIG_INACTIVE', file, message });
  return [
    ...(targets.length > 0
      ? [warning('"probe" of pools is checked but not acted on in this version: no member is probed, all of them count as up')]
      : []),
    ...(mesh.kind === 'redis'
      ? [warning('"mesh.redis" is checked but not acted on in this version: this server shares nothing with others')]
      : []),
    ...(steering.sites.some(({ capacity }) => capacity !== null)
      ? [
          warning(
            '"capacity" of sites is checked but not acted on in this version: no client is sent elsewhere because a site is full',
          ),
        ]
      : []),
  ];
}
