// One client of a front, from when it was accepted: a server or a place in the queue, a connection to that server or to another one, then
// the relay. What must hold: a server that was taken is given back once.

import { NONE } from '../../balance/chooser.ts';
import { addressKey } from '../../balance/key.ts';
import type { Clock } from '../../base/clock.ts';
import type { TcpFrontSettings } from '../../model/site.ts';
import type { ClientAddress } from '../client-network.ts';
import type { ClientSample } from '../client-sample.ts';
import type { Service, Waiter } from '../service.ts';
import type { CutOff, Line, LineEvents } from './line.ts';
import { type ProxyAddresses, writeProxyHeader } from './proxy-header.ts';

/** What all visits of a front share. */
export interface Host {
  readonly clock: Clock;
  readonly counts: { relayed: number; connectFailures: number } & Record<CutOff, number>;
  /** Where it is noted whose the load is. */
  readonly sample: ClientSample;
  /** Sends the client away. */
  refuse(visit: Visit, why: 'refusedUnserved'): void;
  /** The round trip to whoever is at the other end, at the end of a connection that was relayed. */
  measured(visit: Visit, smoothedUs: number, leastUs: number): void;
  /** The client is gone, and so is its server. */
  left(visit: Visit): void;
}

type Phase = 'beginning' | 'waiting' | 'connecting' | 'relaying' | 'over';

export class Visit implements Waiter, LineEvents {
  key = 0;
  readonly line: Line;
  /** What its connections are counted by; null = they are not yet. */
  name: string | null = null;
  /** At the other end is the client itself, no proxy. */
  isDirect = false;
  readonly #host: Host;
  #phase: Phase = 'beginning';
  #service: Service | null = null;
  #settings: TcpFrontSettings | null = null;
  /** Not the proxy in front, if that tells of it. */
  #client: ClientAddress | null = null;
  /** What the server is told, if it is; null = what the socket says. */
  #told: ProxyAddresses | null = null;
  /** The last one has been counted for this client; the others have failed. */
  #tried: number[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(host: Host, line: Line) {
    this.#host = host;
    this.line = line;
    line.events = this;
  }

  /** Its service is known, with which and whose settings it stays. `told`: what a proxy says of the client. */
  begin(service: Service, settings: TcpFrontSettings, told: ProxyAddresses | null): void {
    const client = told === null ? { family: this.line.family, octets: this.line.peer } : sourceOf(told);
    const { family, octets } = client;
    this.#client = client;
    this.key = addressKey(octets, family === 4 ? settings.keyPrefixV4 : settings.keyPrefixV6);
    this.#service = service;
    this.#settings = settings;
    this.#told = told;
    this.#phase = 'waiting';
    if (!service.request(this)) this.giveUp();
  }

  proceed(slot: number): void {
    this.#host.sample.begun(this.#client!);
    this.#connect(slot);
  }

  giveUp(): void {
    this.#phase = 'over';
    this.#host.refuse(this, 'refusedUnserved');
  }

  onConnected(latencyMs: number): void {
    this.#settled();
    this.#phase = 'relaying';
    this.#service!.observe(this.#tried.at(-1)!, latencyMs, false);
    this.#host.counts.relayed++;
    const { keptSize } = this.line;
    if (keptSize > 0) this.onMoved(keptSize);
  }

  onConnectFailed(latencyMs: number): void {
    if (this.#phase === 'connecting') this.#failed(latencyMs);
  }

  onMoved(octetsSize: number): void {
    this.#service!.balancer.table.addOctets(this.#tried.at(-1)!, octetsSize, this.#host.clock.monotonicMs());
    this.#host.sample.moved(this.#client!, octetsSize);
  }

  onMeasured(smoothedUs: number, leastUs: number): void {
    this.#host.measured(this, smoothedUs, leastUs);
  }

  onCutOff(why: CutOff): void {
    this.#host.counts[why]++;
  }

  onOver(): void {
    const phase = this.#phase;
    this.#phase = 'over';
    this.#host.left(this);
    if (phase === 'waiting') this.#service!.leave(this);
    else if (phase === 'connecting') this.#settled();
    if (phase === 'connecting' || phase === 'relaying') this.#service!.release(this.#tried.at(-1)!);
  }

  /** To the server in `slot`, which has been counted for this client. */
  #connect(slot: number): void {
    this.#phase = 'connecting';
    this.#tried.push(slot);
    const { proxyTo, connectTimeoutMs } = this.#settings!;
    const { address, port } = this.#service!.server(slot);
    const header = proxyTo === null ? null : writeProxyHeader(proxyTo, this.#told ?? this.line.names());
    this.#timer = setTimeout(() => {
      this.line.abandon();
      this.#failed(connectTimeoutMs);
    }, connectTimeoutMs);
    this.line.connect(address, port, header, this.#settings!);
  }

  /** The server is connected, or will not be. */
  #settled(): void {
    clearTimeout(this.#timer!);
    if (this.#tried.length > 1) this.#service!.retries.end();
  }

  #failed(latencyMs: number): void {
    const service = this.#service!;
    const slot = this.#tried.at(-1)!;
    this.#settled();
    this.#phase = 'over';
    service.release(slot);
    this.#host.counts.connectFailures++;
    service.observe(slot, latencyMs, true);
    const isAllowed = this.#tried.length < this.#settings!.attempts && service.retries.tryBegin(service.active);
    const next = isAllowed ? service.another(this.key, this.#tried) : NONE;
    if (next !== NONE) this.#connect(next);
    else {
      if (isAllowed) service.retries.end();
      this.giveUp();
    }
  }
}

const sourceOf = ({ family, source }: ProxyAddresses): ClientAddress => ({ family, octets: source });
