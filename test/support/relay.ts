// A relay between a client and a server of the loopback address, for tests: it can be cut (connections break, and new ones are refused),
// made to swallow (nothing comes through, as in app/drill/region-link), and mended.

import { connect, createServer, type Server, type Socket } from 'node:net';

export class Relay {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #isSwallowing = false;
  #marker: string | null = null;

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (client) => this.#join(client, targetPort));
  }

  static start(targetPort: number): Promise<Relay> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.on('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(new Relay(server, targetPort)));
    });
  }

  /** Breaks all connections and takes no more. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Takes connections and lets nothing through either way any more, in those that are open neither. */
  swallow(): void {
    this.#isSwallowing = true;
  }

  /** What was swallowed is lost: connections that missed something are broken. */
  mend(): void {
    if (this.#isSwallowing) for (const socket of this.#sockets) socket.destroy();
    this.#isCut = false;
    this.#isSwallowing = false;
  }

  /** Once a client sends this text, it is passed on, and nothing comes back on that connection any more. */
  muteAfter(marker: string): void {
    this.#marker = marker;
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #join(client: Socket, targetPort: number): void {
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const server = connect(targetPort, '127.0.0.1');
    let isMute = false;
    client.on('data', (chunk) => {
      if (this.#isSwallowing) return;
      if (this.#marker !== null && chunk.includes(this.#marker)) {
        isMute = true;
        this.#marker = null;
      }
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (!isMute && !this.#isSwallowing) client.write(chunk);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
