// Meridian processes that share a real Redis and check three local sites.

import { rmSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { eventually } from './patience.ts';
import { RedisServer } from './redis.ts';
import { beginServer, type RunningServer, type StartingServer, startServer } from './server.ts';
import { LocalSite, sitesDirectory, statusOf } from './sites.ts';

/** What every order of a person has. */
export const ORDER = { command: 'order', source: 'human', author: 'ann', reason: 'new disks', forMs: null } as const;

export interface MeshStage {
  readonly redis: RedisServer;
  readonly sites: readonly LocalSite[];
  directory(region: string): string;
  serve(directory: string, role: string): Promise<RunningServer>;
  probe(directory: string): Promise<StartingServer>;
  judge(directory: string): Promise<StartingServer>;
}

/** Everything ends with the test. */
export async function meshStage(t: ExecutionContext): Promise<MeshStage> {
  const redis = await RedisServer.start();
  const sites = [await LocalSite.open(), await LocalSite.open(), await LocalSite.open()];
  const directories: string[] = [];
  const processes: StartingServer[] = [];
  t.teardown(async () => {
    for (const one of processes) one.signal('SIGKILL');
    await Promise.all(processes.map(({ ended }) => ended));
    for (const site of sites) await site.end();
    redis.resume();
    await redis.stop();
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  });
  const begin = async (directory: string, role: string, does: string): Promise<StartingServer> => {
    const server = beginServer(directory, { args: ['--role', role] });
    processes.push(server);
    await server.logged(does);
    return server;
  };
  return {
    redis,
    sites,
    directory(region) {
      const directory = sitesDirectory({ ports: sites.map(({ port }) => port), region, redis: redis.port });
      directories.push(directory);
      return directory;
    },
    async serve(directory, role) {
      const server = await startServer(directory, { args: ['--role', role] });
      processes.push(server);
      return server;
    },
    probe: (directory) => begin(directory, 'probe', 'probing'),
    judge: (directory) => begin(directory, 'fleet', 'judging'),
  };
}

const peersOf = async (directory: string): Promise<number> => (await statusOf(directory)).health.peers.length;

/** Waits until each process knows so many, itself among them. */
export async function know(count: number, ...directories: readonly string[]): Promise<void> {
  let last: readonly number[] = [];
  const isKnown = async (): Promise<boolean> => {
    last = await Promise.all(directories.map(peersOf));
    return last.every((peers) => peers === count);
  };
  await eventually(isKnown, () => `not everybody knows ${count} processes: ${last}`);
}
