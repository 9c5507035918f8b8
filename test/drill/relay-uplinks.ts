// Uplinks without privileges: a relay between each prober and each thing. One that is blocked takes connections and swallows what
// it is sent, so a check runs into its time limit while it reads, not while it connects.

import { Relay } from '../support/relay.ts';
import type { Endpoint, Thing, Uplinks } from './uplinks.ts';

export class RelayUplinks implements Uplinks {
  readonly kind = 'relays';
  readonly #relays = new Map<string, Relay>();

  host(): string {
    return '127.0.0.1';
  }

  wrapper(): readonly string[] {
    return [];
  }

  async reach(prober: number, thing: Thing, port: number): Promise<Endpoint> {
    const relay = await Relay.start(port);
    this.#relays.set(`${prober} ${thing}`, relay);
    return { host: '127.0.0.1', port: relay.port };
  }

  block(probers: readonly number[], things: readonly Thing[]): Promise<void> {
    for (const relay of this.#between(probers, things)) relay.swallow();
    return Promise.resolve();
  }

  open(probers: readonly number[], things: readonly Thing[]): Promise<void> {
    for (const relay of this.#between(probers, things)) relay.mend();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    for (const relay of this.#relays.values()) await relay.close();
  }

  #between(probers: readonly number[], things: readonly Thing[]): Relay[] {
    return probers.flatMap((prober) => things.map((thing) => this.#relays.get(`${prober} ${thing}`)!));
  }
}
