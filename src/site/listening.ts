// A TCP port that is listened on, apart from whoever serves it: a listener that becomes one of another kind, or gains or loses TLS, takes
// the port over from its predecessor. In between no client is refused and nobody else can get hold of the port. Connections are accepted by
// node:net, or by the native relay from a descriptor of the same socket; never by both.

import { closeSync } from 'node:fs';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { NOTHING_PASSED, type PassedSocket } from '../model/passed-socket.ts';
import type { ListenAddress } from '../model/site-agent.ts';
import { listenOptions } from './listen-options.ts';

const BACKLOG = 512;

/** Gets each new connection. Its other half stays open when the client ends its own (allowHalfOpen). */
export type Taker = (socket: Socket) => void;

/** Takes connections from the descriptor of the listening socket by itself, as the native relay does. */
export interface DescriptorTaker {
  /** Another descriptor of a socket; negative = there is none. */
  duplicate(fd: number): number;
  /** False: it cannot. The descriptor stays as it is. */
  listen(fd: number): boolean;
  stopListening(): void;
}

export class ListeningPort {
  /** Null while a DescriptorTaker has its place: two must not accept in turn. */
  #server: Server | null;
  /** The listening socket is open by this descriptor, from which `by` takes connections. */
  #lent: { readonly fd: number; readonly by: DescriptorTaker } | null = null;
  readonly port: number;
  #taker: Taker | null = null;
  /** Those who came before anybody served. */
  #early: Socket[] = [];

  /** `passed` = what a predecessor listened on. */
  static open(address: ListenAddress, passed: PassedSocket = NOTHING_PASSED): Promise<Result<ListeningPort, Problem>> {
    const server = makeServer();
    return new Promise((resolve) => {
      server.once('error', (error) => resolve(err(unusable(address, error))));
      server.listen(listenOptions(address, passed, BACKLOG), () => resolve(ok(new ListeningPort(server, address.port))));
    });
  }

  private constructor(server: Server, configuredPort: number) {
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : configuredPort;
    this.#server = this.#watch(server);
  }

  /** New connections are `taker`'s from now on; or `by` takes them, if it can, and `taker` has only those who came before. */
  serve(taker: Taker, by: DescriptorTaker | null = null): void {
    this.#taker = taker;
    const lent = by !== null && this.#lend(by);
    if (!lent) this.#takeBack();
    for (const socket of this.#early.splice(0)) taker(socket);
  }

  /** `taker` wants no more connections: the port is closed at once, unless somebody else serves it by now. */
  leave(taker: Taker): void {
    if (this.#taker === null || this.#taker === taker) this.close();
  }

  close(): void {
    for (const socket of this.#early.splice(0)) socket.destroy();
    this.#server?.close();
    this.#server = null;
    if (this.#lent === null) return;
    const { fd, by } = this.#lent;
    this.#lent = null;
    by.stopListening();
    closeSync(fd);
  }

  #watch(server: Server): Server {
    return server.on('connection', (socket) => {
      if (this.#taker !== null) this.#taker(socket);
      else this.#early.push(socket.on('error', ignore));
    });
  }

  #lend(by: DescriptorTaker): boolean {
    const before = this.#lent;
    const fd = before?.fd ?? by.duplicate(descriptorOf(this.#server));
    if (fd < 0) return false;
    before?.by.stopListening();
    if (!by.listen(fd)) {
      if (before === null) closeSync(fd);
      return false;
    }
    this.#lent = { fd, by };
    this.#server?.close();
    this.#server = null;
    return true;
  }

  #takeBack(): void {
    if (this.#lent === null) return;
    const { fd, by } = this.#lent;
    this.#lent = null;
    by.stopListening();
    const adopted: ListenOptions & { readonly fd: number } = { fd, backlog: BACKLOG }; // the types leave it out
    this.#server = this.#watch(makeServer().on('error', ignore)).listen(adopted);
  }
}

const makeServer = (): Server => createServer({ allowHalfOpen: true, noDelay: true });

/** Of a server that listens; -1 = Node does not tell. */
function descriptorOf(server: Server | null): number {
  const { _handle: handle } = (server ?? {}) as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd ?? -1;
}

/** The line for a listening address that cannot be had. */
export function unusable({ address, port }: ListenAddress, error: Error, protocol: 'tcp' | 'udp' = 'tcp'): Problem {
  const { code } = error as NodeJS.ErrnoException;
  const reason =
    code === 'EADDRINUSE'
      ? 'another program, or another listener of this one, has the port (EADDRINUSE)'
      : code === 'EACCES'
        ? 'this user may not listen on that port (EACCES)'
        : code === 'EADDRNOTAVAIL'
          ? 'this machine does not have the address (EADDRNOTAVAIL)'
          : error.message;
  const message = `${protocol} ${address} port ${port} cannot be used: ${reason}`;
  return { severity: 'error', code: 'ERR_LISTEN', message };
}

const ignore = (): void => {};
