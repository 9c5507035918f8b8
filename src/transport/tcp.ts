// DNS over TCP (RFC 7766) on node:net: many connections that each may send many queries without waiting, answered in order.
// Every resource a client can hold is bounded: connections (all, and per address), octets of an unfinished query, octets of
// replies it does not read, answers in one turn of the event loop, the time for one message and the time without any. Whoever
// breaks the framing is cut off. Deadlines are checked by one sweep over all connections, not by a timer for each.
// A connection counts towards the limits from its first octets on (see arrivals.ts), so a client that connects and asks at once is
// answered however many others connect at the same time.

import { createServer, type Server, type Socket } from 'node:net';
import { formatAddress, maskOctets } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { COUNTER } from '../metrics/counters.ts';
import { Client, type Respond } from '../model/client.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { ServerSettings } from '../model/snapshot.ts';
import { Arrivals } from './arrivals.ts';
import { ConnectionTable } from './connection-table.ts';
import { FRAME, FrameReader } from './frame-reader.ts';
import { listenProblem } from './listen.ts';
import { packetIo, type Sharing, systemError } from './packet-io.ts';
import { setClientAddress, stampClient } from './sender.ts';

const MAX_MESSAGE_SIZE = 65535;
/** Octets of replies that a connection may leave unread in our memory (the kernel holds some more) before it is cut off. */
const MAX_UNREAD_SIZE = 128 * 1024;
/** Connections the kernel completes while we are busy. It caps them at net.core.somaxconn. */
const BACKLOG = 512;
/** Connections that we have accepted and not heard from yet. */
export const MAX_ARRIVALS = 512;
/** Time for the first octets of a new connection, before it counts like those that have sent some. */
const ARRIVAL_MS = 100;
/**
 * Queries of one connection answered in a row; then it is everyone else's turn. A chunk may hold two thousand, and answering all
 * of them at once would make everybody wait for the one who floods.
 */
const MAX_ANSWERS_PER_TURN = 8;
/** Deadlines are kept to within this. */
const SWEEP_INTERVAL_MS = 250;
/** One household or data centre has a /64 (RFC 6177), so an address per connection must not evade the limit. */
const IPV6_KEY_PREFIX_LEN = 64;
/** Time that a stopping server leaves its clients to take their last replies. */
const DRAIN_MS = 1000;
const NO_MESSAGE = -1;

export interface TcpLimits extends Readonly<ServerSettings['tcp']> {
  /** New connections that may be held before they are heard from; default MAX_ARRIVALS. */
  readonly maxArrivals?: number;
}

export interface TcpOptions {
  /** The address is numeric. Port 0 takes a free one. */
  readonly endpoint: Endpoint;
  readonly respond: Respond;
  readonly limits: TcpLimits;
  readonly clock: Clock;
  /** Who else may have the port; anything but `alone` only where `supportsReusePort`. Default: alone. */
  readonly sharing?: Sharing;
  /**
   * A listening socket to adopt (systemd socket activation) instead of opening one: `endpoint` is then only its name in messages.
   * The native addon duplicates it, so the descriptor itself stays open and may be given to every worker. Without the addon it
   * belongs to the one that adopts it, and is closed with it.
   */
  readonly fd?: number;
  /** The worker's row of counters, indexed by COUNTER. */
  readonly counters: Float64Array;
}

interface Connection {
  readonly socket: Socket;
  readonly addressKey: string;
  readonly client: Client;
  readonly reader: FrameReader;
  /** When the last exchange was completed, or the connection opened. */
  idleSinceMs: number;
  /** When the first octet of an unfinished message came, or NO_MESSAGE. */
  messageSinceMs: number;
  /** The chunk in the reader has more messages, or the present reply has, which are dealt with in the next turn. */
  isYielding: boolean;
  /** That turn, or null. */
  turn: NodeJS.Immediate | null;
}

/** The descriptor of a listening socket that is ours alone; undefined if Node is to open one. */
function openDescriptor({ endpoint, sharing = 'alone', fd }: TcpOptions): number | undefined | Error {
  const { addon } = packetIo;
  if (addon === undefined) return fd;
  if (fd === undefined && sharing === 'alone') return undefined;
  const opened = fd === undefined ? addon.openTcp({ ...endpoint, sharing, backlog: BACKLOG }) : addon.duplicate(fd);
  return opened >= 0 ? opened : systemError('listen', opened);
}

export class TcpListener {
  readonly #server: Server;
  readonly #respond: Respond;
  readonly #limits: TcpLimits;
  readonly #clock: Clock;
  readonly #counters: Float64Array;
  readonly #arrivals: Arrivals<Connection>;
  readonly #connections: ConnectionTable<Connection>;
  /** Length prefix and reply of the query being answered. */
  readonly #output = Buffer.allocUnsafeSlow(2 + MAX_MESSAGE_SIZE);
  /** Only while there are connections: a thread that nobody talks to over TCP is not woken. */
  #sweepTimer: NodeJS.Timeout | undefined;
  #isClosing = false;
  /** Connections without an exchange for so long are closed. */
  #idleTimeoutMs: number;
  /** While it closes: when whoever is still there is cut off. */
  #cutOff: NodeJS.Timeout | undefined;

  /** Binds; an address that cannot be used is an ERR_LISTEN problem. */
  static listen(options: TcpOptions): Promise<Result<TcpListener, Problem>> {
    const { endpoint, sharing = 'alone' } = options;
    const descriptor = openDescriptor(options);
    if (descriptor instanceof Error) return Promise.resolve(err(listenProblem('tcp', endpoint, descriptor)));
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    return new Promise((resolve) => {
      server.once('error', (error) => resolve(err(listenProblem('tcp', endpoint, error))));
      server.once('listening', () => resolve(ok(new TcpListener(server, options))));
      if (descriptor !== undefined) server.listen({ fd: descriptor }, BACKLOG);
      else {
        // Older Nodes ignore `reusePort`.
        const shared = sharing === 'alone' ? {} : { reusePort: true };
        server.listen({ host: endpoint.address, port: endpoint.port, backlog: BACKLOG, ipv6Only: true, ...shared });
      }
    });
  }

  private constructor(server: Server, options: TcpOptions) {
    this.#server = server;
    this.#respond = options.respond;
    this.#limits = options.limits;
    this.#idleTimeoutMs = options.limits.idleTimeoutMs;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#arrivals = new Arrivals(options.limits.maxArrivals ?? MAX_ARRIVALS);
    this.#connections = new ConnectionTable(options.limits.maxConnections, options.limits.maxConnectionsPerAddress);
    server.removeAllListeners('error');
    server.on('error', () => this.#counters[COUNTER.TCP_ACCEPT_ERRORS]!++);
    server.on('connection', (socket) => this.#accept(socket));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Open connections, arriving ones among them. */
  get connectionCount(): number {
    return this.#arrivals.size + this.#connections.size;
  }

  #beginSweeping(): void {
    this.#sweepTimer ??= setInterval(() => {
      const nowMs = this.#clock.monotonicMs();
      // Behind the reads that are due: when we were held up, the octets of a client that was in time wait in the kernel.
      setImmediate(() => this.sweep(nowMs));
    }, SWEEP_INTERVAL_MS).unref();
  }

  #endSweeping(): void {
    clearInterval(this.#sweepTimer);
    this.#sweepTimer = undefined;
  }

  /** Counts silent newcomers among the connections, and closes every connection that was past a deadline at `now`. */
  sweep(now = this.#clock.monotonicMs()): void {
    const { messageTimeoutMs } = this.#limits;
    const idleTimeoutMs = this.#idleTimeoutMs;
    for (;;) {
      const settled = this.#arrivals.takeOlder(now - ARRIVAL_MS);
      if (settled === undefined) break;
      this.#evict(this.#connections.add(settled));
    }
    for (const connection of this.#connections.values()) {
      const isSlow = connection.messageSinceMs !== NO_MESSAGE && now - connection.messageSinceMs >= messageTimeoutMs;
      if (!isSlow && now - connection.idleSinceMs < idleTimeoutMs) continue;
      this.#counters[isSlow ? COUNTER.TCP_SLOW : COUNTER.TCP_TIMED_OUT]!++;
      this.#drop(connection);
    }
    if (this.connectionCount === 0) this.#endSweeping();
  }

  /** Takes no more connections, finishes what has begun, and cuts off whoever is still there after `drainMs`. */
  close(drainMs = DRAIN_MS): Promise<void> {
    const ended = this.#stopListening();
    this.#endAll(drainMs);
    return ended;
  }

  /**
   * Takes no more connections, and goes on answering on those that there are until they have been idle for `idleMs`; what is left after
   * `drainMs` ends as with `close`. For when another process has the listening socket as well, and clients should not notice.
   */
  retire(idleMs: number, drainMs: number): Promise<void> {
    this.#idleTimeoutMs = Math.min(idleMs, this.#limits.idleTimeoutMs);
    const ended = this.#stopListening();
    this.#cutOff = setTimeout(() => this.#endAll(DRAIN_MS), drainMs);
    return ended;
  }

  /** Resolves when the last connection has ended. */
  async #stopListening(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    clearTimeout(this.#cutOff);
    this.#endSweeping();
  }

  #endAll(drainMs: number): void {
    this.#isClosing = true;
    // The system may hold queries that came before; a turn of the event loop reads them, and each is answered before its connection ends.
    setImmediate(() => setImmediate(() => this.#endIdle()));
    this.#cutOff = setTimeout(() => {
      for (const connection of [...this.#arrivals.values(), ...this.#connections.values()]) this.#drop(connection);
    }, drainMs);
  }

  #endIdle(): void {
    for (const { socket } of this.#arrivals.values()) socket.end();
    for (const { socket, reader, isYielding } of this.#connections.values()) if (!reader.isPartial && !isYielding) socket.end();
  }

  #accept(socket: Socket): void {
    socket.on('error', () => this.#counters[COUNTER.TCP_ERRORS]!++);
    const client = new Client();
    // A client that has gone already has no address.
    if (socket.remoteAddress === undefined || !setClientAddress(client, socket.remoteAddress)) {
      socket.destroy();
      return;
    }
    this.#counters[COUNTER.TCP_ACCEPTED]!++;
    client.port = socket.remotePort ?? 0;
    client.isStream = true;
    const connection: Connection = {
      socket,
      addressKey: addressKey(client),
      client,
      reader: new FrameReader(),
      idleSinceMs: this.#clock.monotonicMs(),
      messageSinceMs: NO_MESSAGE,
      isYielding: false,
      turn: null,
    };
    this.#evict(this.#arrivals.add(connection));
    this.#beginSweeping();
    socket.on('data', (chunk) => this.#receive(connection, chunk));
    socket.on('end', () => this.#finish(connection));
    socket.on('close', () => {
      this.#counters[COUNTER.TCP_CLOSED]!++;
      this.#forget(connection);
    });
    socket.on('drain', () => {
      this.#completeExchange(connection);
      if (connection.isYielding) this.#schedule(connection);
      else socket.resume();
    });
  }

  #evict(connection: Connection | undefined): void {
    if (connection === undefined) return;
    this.#counters[COUNTER.TCP_EVICTED]!++;
    connection.socket.destroy();
  }

  #receive(connection: Connection, chunk: Uint8Array): void {
    const { reader, socket } = connection;
    if (socket.writableEnded) return;
    if (this.#arrivals.remove(connection)) this.#evict(this.#connections.add(connection));
    reader.push(chunk);
    this.#answerChunk(connection);
  }

  /** Answers what is whole in the reader's chunk, or as much of it as is due in one turn. */
  #answerChunk(connection: Connection): void {
    const { reader, socket, client } = connection;
    connection.isYielding = false;
    for (let answers = 0; ; answers++) {
      if (answers === MAX_ANSWERS_PER_TURN || client.continuation !== null) {
        this.#yield(connection);
        return;
      }
      const frame = reader.next();
      if (frame === FRAME.MORE) break;
      if (frame === FRAME.BAD || !this.#answer(connection)) {
        this.#counters[COUNTER.TCP_REFUSED]!++;
        this.#drop(connection);
        return;
      }
      connection.messageSinceMs = NO_MESSAGE;
      if (socket.writableLength > MAX_UNREAD_SIZE) {
        this.#counters[COUNTER.TCP_UNREAD]!++;
        this.#drop(connection);
        return;
      }
    }
    if (!reader.isPartial) {
      if (this.#isClosing) socket.end();
    } else if (connection.messageSinceMs === NO_MESSAGE) connection.messageSinceMs = this.#clock.monotonicMs();
  }

  /** Goes on with the chunk when all others have had their turn; the socket is not read from until then. */
  #yield(connection: Connection): void {
    connection.isYielding = true;
    connection.socket.pause();
    this.#schedule(connection);
  }

  #schedule(connection: Connection): void {
    connection.turn ??= setImmediate(() => {
      connection.turn = null;
      this.#goOn(connection);
    });
  }

  #goOn(connection: Connection): void {
    const { socket, client } = connection;
    if (socket.destroyed || (client.continuation !== null && !this.#continueReply(connection))) return;
    this.#answerChunk(connection);
    if (connection.isYielding) return;
    if (socket.readableEnded) this.#finish(connection);
    else if (!socket.writableNeedDrain) socket.resume();
  }

  /** Sends the next message of a reply of several as soon as the socket takes it; true if there are no more. */
  #continueReply(connection: Connection): boolean {
    const { socket, client } = connection;
    if (socket.writableNeedDrain) return false; // draining leads back here
    try {
      const size = client.continuation!.next(this.#output, 2);
      if (size > 0) {
        this.#counters[COUNTER.STREAM_REPLY_OCTETS]! += size;
        if (this.#send(connection, size)) this.#schedule(connection);
        return false;
      }
    } catch {
      this.#counters[COUNTER.EXCEPTIONS]!++;
      this.#drop(connection);
      return false;
    }
    client.continuation = null;
    return true;
  }

  /** Answers the message in the reader; false if it gets no answer. */
  #answer(connection: Connection): boolean {
    const { socket, reader, client } = connection;
    const output = this.#output;
    stampClient(client, this.#clock);
    const size = this.#respond(reader.message, reader.offset, reader.length, client, output, 2);
    if (size === 0) return false;
    if (!this.#send(connection, size)) socket.pause(); // until it has read what it has got
    return true;
  }

  /** Sends the message of so many octets in the output; false if the client has to read before there should be more. */
  #send(connection: Connection, size: number): boolean {
    const output = this.#output;
    output[0] = size >> 8;
    output[1] = size;
    // A copy, for the stream keeps what the kernel does not take at once.
    const isTaken = connection.socket.write(Buffer.from(output.subarray(0, 2 + size)));
    if (isTaken) this.#completeExchange(connection);
    return isTaken;
  }

  #completeExchange(connection: Connection): void {
    connection.idleSinceMs = this.#clock.monotonicMs();
    this.#connections.touch(connection);
  }

  /** The client has sent all it will send. A paused socket says so too, while there are still answers due. */
  #finish(connection: Connection): void {
    if (connection.isYielding) return;
    if (connection.reader.isPartial) {
      this.#counters[COUNTER.TCP_REFUSED]!++;
      this.#drop(connection);
    } else connection.socket.end();
  }

  #drop(connection: Connection): void {
    this.#forget(connection);
    connection.socket.destroy();
  }

  #forget(connection: Connection): void {
    this.#arrivals.remove(connection);
    this.#connections.remove(connection);
  }
}

function addressKey(client: Client): string {
  if (client.family === 4) return formatAddress(client.octets, 4);
  const prefix = Uint8Array.from(client.octets);
  maskOctets(prefix, IPV6_KEY_PREFIX_LEN, prefix.length);
  return formatAddress(prefix, 6);
}
