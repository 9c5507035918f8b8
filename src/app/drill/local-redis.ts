// The Redis of a drill's own world: one server, or a master with a replica and three sentinels.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DrillError } from '../../drill/play.ts';
import { WorldProcess } from './child-process.ts';

const PORT = 6379;
const SENTINEL_PORT = 26379;
const READY = /Ready to accept connections|Sentinel ID is/;
const MASTER = 'drill';
const SENTINELS = [31, 32, 33];

export interface LocalRedisOptions {
  readonly directory: string;
  /** Of the last octet of an address of the world. */
  address(octet: number): string;
  readonly hasSentinel: boolean;
  /** Until sentinels call a master that is silent down. */
  readonly downAfterMs: number;
}

export class LocalRedis {
  /** Once started. */
  nodes: readonly WorldProcess[] = [];
  #sentinels: readonly WorldProcess[] = [];
  readonly #options: LocalRedisOptions;

  constructor(options: LocalRedisOptions) {
    this.#options = options;
  }

  get host(): string {
    return this.#options.address(21);
  }

  get port(): number {
    return PORT;
  }

  /** YAML of `mesh.redis`, for who reaches the one server there. */
  yaml({ host, port }: { readonly host: string; readonly port: number }): string {
    if (!this.#options.hasSentinel) return `server: "${host}:${port}"`;
    const servers = SENTINELS.map((octet) => `"${this.#options.address(octet)}:${SENTINEL_PORT}"`).join(', ');
    return `sentinel: { servers: [${servers}], master: ${MASTER} }`;
  }

  async start(): Promise<void> {
    if (spawnSync('redis-server', ['--version']).status !== 0)
      throw new DrillError(
        'redis-server is not on this machine: install it (Debian package redis-server), or drill with --compose',
      );
    const { hasSentinel } = this.#options;
    this.nodes = (hasSentinel ? [21, 22] : [21]).map((octet, i) => this.#node(octet, i));
    this.#sentinels = hasSentinel ? SENTINELS.map((octet, i) => this.#sentinel(octet, i)) : [];
    for (const node of this.nodes) await node.start();
    await Promise.all(this.#sentinels.map((sentinel) => sentinel.start()));
  }

  /** The node that Sentinel takes for the master. */
  master(): WorldProcess {
    const [sentinel] = SENTINELS;
    if (!this.#options.hasSentinel) return this.nodes[0]!;
    const command = ['-h', this.#options.address(sentinel!), '-p', String(SENTINEL_PORT)];
    const { stdout } = spawnSync('redis-cli', [...command, 'sentinel', 'get-master-addr-by-name', MASTER], { encoding: 'utf8' });
    return this.nodes[(stdout ?? '').startsWith(this.#options.address(22)) ? 1 : 0]!;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sentinels, ...this.nodes].map((process) => process.kill()));
  }

  #node(octet: number, i: number): WorldProcess {
    const name = `redis-${i + 1}`;
    const { address } = this.#options;
    const lines = [
      `bind ${address(octet)}`,
      `port ${PORT}`,
      'protected-mode no', // its address is one of loopback
      'save ""',
      'appendonly yes',
      'repl-diskless-sync-delay 0',
      // Connections within loopback come from 127.0.0.1, so each says where it is.
      `replica-announce-ip ${address(octet)}`,
      ...(i === 0 ? [] : [`replicaof ${address(21)} ${PORT}`]),
    ];
    return this.#process(name, 'redis-server', lines, []);
  }

  #sentinel(octet: number, i: number): WorldProcess {
    const { address, downAfterMs } = this.#options;
    const lines = [
      `bind ${address(octet)}`,
      `port ${SENTINEL_PORT}`,
      'protected-mode no',
      `sentinel announce-ip ${address(octet)}`,
      `sentinel monitor ${MASTER} ${address(21)} ${PORT} 2`,
      `sentinel down-after-milliseconds ${MASTER} ${downAfterMs}`,
      `sentinel failover-timeout ${MASTER} ${4 * downAfterMs}`,
    ];
    return this.#process(`sentinel-${i + 1}`, 'redis-server', lines, ['--sentinel']);
  }

  #process(name: string, command: string, lines: readonly string[], args: readonly string[]): WorldProcess {
    const directory = join(this.#options.directory, name);
    mkdirSync(directory, { recursive: true });
    // Both write into their file what a failover changes.
    writeFileSync(join(directory, 'redis.conf'), `${lines.join('\n')}\n`);
    return new WorldProcess({ name, command, args: ['redis.conf', ...args], directory, ready: READY });
  }
}
