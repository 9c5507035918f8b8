// What a reload reads but only a restart applies: settings that sockets, threads and the place in the mesh were made from.

import type { Problem } from '../../base/errors.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/** Each with the words for it and what of it must stay the same. */
const FIXED: readonly (readonly [string, (snapshot: Snapshot) => unknown])[] = [
  // Cookie secrets travel with the images.
  ['settings under "server"', ({ server }) => ({ ...server, cookies: null })],
  ['settings under "mesh"', ({ mesh }) => mesh],
  ['settings under "fleet"', ({ fleet }) => fleet],
  // Tokens, hosts, the role of loopback and safety rules are asked for each time, and certificates read again.
  [
    '"admin.listen", whether there is "admin.tls", or "admin.requestsPerSecond"',
    ({ admin: { listen, tls, requestsPerSecond } }) => [listen, tls !== null, requestsPerSecond],
  ],
  ['"prober.id" or "prober.region"', ({ prober: { id, region } }) => [id, region]],
];

/** ERR_CONFIG_RESTART for each of them that has changed. */
export function restartWarnings(before: Snapshot, after: Snapshot): Problem[] {
  return FIXED.filter(([, partOf]) => JSON.stringify(partOf(before)) !== JSON.stringify(partOf(after))).map(([what]) => ({
    severity: 'warning',
    code: 'ERR_CONFIG_RESTART',
    file: after.file,
    message: `${what} have changed; they apply after a restart, everything else has been applied`,
  }));
}
