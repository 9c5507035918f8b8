// Asks DNS servers for several client networks (ECS, RFC 7871) again and again, at a bounded rate. Each query is one datagram that is
// never sent again: one without a reply in time is counted as lost, so that nothing that a resolver's patience would hide is hidden.

import { createSocket, type Socket } from 'node:dgram';
import type { Cidr } from '../base/address.ts';
import { sleep } from '../base/sleep.ts';
import { OPTION } from '../wire/constants.ts';
import { encodeEcs } from '../wire/ecs-option.ts';
import { decodeMessage, encodeQuery, recordToText } from '../wire/message.ts';
import { readU16 } from '../wire/octets.ts';
import { TYPE } from '../wire/rrtype.ts';
import type { Answer } from './model.ts';

/** Longer than any delay that a busy machine explains. */
const DEADLINE_MS = 4000;
/** A timer that comes late makes up for so many rounds at most. */
const MOST_AT_ONCE = 3;
/** So many sockets for each server, in turn, so that every worker of it is reached. */
const SOCKETS = 8;
const FLAGS = { rd: false, ad: false, cd: false };

export interface AskedServer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface AskerOptions {
  readonly servers: readonly AskedServer[];
  readonly networks: readonly { readonly text: string; readonly network: Cidr }[];
  /** In wire form. */
  readonly name: Uint8Array;
  /** Between two rounds; in each, every server is asked once for every network. */
  readonly roundMs: number;
  /** The site of an address in an answer; undefined = none is known. */
  siteOf(address: string): string | undefined;
  take(answer: Answer): void;
}

interface Pending {
  readonly client: string;
  readonly sentMs: number;
}

/** Starts to ask; the returned function stops, waits for what is under way, and closes the sockets. */
export function startAsking(options: AskerOptions): () => Promise<void> {
  const lines = options.servers.map((server) => new Line(server, options));
  const startMs = performance.now();
  let rounds = 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const due = Math.floor((nowMs - startMs) / options.roundMs);
    rounds = Math.max(rounds, due - MOST_AT_ONCE);
    for (; rounds < due; rounds++) for (const line of lines) line.askAll();
    for (const line of lines) line.giveUp(nowMs);
  }, options.roundMs);
  return async () => {
    clearInterval(timer);
    await Promise.all(lines.map((line) => line.close()));
  };
}

/** One server. */
class Line {
  readonly #server: AskedServer;
  readonly #options: AskerOptions;
  readonly #sockets: Socket[];
  /** By socket and id, in the order in which they were sent. */
  readonly #pending = new Map<number, Pending>();
  readonly #queries: readonly { readonly client: string; readonly octets: Uint8Array }[];
  #sent = 0;

  constructor(server: AskedServer, options: AskerOptions) {
    this.#server = server;
    this.#options = options;
    this.#queries = options.networks.map(({ text, network }) => ({
      client: text,
      octets: encodeQuery({
        id: 0,
        name: options.name,
        type: TYPE.A,
        flags: FLAGS,
        edns: { udpPayloadSize: 1232, dnssecOk: false, options: [{ code: OPTION.ECS, data: encodeEcs(network) }] },
      }),
    }));
    this.#sockets = Array.from({ length: SOCKETS }, (_, i) => {
      const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
      socket.on('message', (octets, { address, port }) => {
        if (port === server.port && address === server.address) this.#take(i, octets);
      });
      socket.on('error', () => undefined); // told by the missing reply
      return socket;
    });
  }

  askAll(): void {
    const { address, port } = this.#server;
    for (const { client, octets } of this.#queries) {
      const serial = this.#sent++;
      const i = serial % SOCKETS;
      const id = Math.floor(serial / SOCKETS) & 0xffff;
      const query = Buffer.from(octets);
      query.writeUInt16BE(id);
      this.#pending.set((i << 16) | id, { client, sentMs: performance.now() });
      this.#sockets[i]!.send(query, port, address, () => undefined);
    }
  }

  giveUp(nowMs: number): void {
    for (const [key, { client, sentMs }] of this.#pending) {
      if (nowMs - sentMs <= DEADLINE_MS) break;
      this.#pending.delete(key);
      this.#tell(client, null, 'lost', sentMs);
    }
  }

  async close(): Promise<void> {
    const endMs = performance.now() + DEADLINE_MS;
    while (this.#pending.size > 0 && performance.now() < endMs) await sleep(50);
    this.giveUp(Number.POSITIVE_INFINITY);
    for (const socket of this.#sockets) socket.close();
  }

  #take(i: number, octets: Buffer): void {
    if (octets.length < 12) return;
    const key = (i << 16) | readU16(octets, 0);
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    this.#pending.delete(key);
    const reply = decodeMessage(octets);
    const record = typeof reply === 'string' ? undefined : reply.answers.find(({ type }) => type === TYPE.A);
    const address = record === undefined ? undefined : recordToText(record).split('\t').at(-1);
    if (address === undefined) this.#tell(pending.client, null, 'empty', pending.sentMs);
    else this.#tell(pending.client, this.#options.siteOf(address) ?? address, null, pending.sentMs);
  }

  #tell(client: string, site: string | null, trouble: Answer['trouble'], sentMs: number): void {
    this.#options.take({ server: this.#server.name, client, site, trouble, sentMs, atMs: performance.now() });
  }
}
