// What the mesh costs Redis: counted by Redis itself. docs/mesh.md gives the same numbers.

import anyTest, { type TestFn } from 'ava';
import { voteOf } from '../support/mesh.ts';
import { hasRedis, type RedisServer } from '../support/redis.ts';
import { type Member, onRedis } from '../support/redis-stage.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

const TARGETS = 1000;
/** Commands that Redis runs for one heartbeat: BEAT and what it runs, XREAD, HMGET. */
const PER_BEAT = 8;
/** On top of that for a prober that renews up to 200 votes: HGET, VOTE and what it runs. */
const PER_RENEWAL = 12;

/** Calls of each command since the server has started. */
async function calls(server: RedisServer): Promise<ReadonlyMap<string, number>> {
  const stats = String(await server.run('INFO', 'commandstats'));
  return new Map(Array.from(stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g), ([, name, count]) => [name!, Number(count)]));
}

const OWN = new Set(['info', 'command', 'client|setinfo', 'config|resetstat', 'select', 'dbsize', 'memory|usage', 'hello']);

/** All commands of the mesh between two looks, and how many of them were heartbeats. */
async function spent(
  server: RedisServer,
  body: () => Promise<void>,
): Promise<{ readonly total: number; readonly beats: number }> {
  await server.run('CONFIG', 'RESETSTAT');
  await body();
  const counted = await calls(server);
  const total = [...counted].reduce((sum, [name, count]) => sum + (OWN.has(name) ? 0 : count), 0);
  return { total, beats: counted.get('xread') ?? 0 };
}

/** Resolves after so many more heartbeats of a member; each brings a new age to the status. */
async function beats(one: Member, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    let lastMs = one.mesh.status.ageMs;
    await one.until(() => {
      const { ageMs } = one.mesh.status;
      const isNew = ageMs < lastMs;
      lastMs = ageMs;
      return isNew;
    });
  }
}

test(
  'a process that has nothing to say costs eight commands for each heartbeat, however many targets there are',
  onRedis([], async (t, { server, member }) => {
    const prober = await member('p');
    prober.mesh.publish(Array.from({ length: TARGETS }, (_, i) => voteOf(prober.mesh, prober.self, `pool/member-${i}#4`, i + 1)));
    await prober.until(() => prober.votes.length === TARGETS);
    await beats(prober, 2);
    await prober.mesh.close();
    const servers = await Promise.all(['a', 'b', 'c'].map((id) => member(id)));
    for (const one of servers) await one.sawPeers('a', 'b', 'c');
    await beats(servers[0]!, 2);
    const { total, beats: counted } = await spent(server, () => beats(servers[0]!, 10));
    t.true(counted >= 20, `${counted} heartbeats`);
    t.true(total <= counted * PER_BEAT + 10, `${total} commands in ${counted} heartbeats`);
  }),
);

test(
  'a prober that only renews its votes writes once for each heartbeat and nudges nobody',
  onRedis([], async (t, { server, member }) => {
    const prober = await member('p');
    const one = await member('a');
    let seq = 0;
    const renew = (count: number): void => {
      prober.mesh.publish(Array.from({ length: count }, (_, i) => voteOf(prober.mesh, prober.self, `pool/member-${i}#4`, ++seq)));
    };
    renew(200);
    await one.until(() => one.votes.length === 200);
    await beats(one, 2);
    const { total, beats: counted } = await spent(server, async () => {
      for (let i = 0; i < 10; i++) {
        renew(200);
        await beats(one, 1);
      }
    });
    t.true(counted >= 10);
    t.true(total <= counted * PER_BEAT + (counted / 2 + 2) * PER_RENEWAL + 10, `${total} commands in ${counted} heartbeats`);
    t.is((await calls(server)).get('publish') ?? 0, 0);
    await one.until(() => one.votes.some((vote) => vote.seq > 200));
  }),
);

test(
  "there are seven keys and one for each prober, and a prober's 1,000 votes take less than 300 KB",
  onRedis([], async (t, { server, member }) => {
    const probers = await Promise.all(['p', 'q'].map((id) => member(id)));
    for (const one of probers) {
      one.mesh.publish(Array.from({ length: TARGETS }, (_, i) => voteOf(one.mesh, one.self, `pool/member-${i}#4`, i + 1)));
      await one.mesh.saveVerdicts(
        Array.from({ length: TARGETS }, (_, i) => ({
          target: `pool/member-${i}#4`,
          state: 'up' as const,
          isUp: true,
          sinceMs: 1,
          why: '3 of 3',
        })),
      );
    }
    const reader = await member('a');
    await reader.until(() => reader.votes.length === 2 * TARGETS);
    await reader.mesh.changeOverrides(0, []);
    await beats(probers[0]!, 2);
    t.is(await server.run('DBSIZE'), 7 + probers.length);
    t.true(Number(await server.run('MEMORY', 'USAGE', '{meridian}:votes:p', 'SAMPLES', 0)) < 300_000);
    t.true(Number(await server.run('MEMORY', 'USAGE', '{meridian}:verdicts', 'SAMPLES', 0)) < 300_000);
    t.true(Number(await server.run('MEMORY', 'USAGE', '{meridian}:log', 'SAMPLES', 0)) < 600_000);
  }),
);

test(
  'the log is bounded, whatever happens',
  onRedis([], async (t, { server, member }) => {
    const prober = await member('p');
    await server.run('HSET', '{meridian}:state', 'log', 10_000);
    const filler = server.client();
    for (let i = 0; i < 600; i++) await filler.xadd('{meridian}:log', '*', 'old', 'entry');
    filler.disconnect();
    prober.vote('x#4', 1);
    await beats(prober, 2);
    t.true(Number(await server.run('XLEN', '{meridian}:log')) <= 512);
  }),
);
