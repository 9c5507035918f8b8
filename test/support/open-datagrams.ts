// Datagrams at a fixed rate, whether or not answers come, from clients that each keep their port; every one is numbered, and what is never
// answered is told. So few may be under way at once that no buffer of the kernel can overflow, however long the machine stands still:
// a datagram without an answer has been lost by whoever relays it.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { PATIENCE_MS } from './patience.ts';

const TICK_MS = 10;
/** The kernel counts some 768 octets for a small datagram, and a socket has room for 212,992 unless somebody asks for more. */
const MOST_UNDER_WAY = 64;

export interface DatagramTally {
  answered: number;
  /** Sent and never answered. */
  readonly lost: string[];
  /** By client: the servers that answered, each the first word of its answers. */
  readonly servers: readonly ReadonlySet<string>[];
}

export class OpenDatagrams {
  readonly #port: number;
  readonly #sockets: readonly Socket[];
  readonly #servers: readonly Set<string>[];
  readonly #underWay = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  #answered = 0;
  #isOver = false;

  /** Servers must answer with their name, a space, and what they were sent. */
  static async open(port: number, clients: number, perSecond: number): Promise<OpenDatagrams> {
    const sockets = Array.from({ length: clients }, () => createSocket('udp4').bind(0, '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'listening')));
    return new OpenDatagrams(port, sockets, perSecond);
  }

  private constructor(port: number, sockets: readonly Socket[], perSecond: number) {
    this.#port = port;
    this.#sockets = sockets;
    this.#servers = sockets.map(() => new Set());
    for (const [i, socket] of sockets.entries())
      socket.on('message', (message) => {
        const [server, text] = message.toString('latin1').split(' ') as [string, string];
        this.#servers[i]!.add(server);
        if (this.#underWay.delete(text)) this.#answered++;
      });
    this.#timer = setInterval(() => this.#send((perSecond * TICK_MS) / 1000), TICK_MS);
  }

  /** Resolves when so many more are answered. */
  async more(answers: number): Promise<void> {
    const wanted = this.#answered + answers;
    await this.#until(() => this.#answered >= wanted);
  }

  /** Lets those under way have their answers. */
  async stop(): Promise<DatagramTally> {
    clearInterval(this.#timer);
    await this.#until(() => this.#underWay.size === 0);
    this.close();
    return { answered: this.#answered, lost: [...this.#underWay], servers: this.#servers };
  }

  /** At once. */
  close(): void {
    clearInterval(this.#timer);
    if (!this.#isOver) for (const socket of this.#sockets) socket.close();
    this.#isOver = true;
  }

  async #until(isDone: () => boolean): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (!isDone() && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }

  #send(count: number): void {
    for (let i = 0; i < count && this.#underWay.size < MOST_UNDER_WAY; i++) {
      const text = `${this.#sent}`;
      this.#underWay.add(text);
      this.#sockets[this.#sent++ % this.#sockets.length]!.send(text, this.#port, '127.0.0.1');
    }
  }
}
