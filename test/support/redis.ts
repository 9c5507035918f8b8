// Real Redis servers, sentinels and clusters for tests: on ports of the loopback address that are theirs while they are down too,
// each in a directory of its own, nothing saved to disk unless a test says so.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Child, startChild } from './child.ts';
import { eventually } from './patience.ts';
import { type ReservedPort, reservePort } from './reserved-port.ts';
import { run } from './server.ts';

const isInstalled = spawnSync('redis-server', ['--version']).status === 0;
if (!isInstalled && process.env['CI'] === undefined)
  console.log('redis-server is not installed: the tests that need it are skipped');
/** In CI a missing redis-server is a failure, not a reason to skip. */
export const hasRedis = isInstalled || process.env['CI'] !== undefined;

const LOOPBACK = '127.0.0.1';

export interface RedisOptions {
  readonly args?: readonly string[];
  readonly directory?: string;
  readonly program?: 'redis-server' | 'redis-sentinel';
  /** Address to listen on, if not 127.0.0.1. */
  readonly host?: string;
}

export class RedisServer {
  readonly port: number;
  readonly directory: string;
  readonly #options: RedisOptions;
  readonly #reserved: ReservedPort;
  #child: Child | null = null;

  private constructor(reserved: ReservedPort, directory: string, options: RedisOptions) {
    this.port = reserved.port;
    this.directory = directory;
    this.#options = options;
    this.#reserved = reserved;
  }

  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'meridian-redis-'));
    const server = new RedisServer(await reservePort(), directory, options);
    await server.restart();
    return server;
  }

  /** Starts it again where it was, after `kill`. */
  async restart(args: readonly string[] = [], ready = /Ready to accept connections|Sentinel ID is/): Promise<void> {
    const { program = 'redis-server', args: always = [], host = LOOPBACK } = this.#options;
    const isSentinel = program === 'redis-sentinel';
    const own = isSentinel ? [] : ['--save', '', '--appendonly', 'no'];
    // Without a password Redis takes clients of other hosts only if told so.
    const reach = ['--bind', host, '--protected-mode', host === LOOPBACK ? 'yes' : 'no'];
    const place = ['--port', String(this.port), ...reach, '--dir', this.directory];
    const first = isSentinel ? [join(this.directory, 'sentinel.conf')] : [];
    const child = startChild(program, [...first, ...place, ...own, ...always, ...args]);
    this.#child = child;
    const output = (): string => `${program} does not start:\n${child.printed('both')}`;
    await eventually(() => {
      if (ready.test(child.printed('both'))) return true;
      if (!child.isRunning()) throw new Error(output());
      return false;
    }, output);
  }

  /** A client for the test itself. */
  client(options: { readonly password?: string } = {}): Redis {
    return new Redis({
      port: this.port,
      host: this.#options.host ?? LOOPBACK,
      protocol: 2,
      disableClientInfo: true,
      ...options,
    }).on('error', () => undefined);
  }

  /** One command on a connection of its own. */
  async run(...command: readonly [string, ...(string | number)[]]): Promise<unknown> {
    const [name, ...args] = command;
    const client = this.client();
    try {
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.#reserved.release();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A sentinel that watches one master. */
export function startSentinel(masterPort: number, quorum: number, host = LOOPBACK): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-sentinel-'));
  const lines = [
    `sentinel monitor main ${host} ${masterPort} ${quorum}`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 3000',
  ];
  writeFileSync(join(directory, 'sentinel.conf'), `${lines.join('\n')}\n`);
  return RedisServer.start({ program: 'redis-sentinel', directory, host });
}

export interface RedisCluster {
  /** Three masters and a replica of each slot range that `meridian:` may fall into. */
  readonly nodes: readonly RedisServer[];
  masterOf(key: string): Promise<RedisServer>;
  stop(): Promise<void>;
}

const MASTERS = 3;

/** A small cluster: three masters, and one replica for each. */
export async function startCluster(): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--repl-diskless-sync-delay', '0'];
  const nodes: RedisServer[] = [];
  const buses: ReservedPort[] = [];
  for (let i = 0; i < 2 * MASTERS; i++) {
    const bus = await reservePort();
    buses.push(bus);
    nodes.push(await RedisServer.start({ args: [...args, '--cluster-port', String(bus.port)] }));
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'];
  const { stdout: made } = await run('redis-cli', create);
  if (!made.includes('All 16384 slots covered')) throw new Error(`no cluster:\n${made}`);
  const allReady = async (): Promise<boolean> => {
    const infos = await Promise.all(nodes.map((node) => node.run('CLUSTER', 'INFO')));
    const links = await Promise.all(nodes.map((node) => node.run('INFO', 'replication')));
    return (
      infos.every((info) => String(info).includes('cluster_state:ok')) &&
      !links.some((info) => /master_link_status:down/.test(String(info)))
    );
  };
  await eventually(allReady, () => 'the cluster does not come up');
  return {
    nodes,
    async masterOf(key) {
      const slot = Number(await nodes[0]!.run('CLUSTER', 'KEYSLOT', key));
      const ranges = (await nodes[0]!.run('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
      const [, , [, port]] = ranges.find(([first, last]) => first <= slot && slot <= last)!;
      return nodes.find((node) => node.port === port)!;
    },
    stop: async () => {
      for (const node of nodes) await node.stop();
      for (const bus of buses) await bus.release();
    },
  };
}
