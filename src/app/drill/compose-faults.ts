// How each fault is made and undone in the containers of docker-compose.yml. Each undo may be called twice.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FaultName, FaultWays, World } from '../../drill/model.ts';
import { DrillError } from '../../drill/play.ts';

const CONFIG = '/etc/meridian/meridian.yaml';
const REDIS: Readonly<Record<string, string>> = { '10.153.0.21': 'redis-1', '10.153.0.22': 'redis-2' };
const BROKEN_LINE = 'drill  30  A  192.0.2.256\n';

/** What of a stack of containers the faults take hold of. */
export interface ComposeParts extends Pick<World, 'subject' | 'servers' | 'name' | 'limitsMs'> {
  /** Path of its docker-compose.yml. */
  readonly file: string;
  /** Server -> why it refuses what it was told to load. */
  readonly refused: Map<string, string>;
  /** A command of compose; throws a DrillError with what it said if it fails. */
  run(args: readonly string[]): Promise<string>;
  attempt(args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  /** A script of the stack's directory. */
  script(command: readonly string[]): Promise<void>;
}

export function composeFaults(world: ComposeParts): Readonly<Partial<Record<FaultName, FaultWays>>> {
  const { site, server } = world.subject;
  const run = async (...args: readonly string[]): Promise<void> => void (await world.run(args));
  const killed = (does: string, ...services: readonly string[]): FaultWays => ({
    does: `${does}: docker compose kill ${services.join(' ')}`,
    undoes: `docker compose start ${services.join(' ')}`,
    make: () => run('kill', ...services),
    undo: () => run('start', ...services),
  });
  const directory = join(dirname(world.file), 'deploy/compose');
  const zoneFile = join(directory, 'meridian/example.test.zone');
  let zone: string | null = null;
  let lost: string | null = null;
  return {
    'site-stops': killed(`the agent of ${site} is killed`, `site-${site}`),
    'site-slows': {
      does: `the agent of ${site} stands still: docker compose pause site-${site}`,
      undoes: `docker compose unpause site-${site}`,
      make: () => run('pause', `site-${site}`),
      undo: () => run('unpause', `site-${site}`),
    },
    'web-server-stops': killed(`one of the two web servers of ${site} is killed`, `web-${site}-1`),
    'region-cut': {
      does: 'europe is cut off: deploy/compose/region.sh cut europe',
      undoes: 'deploy/compose/region.sh join europe',
      make: () => world.script([join(directory, 'region.sh'), 'cut', 'europe']),
      undo: () => world.script([join(directory, 'region.sh'), 'join', 'europe']),
    },
    'redis-stops': killed('Redis is killed, master and replica', 'redis-1', 'redis-2'),
    'redis-master-stops': {
      does: 'the master of Redis is killed: docker compose kill redis-1, or redis-2 if that is it',
      undoes: 'the former master is started again: docker compose start',
      make: async ({ note }) => {
        const master = await masterOf(world);
        lost = master;
        await run('kill', master);
        note(`it was ${master}`);
      },
      undo: async () => {
        if (lost !== null) await run('start', lost);
        lost = null;
      },
    },
    'dns-server-stops': {
      ...killed(`${server} is killed`, server),
      make: async ({ excuse }) => {
        excuse(server);
        await run('kill', server);
      },
      undo: async ({ require }) => {
        await run('start', server);
        await answering(world, server);
        require(server);
      },
    },
    'servers-restart': {
      does: 'each DNS server in turn is restarted: docker compose restart',
      undoes: 'every DNS server runs: docker compose start',
      make: async ({ excuse, require, note }) => {
        for (const name of world.servers) {
          excuse(name);
          await run('restart', name);
          await answering(world, name);
          require(name);
          note(`${name} is back`);
        }
      },
      undo: async ({ require }) => {
        await run('start', ...world.servers);
        for (const name of world.servers) require(name);
      },
    },
    'zone-breaks': {
      does: `a line with an impossible address is added to ${zoneFile}, and every server is told to reload`,
      undoes: `${zoneFile} is put back, and every server is told to reload`,
      make: async () => {
        zone ??= readFileSync(zoneFile, 'utf8');
        writeFileSync(zoneFile, `${zone}${BROKEN_LINE}`);
        world.refused.clear();
        for (const name of world.servers) {
          const { code, stderr } = await world.attempt(['exec', '-T', name, 'meridian', 'reload', '--config', CONFIG]);
          const lines = stderr.trim().split('\n'); // warnings may stand before the error
          if (code !== 0) world.refused.set(name, lines.find((line) => line.includes(' error ')) ?? lines[0]!);
        }
      },
      undo: async () => {
        if (zone === null) return;
        writeFileSync(zoneFile, zone);
        zone = null;
        for (const name of world.servers) await run('exec', '-T', name, 'meridian', 'reload', '--config', CONFIG);
      },
    },
  };
}

async function masterOf(world: ComposeParts): Promise<string> {
  const ask = ['redis-cli', '-p', '26379', 'sentinel', 'get-master-addr-by-name', 'meridian'];
  const address = (await world.run(['exec', '-T', 'sentinel-1', ...ask])).split(/\s/)[0] ?? '';
  const master = REDIS[address];
  if (master === undefined) throw new DrillError(`sentinel-1 does not name a master of Redis: ${address}`);
  return master;
}

/** Waits until the server answers inside its own container. */
async function answering(world: ComposeParts, server: string): Promise<void> {
  const endMs = performance.now() + world.limitsMs.answering;
  const question = ['exec', '-T', server, 'meridian', 'query', world.name, '@127.0.0.1:53'];
  while ((await world.attempt(question)).code !== 0) {
    if (performance.now() > endMs) return; // judged by its answers
  }
}
