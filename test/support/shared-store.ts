// What agents of a site share, within one process: so that tests can have several agents, and take what they share away at will. The rules
// are those of model/site-store.ts; the real one is tested in test/redis.

import type { SharedCount, SharedStore } from '../../src/model/site-store.ts';

export class NearbyStore implements SharedStore {
  readonly texts: Map<string, string> = new Map();
  readonly counts: Map<string, number> = new Map();
  isAnswering = true;

  get status() {
    return { isAnswering: this.isAnswering, unanswered: 0, trouble: null };
  }

  async count(name: string, windowMs: number): Promise<SharedCount | undefined> {
    if (!this.isAnswering) return undefined;
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    return { count, leftMs: windowMs };
  }

  async recall(name: string): Promise<string | null | undefined> {
    return this.isAnswering ? (this.texts.get(name) ?? null) : undefined;
  }

  async settle(name: string, text: string, former: string | null): Promise<string | undefined> {
    if (!this.isAnswering) return undefined;
    const found = this.texts.get(name);
    if (found === undefined || found === former) this.texts.set(name, text);
    return this.texts.get(name);
  }

  close(): void {
    this.isAnswering = false;
  }
}
