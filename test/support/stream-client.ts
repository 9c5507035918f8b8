// A TCP client of a DNS server that does only what a test tells it, and misbehaves on request.

import { connect, type Socket } from 'node:net';

export class StreamClient {
  readonly socket: Socket;
  /** Resolves when the connection is over, with `reset` or `closed`. */
  readonly over: Promise<'reset' | 'closed'>;
  /** Resolves when the server has sent its FIN. */
  readonly finished: Promise<void>;
  #octets = Buffer.alloc(0);
  #wake: () => void = () => {};
  #isOver = false;

  /** `isReading: false` never takes an octet from the socket. */
  static open(port: number, isReading = true): Promise<StreamClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(new StreamClient(socket, isReading));
      });
    });
  }

  private constructor(socket: Socket, isReading: boolean) {
    this.socket = socket;
    let how: 'reset' | 'closed' = 'closed';
    socket.on('error', () => {
      how = 'reset';
    });
    this.finished = new Promise((resolve) => socket.once('end', resolve));
    this.over = new Promise((resolve) =>
      socket.once('close', () => {
        this.#isOver = true;
        this.#wake();
        resolve(how);
      }),
    );
    void this.finished.then(() => this.#wake());
    if (isReading) {
      socket.on('data', (chunk) => {
        this.#octets = Buffer.concat([this.#octets, chunk]);
        this.#wake();
      });
    } else socket.pause();
  }

  /** Resolves when the octets have been given to the kernel. */
  send(octets: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(octets, () => resolve()));
  }

  /** The next message; undefined if the server ends the connection before it is whole. */
  async receive(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#octets.length >= 2 && this.#octets.length >= 2 + this.#octets.readUInt16BE(0)) {
        const end = 2 + this.#octets.readUInt16BE(0);
        const message = this.#octets.subarray(2, end);
        this.#octets = this.#octets.subarray(end);
        return message;
      }
      if (this.#isOver || this.socket.readableEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }
}
