// The socket of one flow: connected to one server, so that the kernel passes on what comes from there and nothing else, and tells when the
// server's machine says that nobody listens there.

import { createSocket, type Socket } from 'node:dgram';

/** Datagrams that wait while the socket is being made. */
const MOST_EARLY = 16;
/** Octets that may wait for the network; more would only come late. */
const MOST_WAITING_SIZE = 262_144;

export interface FlowEvents {
  onReply(message: Buffer): void;
  /** The server's machine says so, at once or some time after it was sent something. */
  onRefused(): void;
  /** There can be no socket: too many descriptors, or no way to the server. It is closed. */
  onBroken(): void;
}

export class FlowSocket {
  readonly #socket: Socket;
  readonly #events: FlowEvents;
  #early: Buffer[] | null = [];
  #isClosed = false;

  constructor(address: string, port: number, events: FlowEvents) {
    this.#events = events;
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', lookup: numeric });
    this.#socket = socket;
    socket.on('message', (message) => events.onReply(message));
    socket.on('error', this.#failed);
    socket.once('connect', () => {
      const early = this.#early ?? [];
      this.#early = null;
      for (const message of early) this.send(message);
    });
    socket.connect(port, address);
  }

  /** False: it was dropped. */
  send(message: Buffer): boolean {
    if (this.#isClosed) return false;
    if (this.#early !== null) return this.#early.length < MOST_EARLY && this.#early.push(message) > 0;
    if (this.#socket.getSendQueueSize() > MOST_WAITING_SIZE) return false;
    this.#socket.send(message, this.#sent);
    return true;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.#failed(error);
  };

  readonly #failed = (error: NodeJS.ErrnoException): void => {
    if (this.#isClosed) return;
    if (this.#early === null) {
      // Too large for the way is the client's fault, and full buffers are nobody's.
      if (REFUSED.has(error.code)) this.#events.onRefused();
      return;
    }
    this.close();
    process.nextTick(() => this.#events.onBroken()); // whoever makes it has it by then
  };
}

const REFUSED: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN']);

type Found = (error: null, address: string, family: number) => void;

/** Addresses are numeric: nobody need be asked, and nothing waits. */
export const numeric = (address: string, _: unknown, found: Found): void => found(null, address, address.includes(':') ? 6 : 4);
