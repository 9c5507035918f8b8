// Sentinel and Cluster, with real servers: the mesh follows the new master, and nobody notices but the status.

import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { RedisMeshSettings } from '../../src/model/mesh.ts';
import { override } from '../support/mesh.ts';
import { hasRedis, RedisServer, startCluster, startSentinel } from '../support/redis.ts';
import { type Member, memberFactory } from '../support/redis-stage.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

async function isUsable(t: ExecutionContext, members: readonly Member[], seq: number): Promise<void> {
  const [a, b] = members as [Member, Member];
  for (const one of members) await one.is('joined');
  a.vote('x#4', seq);
  await b.sawVote('x#4', seq);
  const { version, overrides } = a.mesh.overrides;
  const change = await a.mesh.changeOverrides(version, [...overrides, override(`at ${seq}`)]);
  t.true(change.ok, JSON.stringify(change));
  await b.until(() => b.mesh.overrides.version === version + 1);
  t.true(a.isMonotone && b.isMonotone);
}

test('after a failover by Sentinel the mesh goes on with the new master, with every override that was acknowledged', async (t) => {
  const master = await RedisServer.start();
  const replica = await RedisServer.start({
    args: ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0'],
  });
  const watcher = replica.client();
  while (!String(await watcher.info('replication')).includes('master_link_status:up')) await new Promise(setImmediate);
  watcher.disconnect();
  const sentinels = await Promise.all([startSentinel(master.port, 1), startSentinel(master.port, 1)]);
  const settings: Partial<RedisMeshSettings> = {
    topology: {
      kind: 'sentinel',
      // the first is nobody: a sentinel that is down is passed over
      sentinels: [{ host: '127.0.0.1', port: 1 }, ...sentinels.map(({ port }) => ({ host: '127.0.0.1', port }))],
      master: 'main',
      username: null,
      passwordFile: null,
      tls: false,
    },
    confirmingReplicas: 1,
    confirmTimeoutMs: 5000,
    commandTimeoutMs: 1000,
  };
  const { member, closeAll } = memberFactory(master.port);
  try {
    const sentinel = sentinels[0]!;
    const knows = async (): Promise<boolean> =>
      String(await sentinel.run('SENTINEL', 'replicas', 'main')).includes(String(replica.port));
    while (!(await knows())) await new Promise((resolve) => setTimeout(resolve, 50));
    const members = [await member('a', { settings }), await member('b', { settings })];
    await isUsable(t, members, 1);
    await master.kill();
    await members[0]!.is('stale');
    for (const one of members) await one.until(() => one.mesh.status.state === 'joined' && one.mesh.status.trouble === null);
    const [a, b] = members as [Member, Member];
    t.deepEqual([a.mesh.overrides.version, b.mesh.overrides.version], [1, 1]);
    a.vote('x#4', 2);
    await b.sawVote('x#4', 2);
    const change = await a.mesh.changeOverrides(1, []);
    t.is(change.ok ? '' : change.error.code, 'ERR_MESH_UNCERTAIN', 'there is no replica left to confirm it');
    t.deepEqual(a.peerLists.slice(a.peerLists.findIndex((ids) => ids.length === 2)), [['a', 'b']]);
  } finally {
    await closeAll();
    for (const server of [...sentinels, master, replica]) await server.stop();
  }
});

test('on a Cluster the mesh keeps to one slot, and follows it when its master fails', async (t) => {
  const cluster = await startCluster();
  const settings: Partial<RedisMeshSettings> = {
    topology: { kind: 'cluster', nodes: cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })) },
    commandTimeoutMs: 1000,
  };
  const { member, closeAll } = memberFactory(0);
  try {
    const members = [await member('a', { settings }), await member('b', { settings })];
    await isUsable(t, members, 1);
    const master = await cluster.masterOf('{meridian}:state');
    await master.kill();
    await members[0]!.until(() => members[0]!.mesh.status.state === 'stale' && members[0]!.mesh.status.trouble !== null);
    t.regex(members[0]!.mesh.status.trouble ?? '', /^ERR_MESH_(UNREACHABLE|CLUSTER): redis cluster 127/);
    await isUsable(t, members, 2);
  } finally {
    await closeAll();
    await cluster.stop();
  }
});
