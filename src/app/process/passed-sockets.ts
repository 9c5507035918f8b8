// The listening sockets that one process passes to the next (upgrade): found by their descriptors, whoever opened them and in whatever
// thread, and found again by their addresses. The successor has the very same sockets, so what waits in the kernel's queues is
// nobody's loss: whichever of the two reads it answers it.

import { closeSync, fstatSync, readdirSync } from 'node:fs';
import type { Endpoint } from '../../model/endpoint.ts';
import { type BoundSocket, type Protocol, readSocketTable } from '../../transport/socket-table.ts';
import type { Descriptor } from '../answering/inherited-sockets.ts';

/** Environment variable that tells a successor which descriptors it has got: `FIRST-LAST`. */
const VARIABLE = 'MERIDIAN_SOCKETS';
/** Standard streams, then the channel to the predecessor. */
const FIRST_DESCRIPTOR = 4;

interface OpenSocket extends BoundSocket {
  readonly fd: number;
}

const isSame = (a: Endpoint, b: Endpoint): boolean => a.address === b.address && a.port === b.port;

/**
 * One descriptor for each socket of this process that listens: all of TCP, and of UDP those that `answers` names (others are ends of
 * conversations of our own). Undefined where the system does not tell (no /proc).
 */
export function listeningSockets(answers: readonly Endpoint[]): readonly OpenSocket[] | undefined {
  const table = readSocketTable();
  if (table === undefined) return undefined;
  return ownDescriptors(table).filter(
    ({ protocol, endpoint }) => protocol === 'tcp' || answers.some((one) => isSame(one, endpoint)),
  );
}

function ownDescriptors(table: readonly BoundSocket[]): readonly OpenSocket[] {
  const byInode = new Map(table.map((socket) => [socket.inode, socket]));
  const found = new Map<number, OpenSocket>();
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    const inode = inodeOf(fd);
    const socket = inode === undefined ? undefined : byInode.get(inode);
    if (socket !== undefined && !found.has(socket.inode)) found.set(socket.inode, { ...socket, fd });
  }
  return [...found.values()];
}

function inodeOf(fd: number): number | undefined {
  try {
    const status = fstatSync(fd);
    return status.isSocket() ? status.ino : undefined;
  } catch {
    return undefined; // closed meanwhile, as the descriptor of the folder itself is
  }
}

/** What the environment of a successor must have; the descriptors follow the channel, in their order. */
export const passedVariable = (count: number): Readonly<Record<string, string>> => ({
  [VARIABLE]: `${FIRST_DESCRIPTOR}-${FIRST_DESCRIPTOR + count - 1}`,
});

/** What a process has got from its predecessor. Each socket is used once, by whoever is to listen at its address. */
export class PassedSockets {
  readonly #left: Map<number, OpenSocket>;

  private constructor(sockets: readonly OpenSocket[]) {
    this.#left = new Map(sockets.map((socket) => [socket.fd, socket]));
  }

  /** Null for a process without a predecessor. Takes the variable out of the environment, so that no child takes it for its own. */
  static take(env: NodeJS.ProcessEnv = process.env): PassedSockets | null {
    const match = /^(\d{1,5})-(\d{1,5})$/.exec(env[VARIABLE] ?? '');
    delete env[VARIABLE];
    if (match === null) return null;
    const [first, last] = [Number(match[1]), Number(match[2])];
    return new PassedSockets(ownDescriptors(readSocketTable() ?? []).filter(({ fd }) => fd >= first && fd <= last));
  }

  /** The sockets of both protocols for these addresses of DNS: workers open them by their descriptors, which stay open. */
  forAnswers(endpoints: readonly Endpoint[]): readonly Descriptor[] {
    const mine = [...this.#left.values()].filter(({ endpoint }) => endpoints.some((one) => isSame(one, endpoint)));
    for (const { fd } of mine) this.#left.delete(fd);
    return mine.map(({ fd, protocol }) => ({ fd, name: protocol }));
  }

  /** PassedSockets: the descriptor is the caller's. */
  readonly take = (address: string, port: number): number | undefined => this.#take('tcp', { address, port });
  readonly takeUdp = (address: string, port: number): number | undefined => this.#take('udp', { address, port });

  #take(protocol: Protocol, at: Endpoint): number | undefined {
    const found = [...this.#left.values()].find((one) => one.protocol === protocol && isSame(one.endpoint, at));
    if (found !== undefined) this.#left.delete(found.fd);
    return found?.fd;
  }

  /** Closes what nobody wanted: it is listened on no more once the predecessor has gone. */
  closeRest(): void {
    for (const fd of this.#left.keys()) closeSync(fd);
    this.#left.clear();
  }
}
