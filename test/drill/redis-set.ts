// The Redis of a drill: one server that can be killed, paused and set back, or a master with a replica and two sentinels.

import { RedisServer, startSentinel } from '../support/redis.ts';
import { waitFor } from './wait.ts';

export type RedisKind = 'standalone' | 'sentinel';

const START_LIMIT_MS = 60_000;

export class RedisSet {
  readonly master: RedisServer;
  readonly #others: readonly RedisServer[];
  readonly #sentinels: readonly RedisServer[];

  private constructor(master: RedisServer, others: readonly RedisServer[], sentinels: readonly RedisServer[]) {
    this.master = master;
    this.#others = others;
    this.#sentinels = sentinels;
  }

  static async start(kind: RedisKind, host: string): Promise<RedisSet> {
    const master = await RedisServer.start({ host });
    if (kind === 'standalone') return new RedisSet(master, [], []);
    const follow = ['--replicaof', host, String(master.port), '--repl-diskless-sync-delay', '0'];
    const replica = await RedisServer.start({ host, args: follow });
    await waitFor(async () => /master_link_status:up/.test(String(await replica.run('INFO', 'replication'))), START_LIMIT_MS);
    const sentinels = [await startSentinel(master.port, 1, host), await startSentinel(master.port, 1, host)];
    const isKnown = async (sentinel: RedisServer): Promise<boolean> =>
      String(await sentinel.run('SENTINEL', 'replicas', 'main')).includes(String(replica.port));
    await waitFor(async () => (await Promise.all(sentinels.map(isKnown))).every(Boolean), START_LIMIT_MS);
    return new RedisSet(master, [replica], sentinels);
  }

  /** YAML of `mesh.redis` for processes that reach it at these addresses. */
  yaml(server: { readonly host: string; readonly port: number }, sentinelHost: string): string {
    if (this.#sentinels.length === 0) return `server: "${server.host}:${server.port}"`;
    const sentinels = this.#sentinels.map(({ port }) => `"${sentinelHost}:${port}"`).join(', ');
    return `sentinel: { servers: [${sentinels}], master: main }, confirmingReplicas: 1`;
  }

  async stop(): Promise<void> {
    for (const server of [...this.#sentinels, this.master, ...this.#others]) {
      server.resume();
      await server.stop();
    }
  }
}
