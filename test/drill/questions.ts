// One DNS server asked again and again over UDP, at a bounded rate, from so many ports that every worker is reached. Each query is
// sent once: one without a reply in time is counted as unanswered.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import dnsPacket from 'dns-packet';
import { MEMBERS, ZONE } from './config.ts';

/** Of two workers both are met by some of so many ports, but for one chance in 32,768. */
const PORTS = 16;
/** Queries for `all` a second; half as many for `one`. */
const PER_SECOND = 50;
const TICK_MS = 1000 / PER_SECOND;
/** A tick may come late; more than this is not made up for. */
const MAX_BURST = 25;
/** Longer than any delay that a busy machine explains. */
const DEADLINE_MS = 5000;

export interface Counts {
  asked: number;
  unanswered: number;
  /** Not NOERROR, or without an address. */
  refused: number;
  slowestMs: number;
}

export interface Listener {
  /** An answer to `all`: which members are in. */
  all(isIn: readonly boolean[], sentMs: number, nowMs: number): void;
  /** An answer to `one`. */
  one(member: number, nowMs: number): void;
}

interface Pending {
  readonly isAll: boolean;
  readonly sentMs: number;
}

export class Questions {
  readonly counts: Counts = { asked: 0, unanswered: 0, refused: 0, slowestMs: 0 };
  readonly #listener: Listener;
  readonly #sockets: Socket[] = [];
  /** By socket and id. */
  readonly #pending = new Map<number, Pending>();
  #timer: NodeJS.Timeout | null = null;
  #startMs = 0;
  #ticks = 0;
  #sent = 0;

  private constructor(listener: Listener) {
    this.#listener = listener;
  }

  static async open(port: number, listener: Listener): Promise<Questions> {
    const questions = new Questions(listener);
    for (let i = 0; i < PORTS; i++) {
      const socket = createSocket('udp4');
      socket.on('message', (octets) => questions.#take(i, octets));
      socket.on('error', () => undefined); // refused while the server is away: told by the missing reply
      socket.connect(port, '127.0.0.1');
      await once(socket, 'connect');
      questions.#sockets.push(socket);
    }
    return questions;
  }

  start(): void {
    this.#startMs = performance.now();
    this.#ticks = 0;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Asks no more, and waits for what is under way. */
  async pause(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    const endMs = performance.now() + DEADLINE_MS;
    while (this.#pending.size > 0 && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    this.counts.unanswered += this.#pending.size;
    this.#pending.clear();
  }

  async close(): Promise<void> {
    await this.pause();
    for (const socket of this.#sockets) socket.close();
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#giveUp(nowMs);
    const due = Math.floor((nowMs - this.#startMs) / TICK_MS);
    this.#ticks = Math.max(this.#ticks, due - MAX_BURST);
    for (; this.#ticks < due; this.#ticks++) {
      this.#ask(true);
      if (this.#ticks % 2 === 0) this.#ask(false);
    }
  }

  #ask(isAll: boolean): void {
    const serial = this.#sent++;
    const i = serial % PORTS;
    const id = Math.floor(serial / PORTS) & 0xffff;
    const name = `${isAll ? 'all' : 'one'}.${ZONE}`;
    this.#pending.set((i << 16) | id, { isAll, sentMs: performance.now() });
    this.counts.asked++;
    this.#sockets[i]!.send(dnsPacket.encode({ type: 'query', id, questions: [{ type: 'A', name }] }));
  }

  #take(i: number, octets: Buffer): void {
    const nowMs = performance.now();
    const { id = 0, answers = [], ...reply } = dnsPacket.decode(octets);
    const key = (i << 16) | id;
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    this.#pending.delete(key);
    this.counts.slowestMs = Math.max(this.counts.slowestMs, nowMs - pending.sentMs);
    const { rcode } = reply as { rcode?: string };
    const members = answers.flatMap((answer) => (answer.type === 'A' ? [Number(answer.data.split('.').at(-1)) - 1] : []));
    if (rcode !== 'NOERROR' || members.length === 0) this.counts.refused++;
    else if (!pending.isAll) this.#listener.one(members[0]!, nowMs);
    else {
      const isIn = MEMBERS.map((_, member) => members.includes(member));
      this.#listener.all(isIn, pending.sentMs, nowMs);
    }
  }

  #giveUp(nowMs: number): void {
    for (const [key, { sentMs }] of this.#pending) {
      if (nowMs - sentMs <= DEADLINE_MS) break; // in the order in which they were sent
      this.#pending.delete(key);
      this.counts.unanswered++;
    }
  }
}
