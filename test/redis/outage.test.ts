// Redis killed, paused, flushed and returned with old data: nothing gets worse, the status says so, and it heals by itself.

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { RedisMeshSettings } from '../../src/model/mesh.ts';
import { override } from '../support/mesh.ts';
import { hasRedis } from '../support/redis.ts';
import { type Member, onRedis } from '../support/redis-stage.ts';
import { Relay } from '../support/relay.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

/** Gives up on an answer sooner, for tests in which none comes. */
const EXPIRY_MS = 4000;
const impatient = { settings: { commandTimeoutMs: 700, expiryMs: EXPIRY_MS } };

const standalone = (port: number): Partial<RedisMeshSettings> => ({
  topology: { kind: 'standalone', endpoint: { host: '127.0.0.1', port } },
});

/** Everything that must hold afterwards, whatever happened. */
async function isHealed(a: Member, b: Member): Promise<boolean> {
  await a.is('joined');
  await b.is('joined');
  await a.until(() => a.mesh.status.trouble === null);
  const isEverybodyAlwaysThere = [a, b].every(
    (one) => one.peerLists.slice(one.peerLists.findIndex((ids) => ids.length === 2)).length === 1,
  );
  return a.isMonotone && b.isMonotone && isEverybodyAlwaysThere;
}

/** Two members that know each other, with a vote and an override. */
async function settled(
  member: (id: string, more?: object) => Promise<Member>,
  more: object = {},
): Promise<readonly [Member, Member]> {
  const a = await member('a', more);
  const b = await member('b', more);
  await a.sawPeers('a', 'b');
  await b.sawPeers('a', 'b');
  await a.mesh.changeOverrides(0, [override('1')]);
  a.vote('x#4', 1);
  await b.sawVote('x#4', 1);
  await b.until(() => b.mesh.overrides.version === 1);
  return [a, b];
}

test(
  'Redis killed and restarted empty gets votes, peers and overrides back from those who know them',
  onRedis([], async (t, { server, member }) => {
    const [a, b] = await settled(member);
    await server.kill();
    await a.is('stale');
    t.regex(a.mesh.status.trouble ?? '', /^ERR_MESH_UNREACHABLE: redis 127\.0\.0\.1:\d+: connect ECONNREFUSED/);
    t.true(a.mesh.status.ageMs > 0);
    t.is(a.mesh.overrides.version, 1);
    a.vote('x#4', 2, { isUp: false });
    a.vote('x#4', 3);
    await server.restart();
    await b.sawVote('x#4', 3);
    t.true(await isHealed(a, b));
    t.false(
      b.votes.some(({ seq }) => seq === 2),
      'only the newest vote is kept while Redis is out',
    );
    const c = await member('c');
    await c.sawVote('x#4', 3);
    await c.until(() => c.mesh.overrides.version === 1);
    t.deepEqual(c.mesh.overrides.overrides, [override('1')]);
  }),
);

test(
  'Redis paused for longer than the expiry drops nobody and delivers what was said meanwhile',
  onRedis([], async (t, { server, member }) => {
    const [a, b] = await settled(member, impatient);
    server.pause();
    await a.is('stale');
    await b.is('stale');
    await a.until(() => a.mesh.status.trouble !== null);
    t.regex(a.mesh.status.trouble ?? '', /^ERR_MESH_UNREACHABLE: redis 127\.0\.0\.1:\d+: no (answer|nudges) within 700 ms$/);
    await a.until(() => a.mesh.status.ageMs > 1.5 * EXPIRY_MS);
    a.vote('x#4', 2);
    const change = await a.mesh.changeOverrides(1, []);
    t.is(change.ok ? '' : change.error.code, 'ERR_MESH_UNAVAILABLE');
    server.resume();
    await b.sawVote('x#4', 2);
    t.true(await isHealed(a, b));
  }),
);

test(
  'a change whose confirmation is lost on the way is called uncertain, and shows once Redis answers again',
  onRedis([], async (t, { server, member }) => {
    const relay = await Relay.start(server.port);
    t.teardown(() => relay.close());
    const a = await member('a', { settings: { ...impatient.settings, ...standalone(relay.port) } });
    await a.mesh.changeOverrides(0, []);
    relay.muteAfter('the lost one');
    const change = await a.mesh.changeOverrides(1, [override('1', { reason: 'the lost one' })]);
    t.is(change.ok ? '' : change.error.code, 'ERR_MESH_UNCERTAIN');
    await a.until(() => a.mesh.overrides.version === 2);
    await a.until(() => a.mesh.status.trouble === null);
    t.is(a.mesh.overrides.overrides[0]?.reason, 'the lost one');
  }),
);

test(
  'a flushed Redis is filled again without a word to anyone',
  onRedis([], async (t, { server, member }) => {
    const [a, b] = await settled(member);
    a.vote('gone#4', 2);
    a.mesh.withdraw();
    a.vote('x#4', 3);
    await b.sawVote('x#4', 3);
    const heard = b.votes.length;
    await server.run('FLUSHALL');
    a.vote('y#4', 4);
    await b.sawVote('y#4', 4);
    const c = await member('c');
    await c.sawVote('x#4', 3);
    t.false(c.votes.some(({ target }) => target === 'gone#4'));
    await c.until(() => c.mesh.overrides.version === 1);
    t.is(b.votes.length, heard + 1, 'what was known is not told again');
    t.true(a.isMonotone && b.isMonotone);
  }),
);

test(
  'Redis returned with old data is brought up to date, and nothing old is handed out',
  onRedis([], async (t, { server, member }) => {
    const [a, b] = await settled(member);
    await server.run('SAVE');
    const dump = join(server.directory, 'dump.rdb');
    const old = join(server.directory, 'old.rdb');
    copyFileSync(dump, old);
    a.vote('x#4', 2, { isUp: false });
    await b.sawVote('x#4', 2);
    await a.mesh.changeOverrides(1, [override('1'), override('2')]);
    b.vote('withdrawn#4', 1);
    await a.sawVote('withdrawn#4', 1);
    b.mesh.withdraw();
    await a.until(() => a.log.some((happening) => happening.kind === 'withdrawn' && happening.prober === 'b'));
    await server.kill();
    await a.until(() => a.mesh.status.trouble !== null);
    copyFileSync(old, dump);
    await server.restart();
    t.true(await isHealed(a, b));
    const c = await member('c');
    await c.sawVote('x#4', 2);
    await c.until(() => c.mesh.overrides.version === 2);
    t.deepEqual(c.mesh.overrides.overrides, [override('1'), override('2')]);
    t.deepEqual(
      [...a.overrideVersions, ...b.overrideVersions].filter((version) => version > 2),
      [],
    );
    t.false(c.votes.some(({ target }) => target === 'withdrawn#4'));
  }),
);

test(
  'changes made on both sides of a split are both kept, and so are removals',
  onRedis([], async (t, { server, member }) => {
    const relay = await Relay.start(server.port);
    t.teardown(() => relay.close());
    const left = await member('left', { settings: standalone(relay.port) });
    await left.mesh.changeOverrides(0, [override('1'), override('2'), override('3')]);
    const before = (await server.run('HGETALL', '{meridian}:overrides')) as string[];
    await left.mesh.changeOverrides(1, [override('1'), override('3'), override('left')]); // without 2
    relay.cut();
    await left.is('stale');
    await server.run('HSET', '{meridian}:overrides', ...before); // failed over to a replica that lagged behind
    const right = await member('right');
    await right.mesh.changeOverrides(1, [override('1'), override('2'), override('right')]); // without 3
    relay.mend();
    for (const one of [left, right]) {
      await one.until(() => one.mesh.overrides.version === 3);
      t.deepEqual(
        one.mesh.overrides.overrides.map(({ id }) => id),
        ['1', 'left', 'right'],
      );
    }
  }),
);

test(
  'overrides survive the loss of Redis and of all processes together',
  onRedis([], async (t, { server, member }) => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'meridian-mesh-'));
    const a = await member('a', { stateDirectory });
    await a.mesh.changeOverrides(0, [override('1')]);
    await a.mesh.changeOverrides(1, [override('1'), override('2')]);
    await a.mesh.close();
    await server.run('FLUSHALL');
    const b = await member('b', { stateDirectory, self: { epoch: 2 } });
    await b.until(() => b.mesh.overrides.version === 2);
    const c = await member('c');
    await c.until(() => c.mesh.overrides.version === 2);
    t.deepEqual(c.mesh.overrides.overrides, [override('1'), override('2')]);
    rmSync(stateDirectory, { recursive: true });
  }),
);

test(
  'a start without Redis ends in time with what the state directory holds, and joins when Redis is there',
  onRedis([], async (t, { server, member }) => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'meridian-mesh-'));
    const a = await member('a', { stateDirectory });
    await a.mesh.changeOverrides(0, [override('1')]);
    await a.mesh.saveVerdicts([{ target: 'x#4', state: 'down', isUp: false, sinceMs: 5, why: 'refused' }]);
    await a.mesh.close();
    await server.kill();
    const again = await member('a', { stateDirectory, self: { epoch: 2 }, joinWithinMs: 50 });
    t.is(again.mesh.status.state, 'joining');
    t.is(again.mesh.overrides.version, 1);
    t.deepEqual(await again.mesh.loadVerdicts(), [{ target: 'x#4', state: 'down', isUp: false, sinceMs: 5, why: 'refused' }]);
    await again.until(() => again.overrideVersions.includes(1) && again.peerLists.length > 0);
    again.vote('x#4', 1);
    await again.sawVote('x#4', 1);
    await server.restart();
    await again.is('joined');
    rmSync(stateDirectory, { recursive: true });
  }),
);

test(
  'a prober that dies is dropped after the expiry, and its votes are not',
  onRedis([], async (t, { server, member }) => {
    const [a, b] = await settled(member, impatient);
    await server.run(
      'HSET',
      '{meridian}:peers',
      'ghost',
      '{"v":1,"region":"eu","roles":["probe"],"weight":1,"epoch":1,"isWithdrawn":false}',
    );
    await server.run('ZADD', '{meridian}:alive', Date.now() + 3_600_000, 'ghost');
    await server.run('HINCRBY', '{meridian}:state', 'peers', 1);
    await a.sawPeers('a', 'b', 'ghost');
    await server.run('ZADD', '{meridian}:alive', Date.now(), 'ghost'); // its last heartbeat
    await a.sawPeers('a', 'b');
    await b.sawPeers('a', 'b');
    t.false(a.log.some((happening) => happening.kind === 'withdrawn'));
  }),
);
