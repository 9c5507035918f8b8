// One client of a front, from when it was accepted: a server or a place in the queue, a connection to that server or to another one, then
// the relay. One object and one listener for the end of the client, whatever it was doing.
// What must hold: a server that was taken is given back once.

import type { Socket } from 'node:net';
import { NONE } from '../../balance/chooser.ts';
import { addressKey } from '../../balance/key.ts';
import { type Family, parseAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import type { TcpFrontSettings } from '../../model/site.ts';
import type { Service, Waiter } from '../service.ts';
import type { Passage, Passages } from './passages.ts';
import { type ProxyAddresses, writeProxyHeader } from './proxy-header.ts';
import { Relay, type RelayEvents } from './relay.ts';

/** What all visits of a front share. */
export interface Host {
  readonly clock: Clock;
  readonly passages: Passages;
  readonly counts: { relayed: number; connectFailures: number };
  /** Sends the client away. */
  refuse(visit: Visit, why: 'refusedUnserved'): void;
}

type Phase = 'beginning' | 'waiting' | 'connecting' | 'relaying' | 'over';

export class Visit implements Waiter, RelayEvents {
  key = 0;
  readonly client: Socket;
  /** Whoever is at the other end: the client, or a proxy in front. */
  readonly family: Family;
  readonly peer: Uint8Array;
  /** What its connections are counted by; null = they are not yet. */
  name: string | null = null;
  readonly #host: Host;
  #phase: Phase = 'beginning';
  #service: Service | null = null;
  #settings: TcpFrontSettings | null = null;
  /** What the server is told, if it is; null = what the socket says. */
  #told: ProxyAddresses | null = null;
  /** The last one has been counted for this client; the others have failed. */
  #tried: number[] = [];
  #relay: Relay | null = null;
  #passage: Passage | null = null;
  #timer: NodeJS.Timeout | null = null;
  #startMs = 0;

  constructor(host: Host, client: Socket, family: Family, peer: Uint8Array) {
    this.#host = host;
    this.client = client;
    this.family = family;
    this.peer = peer;
  }

  /** Its service is known, with which and whose settings it stays. `told`: what a proxy says of the client. */
  begin(service: Service, settings: TcpFrontSettings, told: ProxyAddresses | null): void {
    const { family, source } = told ?? { family: this.family, source: this.peer };
    this.key = addressKey(source, family === 4 ? settings.keyPrefixV4 : settings.keyPrefixV6);
    this.#service = service;
    this.#settings = settings;
    this.#told = told;
    this.#phase = 'waiting';
    if (!service.request(this)) this.giveUp();
  }

  proceed(slot: number): void {
    this.#connect(slot);
  }

  giveUp(): void {
    this.#phase = 'over';
    this.#host.refuse(this, 'refusedUnserved');
  }

  onConnected(): void {
    const { clock, passages, counts } = this.#host;
    const { proxyTo } = this.#settings!;
    const service = this.#service!;
    const relay = this.#relay!;
    const slot = this.#tried.at(-1)!;
    this.#settled();
    this.#phase = 'relaying';
    service.observe(slot, clock.monotonicMs() - this.#startMs, false);
    counts.relayed++;
    if (proxyTo !== null) relay.server.write(writeProxyHeader(proxyTo, this.#told ?? addressesOf(this.client)));
    this.#passage = passages.begin(relay, service, slot, this.#settings!);
    relay.begin();
  }

  onServerClosed(): void {
    if (this.#phase === 'connecting') {
      this.#failed();
      return;
    }
    if (this.#phase !== 'relaying') return;
    const relay = this.#relay!;
    relay.passOn(relay.server, this.client);
    if (this.client.closed) this.#end();
  }

  /** Whatever it was doing, the client's socket is closed. */
  clientClosed(): void {
    if (this.#phase === 'waiting') this.#service!.leave(this);
    else if (this.#phase === 'connecting') this.#relay!.server.destroy();
    else if (this.#phase === 'relaying') {
      const { server } = this.#relay!;
      this.#relay!.passOn(this.client, server);
      if (server.closed) this.#end();
    }
  }

  /** Both sockets are closed. */
  #end(): void {
    this.#phase = 'over';
    this.#host.passages.end(this.#passage!);
    this.#relay!.end();
    this.#service!.release(this.#tried.at(-1)!);
  }

  /** To the server in `slot`, which has been counted for this client. */
  #connect(slot: number): void {
    this.#phase = 'connecting';
    this.#tried.push(slot);
    this.#startMs = this.#host.clock.monotonicMs();
    const { address, port } = this.#service!.server(slot);
    const relay = new Relay(this.client, address, port, this);
    this.#relay = relay;
    this.#timer = setTimeout(() => relay.server.destroy(), this.#settings!.connectTimeoutMs);
  }

  /** The server is connected, or will not be. */
  #settled(): void {
    clearTimeout(this.#timer!);
    if (this.#tried.length > 1) this.#service!.retries.end();
  }

  #failed(): void {
    const { clock, counts } = this.#host;
    const service = this.#service!;
    const slot = this.#tried.at(-1)!;
    this.#settled();
    this.#phase = 'over';
    service.release(slot);
    if (this.client.destroyed) return;
    counts.connectFailures++;
    service.observe(slot, clock.monotonicMs() - this.#startMs, true);
    const isAllowed = this.#tried.length < this.#settings!.attempts && service.retries.tryBegin(service.active);
    const next = isAllowed ? service.another(this.key, this.#tried) : NONE;
    if (next !== NONE) this.#connect(next);
    else {
      if (isAllowed) service.retries.end();
      this.giveUp();
    }
  }
}

/** Null: the socket is closed, and nobody will hear what is said of it. */
function addressesOf(client: Socket): ProxyAddresses | null {
  const peer = parseAddress(client.remoteAddress ?? '');
  const local = parseAddress(client.localAddress ?? '');
  if (peer === undefined || local === undefined) return null;
  return {
    family: peer.family,
    source: peer.octets,
    sourcePort: client.remotePort!,
    destination: local.octets,
    destinationPort: client.localPort!,
  };
}
