// One flow: what comes from one address and port of a client, the server that has it, and what became of it there.

import type { SiteServer } from '../../model/site.ts';
import type { ClientAddress } from '../client-network.ts';
import type { ClientSample } from '../client-sample.ts';
import type { Service } from '../service.ts';
import { type FlowEvents, FlowSocket } from './flow-socket.ts';

/** Whom a flow belongs to. */
export interface FlowClient {
  /** In the table of flows. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly source: ClientAddress;
  /** What the client is counted by. */
  readonly name: string;
  /** What hashing algorithms go by. */
  readonly key: number;
}

export class Flow {
  readonly client: FlowClient;
  readonly #events: FlowEvents;
  readonly #sample: ClientSample;
  #service: Service;
  #slot: number;
  #server: SiteServer;
  #socket: FlowSocket;
  #activeAtMs: number;
  /** When the first datagram went to the present server, and whether anything has come back from there. */
  #sinceMs: number;
  #isAnswered = false;
  #asked = 0;
  #answered = 0;
  /** Octets that were not told to the service yet. */
  #moved = 0;

  /** `slot` of `service` has been counted for it. `sample`: where it is noted whose the load is. */
  constructor(client: FlowClient, service: Service, slot: number, nowMs: number, events: FlowEvents, sample: ClientSample) {
    this.#sample = sample;
    this.client = client;
    this.#events = events;
    this.#service = service;
    this.#slot = slot;
    this.#server = service.server(slot);
    this.#activeAtMs = nowMs;
    this.#sinceMs = nowMs;
    this.#socket = new FlowSocket(this.#server.address, this.#server.port, events);
    sample.begun(client.source);
  }

  get activeAtMs(): number {
    return this.#activeAtMs;
  }

  get place(): { readonly service: string; readonly server: string } {
    return { service: this.#service.settings.id, server: this.#server.id };
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** To the server. False: it was dropped. */
  ask(message: Buffer, nowMs: number): boolean {
    this.#activeAtMs = nowMs;
    this.#asked++;
    this.#moved += message.length;
    return this.#socket.send(message);
  }

  /** A reply came. */
  answer(size: number, nowMs: number): void {
    this.#activeAtMs = nowMs;
    this.#answered++;
    this.#moved += size;
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#service.observe(this.#slot, nowMs - this.#sinceMs, false);
  }

  /** Whether each datagram to the present server has so many replies. */
  isDone(replies: number): boolean {
    return this.#answered >= this.#asked * replies;
  }

  /** The server did not do what it should. */
  blame(nowMs: number): void {
    this.#service.observe(this.#slot, nowMs - this.#sinceMs, true);
  }

  /** Tells the service what has moved. */
  count(nowMs: number): void {
    if (this.#moved === 0) return;
    this.#service.balancer.table.addOctets(this.#slot, this.#moved, nowMs);
    this.#sample.moved(this.client.source, this.#moved);
    this.#moved = 0;
  }

  /**
   * Goes to another server of `service` if its own is there no more, or cannot be chosen any more. One that only gets nobody new keeps
   * it; so does one that cannot be chosen while there is no better one. True if it went.
   */
  settle(service: Service, nowMs: number): boolean {
    const isOurs = service === this.#service;
    if (isOurs && service.isAvailable(this.#slot, this.#server)) return false;
    const isGone = !isOurs || !service.has(this.#slot, this.#server);
    const slot = service.take(this.client.key, (found) => isGone || service.isAvailable(found, service.server(found)));
    if (slot === null) return false;
    this.end(nowMs);
    this.#sample.begun(this.client.source); // the service counts it anew, too
    this.#service = service;
    this.#slot = slot;
    this.#server = service.server(slot);
    this.#socket = new FlowSocket(this.#server.address, this.#server.port, this.#events);
    this.#sinceMs = nowMs;
    this.#isAnswered = false;
    this.#asked = 0;
    this.#answered = 0;
    return true;
  }

  /** Gives the server back. */
  end(nowMs: number): void {
    this.count(nowMs);
    this.#socket.close();
    this.#service.release(this.#slot);
  }
}
