// A TCP port that is listened on, apart from whoever serves it: a listener that becomes one of another kind, or gains or loses TLS, takes
// the port over from its predecessor with one assignment. In between no client is refused and nobody else can get hold of the port.

import { createServer, type Server, type Socket } from 'node:net';
import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { NOTHING_PASSED, type PassedSocket } from '../model/passed-socket.ts';
import type { ListenAddress } from '../model/site-agent.ts';
import { listenOptions } from './listen-options.ts';

const BACKLOG = 512;

/** Gets each new connection. Its other half stays open when the client ends its own (allowHalfOpen). */
export type Taker = (socket: Socket) => void;

export class ListeningPort {
  readonly #server: Server;
  readonly #configuredPort: number;
  #taker: Taker | null = null;
  /** Those who came before anybody served. */
  #early: Socket[] = [];

  /** `passed` = what a predecessor listened on. */
  static open(address: ListenAddress, passed: PassedSocket = NOTHING_PASSED): Promise<Result<ListeningPort, Problem>> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    return new Promise((resolve) => {
      server.once('error', (error) => resolve(err(unusable(address, error))));
      server.listen(listenOptions(address, passed, BACKLOG), () => resolve(ok(new ListeningPort(server, address.port))));
    });
  }

  private constructor(server: Server, configuredPort: number) {
    this.#server = server;
    this.#configuredPort = configuredPort;
    server.on('connection', (socket) => {
      if (this.#taker !== null) this.#taker(socket);
      else this.#early.push(socket.on('error', ignore));
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#configuredPort;
  }

  /** New connections are `taker`'s from now on. */
  serve(taker: Taker): void {
    this.#taker = taker;
    for (const socket of this.#early.splice(0)) taker(socket);
  }

  /** `taker` wants no more connections: the port is closed at once, unless somebody else serves it by now. */
  leave(taker: Taker): void {
    if (this.#taker === null || this.#taker === taker) this.close();
  }

  close(): void {
    for (const socket of this.#early.splice(0)) socket.destroy();
    this.#server.close();
  }
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
