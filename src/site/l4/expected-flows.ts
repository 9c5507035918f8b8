// Clients that a predecessor had, and the servers where they were: who sends again within the idle timeout goes on there. A client that
// comes later, or whose server is there no more, is treated as any new one.

import type { FlowGroup } from '../../model/passed-flows.ts';

export interface ExpectedServer {
  readonly service: string;
  readonly server: string;
}

export class ExpectedFlows {
  readonly #byClient = new Map<string, ExpectedServer>();
  #sinceMs = 0;

  /** Of the listener at this address. */
  expect(groups: readonly FlowGroup[], address: string, port: number, nowMs: number): void {
    this.#sinceMs = nowMs;
    for (const { service, server, clients, ...listener } of groups) {
      if (listener.address !== address || listener.port !== port) continue;
      const place = { service, server };
      for (const client of clients) this.#byClient.set(client, place);
    }
  }

  /** Where the client was; undefined = it is nobody's. Told once. */
  take(client: string): ExpectedServer | undefined {
    if (this.#byClient.size === 0) return undefined;
    const place = this.#byClient.get(client);
    this.#byClient.delete(client);
    return place;
  }

  /** Forgets those who have not come. */
  sweep(nowMs: number, idleTimeoutMs: number): void {
    if (nowMs - this.#sinceMs >= idleTimeoutMs) this.#byClient.clear();
  }
}
