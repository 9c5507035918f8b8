// Sockets that whoever started this process opened for it, as systemd's socket units do: the server answers on port 53 without the
// right to open it. Protocol of sd_listen_fds(3): LISTEN_PID says whom they are for, LISTEN_FDS how many there are, from descriptor
// 3 on, LISTEN_FDNAMES what each is called. Each is matched to `server.listen` by its real address; the names serve messages only.

import { fstatSync } from 'node:fs';
import { hasErrors, type Problem } from '../../base/errors.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { endpointText } from '../../transport/listen.ts';
import { type BoundSocket, type Protocol, readSocketTable } from '../../transport/socket-table.ts';

/** SD_LISTEN_FDS_START */
const FIRST_DESCRIPTOR = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const;
/** `server.listen` has at most 64 entries of two protocols, each with at most 256 sockets. */
const MAX_DESCRIPTORS = 32_768;

/** Descriptors of open sockets for one endpoint; for a protocol without any, the workers open their own. */
export interface InheritedSockets {
  readonly udp: readonly number[];
  readonly tcp: readonly number[];
}

export interface Descriptor {
  readonly fd: number;
  readonly name: string;
}

const NONE: InheritedSockets = { udp: [], tcp: [] };

const problem = (message: string): Problem => ({ severity: 'error', code: 'ERR_INHERITED_SOCKET', message });

export interface Inheritance {
  /** By endpoint, in their order; absent if there is any error. */
  readonly sockets?: readonly InheritedSockets[];
  readonly problems: readonly Problem[];
}

/**
 * The inherited sockets of each endpoint; `passed` are those of a predecessor, which count instead. Takes the variables out of the environment, so that no child takes them for its own.
 */
export function takeInheritedSockets(endpoints: readonly Endpoint[], passed: readonly Descriptor[] | null = null): Inheritance {
  const listed = listDescriptors(process.env, process.pid);
  const { descriptors, problems } = passed === null ? listed : { descriptors: passed, problems: [] };
  for (const name of VARIABLES) delete process.env[name];
  if (hasErrors(problems)) return { problems };
  if (descriptors.length === 0) return { sockets: endpoints.map(() => NONE), problems };
  const table = readSocketTable();
  if (table !== undefined) return matchSockets(descriptors, endpoints, (fd) => socketOf(fd, table));
  return { problems: [problem('inherited sockets cannot be used: /proc/self/net, which tells their addresses, cannot be read')] };
}

/** The descriptors that the environment names; none, and a warning, if it names them for another process. */
export function listDescriptors(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): { readonly descriptors: readonly Descriptor[]; readonly problems: readonly Problem[] } {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env;
  if (LISTEN_PID === undefined || LISTEN_FDS === undefined) return { descriptors: [], problems: [] };
  if (LISTEN_PID !== String(pid)) {
    const message =
      `sockets are inherited, but LISTEN_PID gives them to process ${LISTEN_PID} and this is ${pid}; they are not used: ` +
      `start node itself or end the script around it with 'exec node ...', or unset LISTEN_PID`;
    return { descriptors: [], problems: [{ ...problem(message), severity: 'warning' }] };
  }
  const count = Number(LISTEN_FDS);
  if (!/^\d{1,5}$/.test(LISTEN_FDS) || count > MAX_DESCRIPTORS) {
    return {
      descriptors: [],
      problems: [problem(`LISTEN_FDS must be a number up to ${MAX_DESCRIPTORS}, found "${LISTEN_FDS}"`)],
    };
  }
  const names = LISTEN_FDNAMES?.split(':') ?? [];
  const descriptors = Array.from({ length: count }, (_, i) => ({ fd: FIRST_DESCRIPTOR + i, name: names[i] ?? 'unknown' }));
  return { descriptors, problems: [] };
}

function socketOf(fd: number, table: readonly BoundSocket[]): BoundSocket | undefined {
  try {
    const { ino } = fstatSync(fd);
    return table.find(({ inode }) => inode === ino);
  } catch {
    return undefined; // not open
  }
}

/** Sorts the descriptors by endpoint and protocol. Every one must be of use: nobody would read what arrives at the others. */
export function matchSockets(
  descriptors: readonly Descriptor[],
  endpoints: readonly Endpoint[],
  find: (fd: number) => BoundSocket | undefined,
): Inheritance {
  const sockets = endpoints.map((): Record<Protocol, number[]> => ({ udp: [], tcp: [] }));
  const problems: Problem[] = [];
  for (const { fd, name } of descriptors) {
    const socket = find(fd);
    const at = endpoints.findIndex(({ address, port }) => address === socket?.endpoint.address && port === socket.endpoint.port);
    if (socket !== undefined && at >= 0) sockets[at]![socket.protocol].push(fd);
    else problems.push(problem(`inherited socket ${fd} (${name}) ${uselessness(socket, endpoints)}`));
  }
  return problems.length > 0 ? { problems } : { sockets, problems };
}

function uselessness(socket: BoundSocket | undefined, endpoints: readonly Endpoint[]): string {
  if (socket === undefined)
    return 'is neither a bound UDP socket nor a listening TCP socket; pass no other (ListenDatagram=, ListenStream=)';
  const allowed = endpoints.map(endpointText).join(', ');
  return `is ${socket.protocol} ${endpointText(socket.endpoint)}, which server.listen does not have; it has ${allowed}`;
}

/**
 * Which of `sockets` a worker reads. Several of one address (ReusePort=) are dealt out, for the kernel spreads clients over all
 * of them and each must be read; where there are fewer than workers, some are read by more than one.
 */
export function shareOfWorker(sockets: readonly number[], row: number, workers: number): readonly number[] {
  if (sockets.length === 0) return [];
  if (sockets.length <= workers) return [sockets[row % sockets.length]!];
  return sockets.filter((_, i) => i % workers === row);
}
