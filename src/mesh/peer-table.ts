// Who is alive, as far as we know. While the engine was out nobody could be heard, so after its return nobody is dropped until all
// have had time to be heard again: an outage of Redis must not look like the death of every prober.

import type { Peer } from '../model/mesh.ts';

export class PeerTable {
  readonly #graceMs: number;
  readonly #present = new Map<string, Peer>();
  readonly #missing = new Map<string, Peer>();
  #self: Peer;
  #graceUntilMs = Number.NEGATIVE_INFINITY;
  #list: readonly Peer[];

  constructor(self: Peer, graceMs: number) {
    this.#self = self;
    this.#graceMs = graceMs;
    this.#list = [self];
  }

  get self(): Peer {
    return this.#self;
  }

  /** By id, ourselves always among them. */
  get list(): readonly Peer[] {
    return this.#list;
  }

  announce(self: Peer): boolean {
    this.#self = self;
    return this.#rebuild();
  }

  /** The engine was out, or has forgotten us: what it does not know may still be there. */
  doubt(nowMs: number): void {
    this.#graceUntilMs = nowMs + this.#graceMs;
  }

  /** The engine's list. True if ours has changed by it. */
  update(peers: readonly Peer[], nowMs: number): boolean {
    for (const [id, peer] of this.#present) this.#missing.set(id, peer);
    this.#present.clear();
    for (const peer of peers) {
      this.#present.set(peer.id, peer);
      this.#missing.delete(peer.id);
    }
    return this.prune(nowMs);
  }

  /** Drops those who have not been heard again. True if the list has changed. */
  prune(nowMs: number): boolean {
    if (nowMs >= this.#graceUntilMs) this.#missing.clear();
    return this.#rebuild();
  }

  #rebuild(): boolean {
    const peers = new Map([...this.#missing, ...this.#present]);
    peers.set(this.#self.id, this.#self);
    const list = [...peers.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    if (JSON.stringify(list) === JSON.stringify(this.#list)) return false;
    this.#list = list;
    return true;
  }
}
