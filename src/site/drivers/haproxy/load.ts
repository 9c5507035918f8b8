// How full HAProxy is, from `show info` and `show stat`.

import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import type { Measure, ServerLoad, ServerState } from '../../../model/site-driver.ts';
import { countOf } from '../numbers.ts';
import { failure } from '../problem.ts';
import { infoValue, parseStat, type StatRow } from './csv.ts';
import { ask } from './socket.ts';
import { checkVersion, LEAST_ATTACHED } from './version.ts';

export interface Picture {
  readonly rows: readonly StatRow[];
  /** Connections of the whole process: the most. */
  readonly maxConnections: number;
  /** What the configuration calls itself. */
  readonly description: string;
  /** Of the worker that answers: another one after each reload. */
  readonly pid: number;
}

export async function look(socket: string, timeoutMs: number): Promise<Result<Picture, Problem>> {
  const where = `haproxy ${socket}`;
  const info = await ask(socket, 'show info', timeoutMs);
  if (!info.ok) return info;
  const version = checkVersion(infoValue(info.value, 'Version') ?? info.value.slice(0, 80), where, LEAST_ATTACHED);
  if (!version.ok) return version;
  const maxConnections = countOf(infoValue(info.value, 'Maxconn') ?? '');
  if (maxConnections === undefined) return failure('ERR_LOAD_FORM', `${where}: show info: Maxconn is missing or not a count`);
  const stat = await ask(socket, 'show stat -1 7 -1', timeoutMs);
  if (!stat.ok) return stat;
  const rows = parseStat(stat.value, where);
  if (!rows.ok) return rows;
  const pid = countOf(infoValue(info.value, 'Pid') ?? '') ?? 0;
  return ok({ rows: rows.value, maxConnections, description: infoValue(info.value, 'description') ?? '', pid });
}

/** `UP`, `UP 1/3` (about to fall), `no check`, `DOWN (agent)`, `NOLB` (no new clients but those that belong to it), `MAINT (via ...)`. */
export function stateOf(status: string): ServerState {
  const word = status.split(' ')[0];
  if (word === 'UP' || status === 'no check') return 'up';
  if (word === 'DOWN') return 'down';
  if (word === 'DRAIN' || word === 'NOLB') return 'draining';
  return word === 'MAINT' ? 'maintenance' : 'unknown';
}

export const serverLoadOf = (row: StatRow, serviceId: string, measure: Measure): ServerLoad => ({
  serviceId,
  serverId: row.name,
  state: stateOf(row.status),
  current: measure === 'connections' ? row.sessions : row.perSecond,
  max: measure === 'connections' ? row.sessionLimit : null,
  waiting: measure === 'connections' ? row.queued : 0,
  weight: row.weight,
});
