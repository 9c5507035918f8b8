// What the agents of this site share, seen from one of them: the store of the mesh, if it has one, and how long a request may wait for it.

import type { SharedCount, SharedStore, SharedStoreStatus } from '../model/site-store.ts';

export class Sharing {
  #store: SharedStore | null = null;
  #patienceMs = 0;

  /** Null = this agent is alone. */
  join(store: SharedStore | null): void {
    this.#store = store;
  }

  configure(patienceMs: number): void {
    this.#patienceMs = patienceMs;
  }

  /** Null = nothing is shared. */
  get status(): SharedStoreStatus | null {
    return this.#store?.status ?? null;
  }

  /** Whether it makes sense to ask. */
  get isThere(): boolean {
    return this.#store?.status.isAnswering ?? false;
  }

  /** Of all agents; undefined = not known in time. */
  async count(name: string, windowMs: number): Promise<SharedCount | undefined> {
    return this.#store?.count(name, windowMs, this.#patienceMs);
  }

  /** Null = there is none; undefined = not known in time. */
  async recall(name: string): Promise<string | null | undefined> {
    return this.#store?.recall(name, this.#patienceMs);
  }

  /** See SharedStore. */
  async settle(name: string, text: string, former: string | null, ttlMs: number): Promise<string | undefined> {
    return this.#store?.settle(name, text, former, ttlMs, this.#patienceMs);
  }
}
