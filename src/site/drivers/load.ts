// One load from what a balancer says of its servers. The limit of the whole is known only if that of every server in use is: a server
// without a limit is not one that bears anything.

import { TARGET_OF_MAX } from '../../model/capacity.ts';
import type { DriverLoad, ServerLoad } from '../../model/site-driver.ts';

export function loadWith(current: number, max: number | null, servers: readonly ServerLoad[] = []): DriverLoad {
  return { current, target: max === null ? null : max * TARGET_OF_MAX, max, servers };
}

/**
 * The load of servers. `waiting`: those who wait for any of them; `bound`: what the whole process can do at most. Unless `max` is given,
 * it is what the servers that get clients can take together; 0 if there are servers and none of them gets any, null if one of them
 * has no limit.
 */
export function loadOfServers(
  servers: readonly ServerLoad[],
  max: number | null,
  { waiting = 0, bound = Number.POSITIVE_INFINITY }: { readonly waiting?: number; readonly bound?: number } = {},
): DriverLoad {
  const current = servers.reduce((sum, server) => sum + server.current + server.waiting, waiting);
  const inUse = servers.filter(({ state, weight }) => (state === 'up' || state === 'unknown') && weight !== 0);
  const isKnown = servers.length > 0 && inUse.every((server) => server.max !== null);
  const together = inUse.reduce((sum, server) => sum + (server.max ?? 0), 0);
  return loadWith(current, max ?? (isKnown ? Math.min(together, bound) : null), servers);
}
