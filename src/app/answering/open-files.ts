// Room for TCP connections under the system's limit on open files (RLIMIT_NOFILE). At the limit the kernel accepts a newcomer only to
// drop it, and nobody here would notice; so where the limit is too low for what the configuration allows, fewer connections are
// held, and newcomers get in by eviction as always.

import { readFileSync } from 'node:fs';
import type { Problem } from '../../base/errors.ts';

/** Descriptors that the process needs besides its workers: its own, a load, NOTIFY, the control socket. */
const RESERVE = 48;
/** Descriptors of a worker besides its listeners and their connections; measured: 5. */
const PER_WORKER = 8;
/** Of an address in a worker: a socket for TCP, one for UDP, and two with which that waits (native/packet-io/core/watch.h). */
const PER_LISTENER = 4;

/** Node reads modules side by side, in two threads at the start; measured: with 160 files that fails, in Node's own code. */
const LEAST = 512;

/** The problem of a limit under which nothing can be started. */
export function findTooFewFiles(limit: number | undefined): Problem | undefined {
  if (limit === undefined || limit >= LEAST) return undefined;
  const message = `the limit of ${limit} open files is too low to start; at least ${LEAST} are needed ('ulimit -n', LimitNOFILE= in a systemd unit)`;
  return { severity: 'error', code: 'ERR_OPEN_FILES', message };
}

/** What one TCP listener may hold. */
export interface TcpRoom {
  readonly maxConnections: number;
  /** Connections that have been accepted and not heard from yet. */
  readonly maxArrivals: number;
}

export interface TcpDemand extends TcpRoom {
  readonly workers: number;
  /** Entries of server.listen, each with a TCP and a UDP socket in each worker. */
  readonly endpoints: number;
}

/** The limit that this process runs under (Node has raised the soft one to the hard one); undefined if the system does not tell. */
export function openFilesLimit(): number | undefined {
  try {
    const value = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return value === undefined ? undefined : Number(value);
  } catch {
    return undefined;
  }
}

/** What a listener may hold under the limit, and a warning if that is less than was asked for. */
export function fitTcp(demand: TcpDemand, limit: number | undefined): { readonly room: TcpRoom; readonly warning?: Problem } {
  const { workers, endpoints, maxConnections, maxArrivals } = demand;
  const listeners = workers * endpoints;
  const fixed = RESERVE + workers * PER_WORKER + PER_LISTENER * listeners;
  const perListener = Math.floor(((limit ?? Number.POSITIVE_INFINITY) - fixed) / listeners);
  if (perListener >= maxConnections + maxArrivals) return { room: { maxConnections, maxArrivals } };
  const arrivals = Math.max(1, Math.min(maxArrivals, Math.floor(perListener / 3)));
  const connections = Math.max(1, Math.min(maxConnections, perListener - arrivals));
  const needed = fixed + listeners * (maxConnections + maxArrivals);
  const message =
    `the limit of ${limit} open files is too low for server.tcp.maxConnections ${maxConnections}; each worker holds at most ` +
    `${connections} for each address; allow ${needed} files ('ulimit -n', LimitNOFILE= in a systemd unit)`;
  return {
    room: { maxConnections: connections, maxArrivals: arrivals },
    warning: { severity: 'warning', code: 'ERR_OPEN_FILES', message },
  };
}
