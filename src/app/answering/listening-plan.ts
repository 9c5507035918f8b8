// How the server will listen on this machine, found out before anything is started: inherited sockets, how many workers can share
// the ports, how many connections fit, and every address that cannot be used. What is merely worse than it could be is said in one
// line each, and the server starts.

import { remedyFor } from '../../addon/load.ts';
import type { Problem } from '../../base/errors.ts';
import { hasErrors } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { ServerSettings } from '../../model/snapshot.ts';
import { findObstacle, findSharingObstacle, findUnreachable, supportsReusePort } from '../../transport/listen.ts';
import { packetIo } from '../../transport/packet-io.ts';
import { MAX_ARRIVALS } from '../../transport/tcp.ts';
import { type Descriptor, type InheritedSockets, takeInheritedSockets } from './inherited-sockets.ts';
import { fitTcp, openFilesLimit, type TcpRoom } from './open-files.ts';

export interface ListeningPlan {
  readonly workers: number;
  /** What one TCP listener of one worker may hold. */
  readonly tcpRoom: TcpRoom;
  /** By endpoint of `server.listen`. */
  readonly inherited: readonly InheritedSockets[];
  /** Whether a worker that dies leaves inherited sockets open for the next one. */
  readonly isInheritanceKept: boolean;
  readonly warnings: readonly Problem[];
}

/** The error is every reason for which the server cannot listen. `passed`: what a predecessor has for `server.listen`; null = none. */
export async function planListening(
  settings: ServerSettings,
  cores: number,
  passed: readonly Descriptor[] | null = null,
): Promise<Result<ListeningPlan, readonly Problem[]>> {
  const { listen } = settings;
  const { sockets: inherited, problems } = takeInheritedSockets(listen, passed);
  if (inherited === undefined) return err(problems);
  const obstacles = await findObstacles(listen, inherited);
  if (hasErrors(obstacles)) return err([...problems, ...obstacles]);

  const isInheriting = inherited.some(({ udp, tcp }) => udp.length + tcp.length > 0);
  const wanted = settings.workers === 0 ? cores : settings.workers;
  const reason = wanted === 1 ? undefined : await whyOneWorker(isInheriting && !isDealtOut(inherited, wanted));
  const workers = reason === undefined ? wanted : 1;
  const demand = { workers, endpoints: listen.length, maxConnections: settings.tcp.maxConnections, maxArrivals: MAX_ARRIVALS };
  const { room: tcpRoom, warning } = fitTcp(demand, openFilesLimit());
  const warnings = [
    ...problems,
    ...obstacles,
    ...(packetIo.addon === undefined ? [addonProblem(packetIo.reason)] : []),
    ...(reason === undefined
      ? []
      : [{ severity: 'warning', code: 'ERR_WORKER', message: `one worker answers, not ${wanted}: ${reason}` } as const]),
    ...(warning === undefined ? [] : [warning]),
  ];
  return ok({ workers, tcpRoom, inherited, isInheritanceKept: !isInheriting || packetIo.addon !== undefined, warnings });
}

async function findObstacles(listen: readonly Endpoint[], inherited: readonly InheritedSockets[]): Promise<Problem[]> {
  const found: (Problem | undefined)[] = [];
  for (const [i, endpoint] of listen.entries()) {
    const { udp, tcp } = inherited[i]!;
    const udpProblem = udp.length === 0 ? await findObstacle('udp', endpoint) : undefined;
    const tcpProblem = tcp.length === 0 ? await findObstacle('tcp', endpoint) : undefined;
    // Most often one reason stands against both.
    const both = udpProblem?.message.replace(/^udp/, 'udp and tcp');
    const isOneReason = both !== undefined && both === tcpProblem?.message.replace(/^tcp/, 'udp and tcp');
    found.push(...(isOneReason ? [{ ...udpProblem!, message: both }] : [udpProblem, tcpProblem]), findUnreachable(endpoint));
  }
  return found.filter((problem) => problem !== undefined);
}

/** Whether each worker has sockets of its own among them, so that none is shared. */
const isDealtOut = (inherited: readonly InheritedSockets[], workers: number): boolean =>
  inherited.every(({ udp, tcp }) => udp.length >= workers && tcp.length >= workers);

async function whyOneWorker(isInheriting: boolean): Promise<string | undefined> {
  if (!supportsReusePort)
    return `several on one port need the native addon, or Node 22.12 or newer on Linux (this is ${process.version})`;
  if (isInheriting && packetIo.addon === undefined) return 'only the native addon can share inherited sockets among several';
  const obstacle = await findSharingObstacle();
  return obstacle === undefined ? undefined : `the kernel does not let them share a port (SO_REUSEPORT: ${obstacle})`;
}

const addonProblem = (reason: string): Problem => ({
  severity: 'warning',
  code: 'ERR_ADDON',
  message:
    `node:dgram answers UDP, at a higher cost per query: the native packet addon is not used, because ${reason}` +
    remedyFor(reason),
});
