// A line over two sockets of node:net. What moves in it is told once a second; one in which nothing moves is let go then, and so is a client
// that does not take what it is sent: for as long as it stays it holds memory here and a connection of the server.

import type { Socket } from 'node:net';
import { type Family, parseAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { type CutOff, Line, type LineLimits } from './line.ts';
import type { ProxyAddresses } from './proxy-header.ts';
import { Relay, type RelayEvents } from './relay.ts';

/** The lines of a front that have a server. */
export class SocketLines {
  readonly clock: Clock;
  readonly relayed: Set<SocketLine> = new Set();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Null: the client is gone already. */
  accept(client: Socket): Line | null {
    client.pause();
    client.on('error', ignore); // `close` says what must be known
    const peer = parseAddress(client.remoteAddress ?? '');
    if (peer !== undefined) return new SocketLine(this, client, peer.family, peer.octets);
    client.destroy();
    return null;
  }

  /** To be called every second or so. */
  look(nowMs: number): void {
    for (const line of this.relayed) line.look(nowMs);
  }
}

class SocketLine extends Line implements RelayEvents {
  readonly #lines: SocketLines;
  readonly #client: Socket;
  #relay: Relay | null = null;
  /** The relay has both sockets, and what it is told first is on its way. */
  #isRelaying = false;
  #first: Uint8Array | null = null;
  #limits: LineLimits | null = null;
  #startMs = 0;
  /** Octets of it that were told. */
  #told = 0;
  #progress = 0;
  #progressAtMs = 0;
  /** Octets that the client's socket has taken, and when there was last nothing to complain of. */
  #taken = 0;
  #takenAtMs = 0;

  constructor(lines: SocketLines, client: Socket, family: Family, peer: Uint8Array) {
    super(family, peer);
    this.#lines = lines;
    this.#client = client;
    client.once('close', () => this.#clientClosed());
  }

  names(): ProxyAddresses | null {
    const peer = parseAddress(this.#client.remoteAddress ?? '');
    const local = parseAddress(this.#client.localAddress ?? '');
    if (peer === undefined || local === undefined) return null;
    return {
      family: peer.family,
      source: peer.octets,
      sourcePort: this.#client.remotePort!,
      destination: local.octets,
      destinationPort: this.#client.localPort!,
    };
  }

  abandon(): void {
    const relay = this.#relay;
    this.#relay = null;
    relay?.server.destroy();
  }

  reset(): void {
    this.#client.resetAndDestroy();
    if (this.#isRelaying) this.#relay!.server.resetAndDestroy();
  }

  finish(last: Uint8Array): void {
    this.#client.end(last, () => this.#client.destroy());
  }

  onConnected(relay: Relay): void {
    if (relay !== this.#relay) return;
    const nowMs = this.#lines.clock.monotonicMs();
    this.#isRelaying = true;
    this.#progressAtMs = nowMs;
    this.#takenAtMs = nowMs;
    this.#lines.relayed.add(this);
    this.events.onConnected(nowMs - this.#startMs);
    if (this.#first !== null) relay.server.write(this.#first);
    relay.begin();
  }

  onServerClosed(relay: Relay): void {
    if (relay !== this.#relay) return; // it was abandoned
    if (!this.#isRelaying) {
      this.#relay = null;
      this.events.onConnectFailed(this.#lines.clock.monotonicMs() - this.#startMs);
      return;
    }
    relay.passOn(relay.server, this.#client);
    if (this.#client.closed) this.#ended(relay);
  }

  /** Tells what has moved; lets go of what has not. */
  look(nowMs: number): void {
    this.#tell();
    const why = this.#judge(this.#relay!, nowMs);
    if (why === null) return;
    this.events.onCutOff(why);
    this.reset();
  }

  protected connectWith(address: string, port: number, first: Uint8Array | null, limits: LineLimits): void {
    this.#first = first;
    this.#limits = limits;
    this.#startMs = this.#lines.clock.monotonicMs();
    this.#relay = new Relay(this.#client, address, port, this);
  }

  protected startReading(): void {
    this.#client.on('data', this.#heard);
    this.#client.on('end', this.#heardEnd);
    this.#client.resume();
  }

  protected stopReading(): void {
    this.#client.off('data', this.#heard);
    this.#client.off('end', this.#heardEnd);
    this.#client.pause();
  }

  readonly #heard = (octets: Buffer): void => this.heard(octets);
  readonly #heardEnd = (): void => this.heardEnd();

  #clientClosed(): void {
    const relay = this.#relay;
    if (!this.#isRelaying || relay === null) {
      this.abandon();
      this.over();
      return;
    }
    relay.passOn(this.#client, relay.server);
    if (relay.server.closed) this.#ended(relay);
  }

  /** Both sockets are closed. */
  #ended(relay: Relay): void {
    this.#lines.relayed.delete(this);
    this.#tell();
    relay.end();
    this.over();
  }

  #tell(): void {
    const { moved } = this.#relay!;
    if (moved === this.#told) return;
    this.events.onMoved(moved - this.#told);
    this.#told = moved;
  }

  /** What is wrong with it; null = nothing. */
  #judge({ progress, waiting, taken }: Relay, nowMs: number): CutOff | null {
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#progressAtMs = nowMs;
    }
    if (waiting === 0 || taken !== this.#taken) {
      this.#taken = taken;
      this.#takenAtMs = nowMs;
    }
    const { idleTimeoutMs, stallTimeoutMs } = this.#limits!;
    if (nowMs - this.#takenAtMs >= stallTimeoutMs) return 'stalled';
    return nowMs - this.#progressAtMs >= idleTimeoutMs ? 'idle' : null;
  }
}

const ignore = (): void => {};
