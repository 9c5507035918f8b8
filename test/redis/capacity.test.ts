// DNS servers that share a Redis with the agents of their sites: they shed the same load alike, and a server that starts anew
// begins with the plans of the others.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { systemClock } from '../../src/base/clock.ts';
import { openMesh } from '../../src/mesh/open.ts';
import { askShares, CAPACITY_CONFIG, CAPACITY_ZONE, crowdUntil, type Shares, statusOf } from '../support/crowd.ts';
import { loadReport, peer, recordingLogger, redisSettings } from '../support/mesh.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { type RunningServer, startServer } from '../support/server.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

/** Of 200 answers of a schedule in 1,024 parts. */
const ALIKE = 0.02;

test('two servers shed alike what agents report over Redis, and one that is restarted goes on where it was', async (t) => {
  const redis = await RedisServer.start();
  const self = peer('agents', { roles: ['site'] });
  const agents = openMesh(redisSettings(redis.port), {
    self,
    clock: systemClock,
    logger: recordingLogger(),
    stateDirectory: null,
  });
  const servers: RunningServer[] = [];
  const directories: string[] = [];
  const config = CAPACITY_CONFIG(`mesh: { redis: { server: "127.0.0.1:${redis.port}" } }`);
  const begin = async (id: string, directory = mkdtempSync(join(tmpdir(), 'meridian-capacity-'))): Promise<RunningServer> => {
    writeFileSync(join(directory, 'meridian.yaml'), `${config}prober: { id: ${id} }\n`);
    writeFileSync(join(directory, 'crowd.test.zone'), CAPACITY_ZONE);
    directories.push(directory);
    const server = await startServer(directory, { args: ['--role', 'dns'] });
    servers.push(server);
    return server;
  };
  t.teardown(async () => {
    for (const server of servers) server.signal('SIGKILL');
    await Promise.all(servers.map(({ ended }) => ended));
    await agents.close();
    await redis.stop();
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  });

  const [a, b] = [await begin('a'), await begin('b')];
  await agents.start({}, 60_000);
  let seq = 0;
  const report = async (loads: Shares): Promise<void> => {
    seq++;
    for (const [site, load] of Object.entries(loads)) {
      // two agents, each of which sees half
      for (const half of [1, 2]) agents.reportLoad(loadReport(`${site}-${half}`, seq, { site, current: load / 2 }));
    }
  };
  const isShed = ({ amsterdam, vienna }: Shares): boolean => amsterdam! > 0.55 && amsterdam! < 0.75 && vienna === 0;
  await crowdUntil([a.port, b.port], 150, report, isShed);
  const [one, two] = [
    await statusOf(join(a.directory, 'var/meridian.sock')),
    await statusOf(join(b.directory, 'var/meridian.sock')),
  ];
  t.is(one.capacity!.sites.find(({ site }) => site === 'amsterdam')!.agents, 2);
  t.deepEqual(
    two.capacity!.shed.map(({ site, moves }) => [site, moves[0]!.to, Math.round(moves[0]!.percent)]),
    one.capacity!.shed.map(({ site, moves }) => [site, moves[0]!.to, Math.round(moves[0]!.percent)]),
  );

  b.signal('SIGKILL');
  await b.ended;
  const again = await begin('b', b.directory);
  const [first, present] = [await askShares(again.port), await askShares(a.port)];
  t.true(Math.abs(first['amsterdam']! - present['amsterdam']!) < ALIKE, `${JSON.stringify(first)} ${JSON.stringify(present)}`);
});
