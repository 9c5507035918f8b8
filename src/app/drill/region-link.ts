// The way from one region to something in another, on one machine: a TCP relay that can be made to swallow everything, as a network
// that drops packets would. Connections are still taken meanwhile, so whoever comes waits for its own time limit.

import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Place {
  readonly host: string;
  readonly port: number;
}

export class RegionLink {
  readonly place: Place;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isSwallowing = false;

  private constructor(server: Server, place: Place, target: Place) {
    this.#server = server;
    this.place = place;
    server.on('connection', (client) => this.#join(client, target));
  }

  static open(place: Place, target: Place): Promise<RegionLink> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(place.port, place.host, () => resolve(new RegionLink(server, place, target)));
    });
  }

  swallow(): void {
    this.#isSwallowing = true;
  }

  /** What was swallowed is lost, so connections that missed something are broken. */
  mend(): void {
    if (!this.#isSwallowing) return;
    this.#isSwallowing = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #join(client: Socket, target: Place): void {
    const server = connect(target.port, target.host);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (octets) => {
        if (!this.#isSwallowing) to.write(octets);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
