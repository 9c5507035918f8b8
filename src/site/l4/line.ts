// The connection of a client, and with it that of the server which it is relayed to: what fronts and visits know of it, whoever moves the
// octets. There are two kinds: over node:net (socket-line.ts) and in the native relay (native-lines.ts).
// What must hold of both: nothing is read of a client before it is asked for; what was read and given back is what the server gets first;
// whatever happens, `onOver` is the last that is told, once, and never before whoever caused it has returned.

import type { Family } from '../../base/address.ts';
import type { ProxyAddresses } from './proxy-header.ts';

/** When a connection that is relayed is let go. */
export interface LineLimits {
  /** Nothing has moved for so long. */
  readonly idleTimeoutMs: number;
  /** Octets wait for the client, and it has taken none for so long. */
  readonly stallTimeoutMs: number;
}

export type CutOff = 'idle' | 'stalled';

export interface LineEvents {
  /** The server is connected, and octets move from now on. */
  onConnected(latencyMs: number): void;
  onConnectFailed(latencyMs: number): void;
  /** Octets, of both directions, since it was told last. */
  onMoved(octetsSize: number): void;
  /** At its end, where the kernel has measured it: the round trip to whoever is at the other end, smoothed and least, both above 0. */
  onMeasured(smoothedUs: number, leastUs: number): void;
  /** It was reset for that. */
  onCutOff(why: CutOff): void;
  /** Both sockets are closed, whether or not there was ever a server. */
  onOver(): void;
}

/** Somebody who reads the beginning of a connection. */
export interface Hearer {
  onOctets(octets: Buffer): void;
  /** The client has no more to say. */
  onEnd(): void;
  /** The client is gone. Nothing follows. */
  onGone(): void;
}

export abstract class Line {
  /** Whoever is at the other end: the client, or a proxy in front. */
  readonly family: Family;
  readonly peer: Uint8Array;
  /** Set by whoever accepts it, before anything can happen. */
  events!: LineEvents;
  #hearer: Hearer | null = null;
  /** What was read and not used. */
  #kept: Buffer | null = null;

  constructor(family: Family, peer: Uint8Array) {
    this.family = family;
    this.peer = peer;
  }

  /** Octets of the client go to `hearer`, until there is another one or null. */
  hear(hearer: Hearer | null): void {
    this.#hearer = hearer;
    if (hearer === null) {
      this.stopReading();
      return;
    }
    const kept = this.#kept;
    this.#kept = null;
    if (kept !== null) hearer.onOctets(kept);
    if (this.#hearer === hearer) this.startReading();
  }

  /** Of what was heard: that is to be read again, by the next hearer or the server. */
  giveBack(octets: Buffer): void {
    this.#kept = octets.length === 0 ? null : octets;
  }

  /** Octets of what was given back, which the server gets. */
  get keptSize(): number {
    return this.#kept?.length ?? 0;
  }

  /** To a server; `header` is what it is sent before anything of the client. To be called again only after this one has failed. */
  connect(address: string, port: number, header: Uint8Array | null, limits: LineLimits): void {
    const kept = this.#kept;
    this.connectWith(address, port, header === null || kept === null ? (header ?? kept) : Buffer.concat([header, kept]), limits);
  }

  /** What the socket says of who is at either end; null = it is closed. */
  abstract names(): ProxyAddresses | null;
  /** The server takes too long to connect. Nothing is told of it. */
  abstract abandon(): void;
  /** Resets both sides. */
  abstract reset(): void;
  /** Says this to the client as its last. */
  abstract finish(last: Uint8Array): void;

  protected abstract connectWith(address: string, port: number, first: Uint8Array | null, limits: LineLimits): void;
  /** Calls `heard` and `heardEnd` with what is there and what comes. */
  protected abstract startReading(): void;
  protected abstract stopReading(): void;

  protected get isHeard(): boolean {
    return this.#hearer !== null;
  }

  protected heard(octets: Buffer): void {
    this.#hearer?.onOctets(octets);
  }

  protected heardEnd(): void {
    this.#hearer?.onEnd();
  }

  protected over(): void {
    this.#hearer?.onGone();
    this.#hearer = null;
    this.events.onOver();
  }
}
