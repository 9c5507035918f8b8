// What readers of balancers with many servers make of a page: servers with what is under way and what there was since the start.

import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import type { DriverLoad, Measure, ServerLoad } from '../../../model/site-driver.ts';
import { loadOfServers } from '../load.ts';
import { failure, quote } from '../problem.ts';
import type { Rates } from '../rate.ts';

export interface CountedServer extends ServerLoad {
  /** What has begun since the balancer started. */
  readonly total: number;
}

export interface Servers {
  /** All that there are, with or without servers. */
  readonly services: readonly string[];
  readonly servers: readonly CountedServer[];
  /** Waiting for no server in particular. */
  readonly waiting: number;
}

interface Choice {
  /** Names of services that make the load; null = all. */
  readonly wanted: readonly string[] | null;
  readonly kind: string;
  readonly measure: Measure;
  readonly max: number | null;
  readonly where: string;
}

export function loadFrom(page: Servers, choice: Choice, rates: Rates, nowMs: number): Result<DriverLoad, Problem> {
  const { wanted, kind, measure, max, where } = choice;
  const missing = wanted?.find((name) => !page.services.includes(name));
  if (missing !== undefined) {
    const known = quote(page.services.join(', ')) || 'none';
    return failure('ERR_LOAD_SOURCE', `${where}: there is no ${kind} ${quote(missing)}; there are: ${known}`);
  }
  const ours = page.servers.filter(({ serviceId }) => wanted === null || wanted.includes(serviceId));
  if (measure === 'connections') {
    const servers = ours.map(({ total: _, ...server }): ServerLoad => server);
    return ok(loadOfServers(servers, max, { waiting: page.waiting }));
  }
  const servers = ours.map(({ total, ...server }): ServerLoad => {
    const key = `${server.serviceId} ${server.serverId}`;
    return { ...server, current: rates.perSecond(key, total, nowMs), max: null, waiting: 0 };
  });
  rates.turn();
  return ok(loadOfServers(servers, max));
}
