// Listeners that tell something and take little: one reply for each connection, then its end. They serve balancers, of which there are
// few; a hundred connections at once and a few seconds for each bound what anybody else can do here.

import type { Socket } from 'node:net';
import type { ListeningPort } from './listening.ts';

const MOST_CONNECTIONS = 100;
const PATIENCE_MS = 5000;
/** Of a request that is read before it is answered. */
const MOST_REQUEST_SIZE = 8192;

export interface LineServerOptions {
  /** What begins the reply: the connection itself, or the end of an HTTP request. */
  readonly on: 'connection' | 'request';
  /** Octets of the body that a request with this head has, as far as it is worth reading; none if left out. */
  readonly bodySize?: (head: string) => number;
  /** The whole reply; both are empty on connection. One character of the body is one octet. */
  readonly reply: (head: string, body: string) => string;
}

export class LineServer {
  readonly counts: { replies: number; refused: number } = { replies: 0, refused: 0 };
  readonly #port: ListeningPort;
  readonly #options: LineServerOptions;
  readonly #sockets = new Set<Socket>();

  /** Serves `port` from `begin` on. */
  constructor(port: ListeningPort, options: LineServerOptions) {
    this.#port = port;
    this.#options = options;
  }

  begin(): void {
    this.#port.serve(this.#take);
  }

  get port(): number {
    return this.#port.port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** What it tells is of no use to anybody who is still there. */
  close(): void {
    this.#port.leave(this.#take);
    for (const socket of this.#sockets) socket.destroy();
  }

  readonly #take = (socket: Socket): void => {
    const { on, bodySize = () => 0, reply } = this.#options;
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
    const answer = (head: string, body: string): void => {
      this.counts.replies++;
      socket.end(reply(head, body));
      socket.resume(); // what else is sent is of no interest, but must be read for the end to come
    };
    if (on === 'connection') {
      answer('', '');
      return;
    }
    let text = '';
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) {
        if (text.length > MOST_REQUEST_SIZE) socket.destroy();
        return;
      }
      const head = text.slice(0, end);
      const size = bodySize(head);
      if (text.length < end + 4 + size) return;
      socket.off('data', take);
      answer(head, text.slice(end + 4, end + 4 + size));
    };
    socket.on('data', take);
    socket.once('end', () => socket.end()); // who has not asked by now never will
  };
}

const ignore = (): void => {};
