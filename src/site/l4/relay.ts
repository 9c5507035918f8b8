// Two sockets made one connection: what arrives at one leaves at the other, no faster than that one takes it. An end of one
// direction is passed on and leaves the other direction open; a reset is passed on as a reset, so that a transfer that broke off
// never looks complete. Without `pipe`, whose listeners come and go for each connection.
//
// The client's socket must have been made with allowHalfOpen. The server's is read into memory that all relays share, which saves an
// allocation of 64 KiB for each read; a server that sends much gets memory of its own, so that nothing has to be copied.

import { connect, type Socket } from 'node:net';

const READ_SIZE = 65_536;
/** From here on memory of one's own is cheaper than a copy. */
const LARGE_READ_SIZE = 16_384;
/** When so much waits to be sent in one direction its source is read no further. */
const MOST_WAITING_SIZE = 65_536;

/** Relays that may have memory of their own, 16 MiB in all: one keeps it while nothing moves, since its next read goes there. Others copy. */
const MOST_OWNERS = 256;

/** Valid from a read to the end of its callback. */
const shared: Buffer = Buffer.allocUnsafeSlow(READ_SIZE);
let owners = 0;

export interface RelayEvents {
  onConnected(relay: Relay): void;
  /** Of the server's socket, whether it was ever connected or not. */
  onServerClosed(relay: Relay): void;
}

export class Relay {
  readonly client: Socket;
  readonly server: Socket;
  /** Octets that came from either side. */
  moved = 0;
  /** Octets that were given to the client's socket. */
  #sent = 0;
  /** What the next read goes into; null = the memory that all share. */
  #own: Buffer | null = null;
  /** The server is not read: the client has enough for now. */
  #isHeld = false;

  /** Begins to connect. Neither socket is read until `begin`. */
  constructor(client: Socket, address: string, port: number, events: RelayEvents) {
    this.client = client;
    this.server = connect({
      host: address,
      port,
      allowHalfOpen: true,
      noDelay: true,
      onread: { buffer: () => this.#own ?? shared, callback: (size) => this.#fromServer(size) },
    });
    this.server.on('error', ignore); // `close` follows, which has all that is needed
    this.server.once('connect', () => events.onConnected(this));
    this.server.once('close', () => events.onServerClosed(this));
  }

  /** Of what was given to the client's socket: octets that still wait there. */
  get waiting(): number {
    return this.client.writableLength;
  }

  /** Octets that the client's system has taken. */
  get taken(): number {
    return this.#sent - this.waiting;
  }

  /** Grows whenever anything moves in either direction. */
  get progress(): number {
    return 2 * this.moved - this.waiting - this.server.writableLength;
  }

  /** To be called within onConnected. */
  begin(): void {
    const { client, server } = this;
    client.on('data', (octets: Buffer) => {
      this.moved += octets.length;
      server.write(octets);
      if (hasEnough(server)) client.pause();
    });
    // A client that had nothing to say may have ended before its server was connected.
    if (client.readableEnded) server.end();
    else client.once('end', () => server.end());
    client.on('drain', () => {
      if (this.#isHeld) server.resume();
      this.#isHeld = false;
    });
    server.once('end', () => client.end());
    server.on('drain', () => client.resume());
    client.resume();
  }

  /** One of the two is closed. One that was not ended in both directions was cut off, by its peer or by us: so is the other one. */
  passOn(closed: Socket, other: Socket): void {
    if (!closed.readableEnded || !closed.writableFinished) other.resetAndDestroy();
  }

  /** Both sockets are closed. */
  end(): void {
    this.#disown();
  }

  /** False: no more for now. */
  #fromServer(size: number): boolean {
    const { client } = this;
    this.moved += size;
    this.#sent += size;
    const own = this.#own;
    if (own === null) {
      const octets = Buffer.allocUnsafe(size);
      shared.copy(octets, 0, 0, size);
      client.write(octets);
      if (size >= LARGE_READ_SIZE && owners < MOST_OWNERS) {
        this.#own = Buffer.allocUnsafeSlow(READ_SIZE);
        owners++;
      }
    } else {
      client.write(own.subarray(0, size));
      // As a rule the system has taken all of it already. Otherwise it must stay as it is.
      if (client.writableLength > 0) this.#own = Buffer.allocUnsafeSlow(READ_SIZE);
      else if (size < LARGE_READ_SIZE) this.#disown();
    }
    this.#isHeld = hasEnough(client);
    return !this.#isHeld;
  }

  #disown(): void {
    if (this.#own !== null) owners--;
    this.#own = null;
  }
}

/** Only if `drain` will tell when there is room again. */
const hasEnough = (socket: Socket): boolean => socket.writableLength >= MOST_WAITING_SIZE && socket.writableNeedDrain;

const ignore = (): void => {};
