// Two agents of one site over one real Redis: one limit, one table of who has which client. Redis is killed and comes back empty. Whole
// programs, asked by real clients, with real servers behind.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { testUnless } from '../support/environments.ts';
import { eventually } from '../support/patience.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { reservePort } from '../support/reserved-port.ts';
import { beginServer, meridian, type StartingServer } from '../support/server.ts';

const SERVERS = ['a', 'b', 'c', 'd'];
const LIMIT = 10;
const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`);

interface Agent extends StartingServer {
  /** Status and, of 200, the server that answered. */
  ask(path: string, headers: Record<string, string>): Promise<string>;
  site(): Promise<StatusReport['site'][number]>;
}

async function serverThatSays(t: ExecutionContext, name: string): Promise<number> {
  const server = createServer((_, response) => response.end(name)).listen(0, '127.0.0.1');
  server.keepAliveTimeout = 600_000;
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

async function agentFor(t: ExecutionContext, id: string, redis: string, ports: readonly number[]): Promise<Agent> {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-sharing-'));
  const { port, release } = await reservePort();
  const servers = SERVERS.map((name, i) => `${name}: { address: "127.0.0.1:${ports[i]}" }`).join(', ');
  writeFileSync(
    join(directory, 'meridian.yaml'),
    `server: { stateDirectory: var }
prober: { id: ${id} }
mesh: { redis: { server: "${redis}" } }
sites: { fra: { latitude: 50.1, longitude: 8.7 } }
site:
  fra:
    patience: 10s
    services: { web: { algorithm: random, servers: { ${servers} } } }
    listeners:
      public:
        listen: "127.0.0.1:${port}"
        http:
          routes:
            - { match: { prefixes: [/limited] }, service: web, rateLimit: { requests: ${LIMIT}, window: 24h, header: x-key, shared: true } }
            - { service: web, stickiness: { table: { header: x-user } } }
`,
  );
  const server = beginServer(directory, { args: ['--role', 'site'] });
  t.teardown(async () => {
    server.signal('SIGKILL');
    await server.ended;
    await release();
    rmSync(directory, { recursive: true, force: true });
  });
  await server.logged('at the site');
  return {
    ...server,
    ask: async (path, headers) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      const text = await response.text();
      return response.status === 200 ? text : String(response.status);
    },
    site: async () => {
      const { stdout } = await meridian(['status', '--json', '--config', server.config]);
      return (JSON.parse(stdout) as StatusReport).site[0]!;
    },
  };
}

testUnless(
  hasRedis ? undefined : 'redis-server is not installed',
  'agents of a site share a limit and who has a client, while Redis is there',
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'meridian-sharing-redis-'));
    const socket = join(directory, 'redis.sock');
    const redis = await RedisServer.start({ args: ['--unixsocket', socket] });
    t.teardown(async () => {
      await redis.stop();
      rmSync(directory, { recursive: true, force: true });
    });
    const ports = await Promise.all(SERVERS.map((name) => serverThatSays(t, name)));
    const agents = await Promise.all(['one', 'two'].map((id) => agentFor(t, id, socket, ports)));
    const [one, two] = agents as [Agent, Agent];
    const until = (isAnswering: boolean): Promise<unknown> =>
      Promise.all(
        agents.map((agent) =>
          eventually(
            async () => (await agent.site()).shared?.isAnswering === isAnswering,
            () => agent.log(),
          ),
        ),
      );
    /** How many of so many requests in turn get through, and of which agent. */
    const passed = async (key: string, count: number, by: readonly Agent[]): Promise<number> => {
      let passes = 0;
      for (let i = 0; i < count; i++) if ((await by[i % by.length]!.ask('/limited', { 'x-key': key })) !== '429') passes++;
      return passes;
    };
    const serversOf = async (agent: Agent, users: readonly string[]): Promise<string[]> => {
      const servers: string[] = [];
      for (const user of users) servers.push(await agent.ask('/', { 'x-user': user }));
      return servers;
    };
    const noted = async (): Promise<number> => ((await redis.run('KEYS', '{meridian}:shared:client:*')) as unknown[]).length;

    await until(true);
    t.is(await passed('first', 3 * LIMIT, agents), LIMIT, 'both count together');
    const first = await serversOf(one, USERS);
    await eventually(
      async () => (await noted()) === USERS.length,
      () => 'not all users are written down',
    );
    t.true(new Set(first).size > 1, 'chance chose');
    t.deepEqual(await serversOf(two, USERS), first, 'through the other agent to the same server');
    t.deepEqual(await serversOf(one, USERS), first);
    for (const agent of agents) {
      const { counts } = (await agent.site()).listeners[0]!;
      t.deepEqual([counts['limitedAlone'], counts['placedAlone']], [0, 0]);
    }
    const expiry = Number(await redis.run('PTTL', ((await redis.run('KEYS', '{meridian}:shared:client:*')) as string[])[0]!));
    t.true(expiry > 0 && expiry <= 30 * 60_000, 'notes end by themselves');

    await redis.kill();
    await until(false);
    t.is(await passed('second', 2 * LIMIT, [one]), LIMIT, 'each alone, by its own count');
    t.is(await passed('second', 2 * LIMIT, [two]), LIMIT);
    t.deepEqual(await serversOf(one, USERS), first, 'those whom an agent knows stay where they are');
    const strangers = USERS.map((user) => `new-${user}`);
    const placed = await serversOf(one, strangers);
    t.true(new Set(placed).size > 1);
    t.deepEqual(await serversOf(two, strangers), placed, 'others go by a hash, at both agents the same way');
    t.regex(
      (await meridian(['status', '--config', one.config])).stdout,
      /limits and tables of the site: THIS AGENT ALONE, \d+ unanswered, ERR_MESH_/,
    );
    const { counts } = (await one.site()).listeners[0]!;
    t.is(counts['limitedAlone'], 2 * LIMIT);
    t.true((counts['placedAlone'] as number) >= strangers.length);

    await redis.restart();
    await until(true);
    t.is(await passed('third', 3 * LIMIT, agents), LIMIT, 'together again');
    t.deepEqual(
      await serversOf(one, [...USERS, ...strangers]),
      [...first, ...placed],
      'nobody has moved, though Redis came back empty',
    );
    t.deepEqual(await serversOf(two, [...USERS, ...strangers]), [...first, ...placed]);
  },
);
