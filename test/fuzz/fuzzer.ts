// Sends damaged packets to a running server over UDP and TCP and checks every reply. It goes in lockstep: a burst of packets,
// then a plain query whose reply shows that the server has dealt with the burst and still answers. So a missing reply is noticed
// without waiting for a clock, and no more is sent than the server takes.

import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../support/patience.ts';
import { queryOctets } from '../support/query-octets.ts';
import { deservesReply, faultIn, unframe } from './check.ts';
import { FUZZ_IDS, fuzzPacket, fuzzStream } from './mutate.ts';

/** Packets in one burst: few enough that even large ones fit the default receive buffer of a socket. */
const BURST = 32;
/** Every so manieth burst goes over TCP. */
const TCP_EVERY = 4;
/** UDP may lose a packet even on one machine: a burst's last query is sent again after this, while the server is alive. */
const RESEND_MS = 1000;
/** Times a packet without a reply is sent. */
const TRIES = 4;
/** The server's limit for a query over TCP. */
const MAX_QUERY_SIZE = 4096;
/** Each has an id of its own, above those of the packets: a late reply to one must not be taken for another's. */
const PLAIN = { name: 'mail.example.test.', type: 'A' } as const;

export interface FuzzOptions {
  readonly port: number;
  readonly pid: number;
  readonly seed: number;
  /** How much to send: so many packets, however long that takes, or for so long. */
  readonly amount: { readonly packets: number } | { readonly seconds: number };
  /** At most so many packets a second. */
  readonly rate: number;
  /** Send this packet alone. */
  readonly only?: number;
}

export interface FuzzReport {
  readonly udpPackets: number;
  readonly tcpPackets: number;
  readonly replies: number;
  readonly elapsedSec: number;
  /** Growth of the server's resident memory since a quarter had been sent, in MiB. */
  readonly grownMib: number;
}

/** A rule that the server broke. The message has the packet and how to send it again. */
export class FuzzFailure extends Error {}

/** Resolves when all is sent; throws a FuzzFailure at the first rule that is broken. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seed, amount, rate, pid } = options;
  const udp = await UdpSide.open(options.port, pid);
  const count = { udpPackets: 0, tcpPackets: 0, replies: 0 };
  const startMs = performance.now();
  const elapsedSec = (): number => (performance.now() - startMs) / 1000;
  /** 1 when all is done. */
  const progress = (): number =>
    'packets' in amount ? (count.udpPackets + count.tcpPackets) / amount.packets : elapsedSec() / amount.seconds;
  let warmMib = 0;
  try {
    for (let burst = 0; ; burst++) {
      const isTcp = (options.only === undefined ? burst : Math.floor(options.only / BURST)) % TCP_EVERY === TCP_EVERY - 1;
      const from = options.only ?? burst * BURST;
      // What went over one connection goes together again.
      const size = options.only === undefined || isTcp ? BURST : 1;
      const packets = Array.from({ length: size }, (_, i) => fuzzPacket(seed, from + i));
      if (isTcp) count.replies += await streamBurst(options.port, seed, from, packets);
      else count.replies += await udp.burst(seed, from, packets);
      count[isTcp ? 'tcpPackets' : 'udpPackets'] += packets.length;
      if (options.only !== undefined || progress() >= 1) break;
      if (progress() < 1 / 4) warmMib = Math.max(warmMib, residentMib(pid));
      const aheadSec = (from + BURST) / rate - elapsedSec();
      if (aheadSec > 0) await sleep(aheadSec * 1000);
    }
    return { ...count, elapsedSec: elapsedSec(), grownMib: warmMib === 0 ? 0 : residentMib(pid) - warmMib };
  } finally {
    udp.close();
  }
}

function failure(
  seed: number,
  index: number,
  transport: string,
  packet: Uint8Array,
  what: string,
  reply?: Uint8Array,
): FuzzFailure {
  const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
  const replied = reply === undefined ? '' : `\n  reply  ${hex(reply)}`;
  return new FuzzFailure(
    `${what}\n  packet ${index} over ${transport}: ${hex(packet)}${replied}\n  again: npm run fuzz -- --seed ${seed} --only ${index}`,
  );
}

class UdpSide {
  readonly #socket: Socket;
  readonly #pid: number;
  readonly #arrived = new Map<number, Uint8Array[]>();
  /** Plain queries sent so far. */
  #plainSent = 0;
  /** Ids of those whose replies are awaited. */
  readonly #awaited = new Set<number>();
  #wake: () => void = () => {};

  static open(port: number, pid: number): Promise<UdpSide> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    return new Promise((resolve) => socket.connect(port, '127.0.0.1', () => resolve(new UdpSide(socket, pid))));
  }

  private constructor(socket: Socket, pid: number) {
    this.#socket = socket;
    this.#pid = pid;
    socket.on('error', () => {}); // a dead server shows as a missing reply
    socket.on('message', (reply) => {
      const id = reply.length < 2 ? -1 : reply.readUInt16BE(0);
      if (this.#awaited.has(id)) this.#wake();
      else if (id < FUZZ_IDS) this.#arrived.set(id, [...(this.#arrived.get(id) ?? []), reply]);
    });
  }

  /** Sends the packets and checks what comes back; returns the number of replies. */
  async burst(seed: number, from: number, packets: readonly Uint8Array[]): Promise<number> {
    this.#arrived.clear();
    for (const packet of packets) this.#socket.send(packet);
    if (!(await this.#settle())) throw failure(seed, from, 'udp', packets[0]!, 'the server no longer answers');
    let replies = 0;
    for (const [i, packet] of packets.entries()) {
      const index = from + i;
      const id = index % FUZZ_IDS;
      const early = this.#arrived.get(id)?.length ?? 0;
      if (early > 1) throw failure(seed, index, 'udp', packet, `${early} replies`);
      for (let tries = 1; deservesReply(packet) && !this.#arrived.has(id); tries++) {
        if (tries === TRIES) throw failure(seed, index, 'udp', packet, 'no reply');
        this.#socket.send(packet);
        await this.#settle();
      }
      for (const reply of this.#arrived.get(id) ?? []) {
        const fault = faultIn(packet, reply, 'udp');
        if (fault !== undefined) throw failure(seed, index, 'udp', packet, fault, reply);
        replies++;
      }
      this.#arrived.delete(id);
    }
    const [stray] = this.#arrived.values();
    if (stray !== undefined) throw failure(seed, from, 'udp', packets[0]!, 'a reply to nothing that was sent', stray[0]);
    return replies;
  }

  /** Waits for the reply to a plain query behind everything sent so far; false if there is none. */
  async #settle(): Promise<boolean> {
    let isAnswered = false;
    const answered = new Promise<void>((resolve) => {
      this.#wake = () => {
        isAnswered = true;
        resolve();
      };
    });
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (!isAnswered && isAlive(this.#pid) && performance.now() < deadlineMs) {
      const id = FUZZ_IDS | (this.#plainSent++ % FUZZ_IDS);
      this.#awaited.add(id);
      this.#socket.send(queryOctets({ ...PLAIN, id }));
      const timeout = new AbortController();
      await Promise.race([answered, sleep(RESEND_MS, undefined, timeout).catch(() => {})]);
      timeout.abort();
    }
    this.#awaited.clear();
    return isAnswered;
  }

  close(): void {
    this.#socket.close();
  }
}

/** One connection with all the packets, cut into segments anywhere, then a half-close; returns the number of replies. */
async function streamBurst(port: number, seed: number, from: number, packets: readonly Uint8Array[]): Promise<number> {
  const stream = fuzzStream(seed, from, packets);
  const { messages, end } = unframe(stream, MAX_QUERY_SIZE);
  const fail = (what: string, reply?: Uint8Array): FuzzFailure => failure(seed, from, 'tcp', stream, what, reply);
  const received = await converse(port, stream);
  if (received === undefined) throw fail('the connection was not closed');
  const replies: Uint8Array[] = [];
  for (let at = 0; at + 2 <= received.length; at += 2 + received.readUInt16BE(at)) {
    replies.push(received.subarray(at + 2, at + 2 + received.readUInt16BE(at)));
  }
  for (const [i, reply] of replies.entries()) {
    const message = messages[i];
    const fault = message === undefined ? 'a reply to nothing that was sent' : faultIn(message, reply, 'tcp');
    if (fault !== undefined) throw fail(`message ${i}: ${fault}`, reply);
  }
  // A connection that is cut off may lose replies on the way.
  if (end === 'clean' && replies.length !== messages.length)
    throw fail(`${replies.length} replies to ${messages.length} messages`);
  return replies.length;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Everything the server sends until the connection is over; undefined if it never is. */
function converse(port: number, stream: Uint8Array): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(undefined);
    }, PATIENCE_MS);
    socket.on('error', () => {});
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    socket.on('connect', () => {
      const cut = stream.length >> 1;
      socket.write(stream.subarray(0, cut));
      setImmediate(() => {
        if (socket.writable) socket.end(stream.subarray(cut));
      });
    });
  });
}

function residentMib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line![1]) / 1024;
}
