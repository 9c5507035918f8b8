// Listeners that tell something and take nothing: one reply for each connection, then its end. They serve balancers, of which there are
// few; a hundred connections at once and a few seconds for each bound what anybody else can do here.

import { createServer, type Server, type Socket } from 'node:net';
import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { NOTHING_PASSED, type PassedSocket } from '../model/passed-socket.ts';
import type { ListenAddress } from '../model/site-agent.ts';
import { listenOptions } from './listen-options.ts';

const MOST_CONNECTIONS = 100;
const PATIENCE_MS = 5000;
/** Of a request that is read before it is answered. */
const MOST_REQUEST_SIZE = 8192;

export interface LineServerOptions {
  /** What begins the reply: the connection itself, or the end of the head of an HTTP request. */
  readonly on: 'connection' | 'head';
  /** The whole reply; `head` is empty on connection. */
  readonly reply: (head: string) => string;
}

export class LineServer {
  readonly counts: { replies: number; refused: number } = { replies: 0, refused: 0 };
  readonly #server: Server;
  readonly #address: ListenAddress;
  readonly #sockets = new Set<Socket>();

  static open(
    address: ListenAddress,
    options: LineServerOptions,
    passed: PassedSocket = NOTHING_PASSED,
  ): Promise<Result<LineServer, Problem>> {
    const server = createServer();
    return new Promise((resolve) => {
      server.once('error', (error) => resolve(err(unusable(address, error))));
      server.listen(listenOptions(address, passed), () => resolve(ok(new LineServer(server, address, options))));
    });
  }

  private constructor(server: Server, address: ListenAddress, options: LineServerOptions) {
    this.#server = server;
    this.#address = address;
    server.on('connection', (socket) => this.#serve(socket, options));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#address.port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** What it tells is of no use to anybody who is still there. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #serve(socket: Socket, { on, reply }: LineServerOptions): void {
    socket.on('error', ignore);
    if (this.#sockets.size >= MOST_CONNECTIONS) {
      this.counts.refused++;
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    const answer = (head: string): void => {
      this.counts.replies++;
      socket.end(reply(head));
      socket.resume(); // what else is sent is of no interest, but must be read for the end to come
    };
    if (on === 'connection') {
      answer('');
      return;
    }
    let head = '';
    const take = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) {
        if (head.length > MOST_REQUEST_SIZE) socket.destroy();
        return;
      }
      socket.off('data', take);
      answer(head);
    };
    socket.on('data', take);
  }
}

/** The line for a listening address that cannot be had. */
export function unusable({ address, port }: ListenAddress, error: Error): Problem {
  const { code } = error as NodeJS.ErrnoException;
  const reason =
    code === 'EADDRINUSE'
      ? 'another program, or another listener of this one, has the port (EADDRINUSE)'
      : code === 'EACCES'
        ? 'this user may not listen on that port (EACCES)'
        : code === 'EADDRNOTAVAIL'
          ? 'this machine does not have the address (EADDRNOTAVAIL)'
          : error.message;
  const message = `tcp ${address} port ${port} cannot be used: ${reason}`;
  return { severity: 'error', code: 'ERR_LISTEN', message };
}

const ignore = (): void => {};
