// Settings that are read and checked, but that no part of this version acts on yet. Silence would let an operator believe that
// they do.

import type { Problem } from '../base/errors.ts';
import type { Snapshot } from '../model/snapshot.ts';

export function inactiveSettings({ file, steering }: Pick<Snapshot, 'file' | 'steering'>): Problem[] {
  if (steering.sites.every(({ capacity }) => capacity === null)) return [];
  const message =
    '"capacity" of sites is checked but not acted on in this version: no client is sent elsewhere because a site is full';
  return [{ severity: 'warning', code: 'ERR_CONFIG_INACTIVE', file, message }];
}
