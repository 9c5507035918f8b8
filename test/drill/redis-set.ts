// The Redis of a drill: one server that can be killed, paused and set back, or a master with a replica and two sentinels.

import { RedisServer, startSentinel } from '../support/redis.ts';
import { waitFor } from './wait.ts';

export type RedisKind = 'standalone' | 'sentinel';

const START_LIMIT_MS = 60_000;

export class RedisSet {
  readonly master: RedisServer;
  readonly #replicas: readonly RedisServer[];
  readonly #sentinels: readonly RedisServer[];

  private constructor(master: RedisServer, replicas: readonly RedisServer[], sentinels: readonly RedisServer[]) {
    this.master = master;
    this.#replicas = replicas;
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

  /** Whether it holds this version of the orders, so many peers, and votes of so many probers - again, after it had lost them. */
  async holds(version: number, peers: number, probers: number): Promise<boolean> {
    const server = await this.#currentMaster();
    if (server === undefined) return false;
    const found = await Promise.all([
      server.run('HGET', '{meridian}:overrides', 'version'),
      server.run('HLEN', '{meridian}:peers'),
      server.run('ZCARD', '{meridian}:voters'),
    ]);
    return found.map(Number).join() === [version, peers, probers].join();
  }

  async #currentMaster(): Promise<RedisServer | undefined> {
    if (this.#sentinels.length === 0) return this.master;
    const [, port] = (await this.#sentinels[0]!.run('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')) as [string, string];
    return [this.master, ...this.#replicas].find((server) => server.port === Number(port));
  }

  async stop(): Promise<void> {
    for (const server of [...this.#sentinels, this.master, ...this.#replicas]) {
      server.resume();
      await server.stop();
    }
  }
}
