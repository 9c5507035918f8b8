// What others may have written under the keys of the mesh is never believed, never followed, and never takes anything down.

import anyTest, { type TestFn } from 'ava';
import { override } from '../../support/mesh.ts';
import { hasRedis } from '../../support/redis.ts';
import { onRedis } from '../../support/redis-stage.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

const HEAD = '{"v":1,"epoch":1,"withdrawn":0,"write":1,"region":"eu"}';

test(
  'records that are foreign, damaged or of another version are ignored and counted, with one log line for each kind',
  onRedis([], async (t, { server, member }) => {
    const far = Date.now() + 60_000;
    await server.run('HSET', '{meridian}:peers', 'old', '{"v":0}', 'foreign', 'hello', 'extra', '{"v":1,"epoch":1,"more":1}');
    await server.run('ZADD', '{meridian}:voters', far, 'headless', far, 'damaged', far, 'gone');
    await server.run('HSET', '{meridian}:votes:headless', 'x#4', '[1]', '@', '{"v":2}');
    await server.run('HSET', '{meridian}:votes:damaged', '@', HEAD, 'x#4', '[1,1,1', 'y#4', `[1,5,1,1,1,${far},0,0,0,3,"fine"]`);
    await server.run('XADD', '{meridian}:log', '*', 'some', 'thing');
    await server.run('HSET', '{meridian}:verdicts', 'x#4', '[9]', 'y#4', '[1,"up",1,5,"fine"]');
    const a = await member('a');
    await a.sawVote('y#4', 5, 'damaged');
    t.is(a.votes.length, 1);
    t.deepEqual(a.mesh.peers, [a.self]);
    t.deepEqual(
      (await a.mesh.loadVerdicts()).map(({ target }) => target),
      ['y#4'],
    );
    await server.run('XADD', '{meridian}:log', '*', '#', 'NaN', 'p', 'x', '@', HEAD);
    await server.run('XADD', '{meridian}:log', '*', 'some', 'thing');
    await server.run('PUBLISH', '{meridian}:nudge', 'v');
    await server.run('PUBLISH', '{meridian}:nudge', 'no such kind');
    await a.until(() => a.lines.some((line) => line.includes('log entry')));
    a.vote('z#4', 1);
    const b = await member('b');
    await b.sawVote('z#4', 1);
    t.true(a.mesh.status.ignored >= 7);
    t.is(a.mesh.status.trouble, null);
    for (const kind of ['peer', 'set of votes', 'vote', 'log entry', 'verdict']) {
      t.is(a.lines.filter((line) => line.startsWith(`ERR_MESH_RECORD a ${kind} in {meridian}:`)).length, 1, kind);
    }
  }),
);

test(
  'overrides of a version that is not understood are left as they are, and ours come back once they are gone',
  onRedis([], async (t, { server, member }) => {
    const a = await member('a');
    await a.mesh.changeOverrides(0, [override('1')]);
    await server.run('HSET', '{meridian}:overrides', 'version', 9, 'mark', 'f'.repeat(16), 'book', '{"v":2}');
    await a.until(() => (a.mesh.status.trouble ?? '').startsWith('ERR_MESH_RECORD: {meridian}:overrides holds what'));
    t.is(a.mesh.status.state, 'joined');
    t.is(a.mesh.overrides.version, 1);
    const change = await a.mesh.changeOverrides(1, []);
    t.is(change.ok ? '' : change.error.code, 'ERR_MESH_UNAVAILABLE');
    t.is(await server.run('HGET', '{meridian}:overrides', 'book'), '{"v":2}');
    t.is(a.mesh.status.ignored, 1, 'looked at once');
    await server.run('DEL', '{meridian}:overrides');
    await a.until(() => a.mesh.status.trouble === null);
    const b = await member('b');
    await b.until(() => b.mesh.overrides.version === 1);
  }),
);

test(
  'a hole in the log, or a log that was deleted, sends the reader back to the hashes',
  onRedis([], async (t, { server, member }) => {
    const a = await member('a');
    const b = await member('b');
    a.vote('x#4', 1);
    await b.sawVote('x#4', 1);
    const far = Date.now() + 60_000;
    await server.run('HSET', '{meridian}:votes:c', '@', HEAD, 'y#4', `[1,5,1,1,1,${far},0,0,0,3,""]`);
    await server.run('ZADD', '{meridian}:voters', far, 'c');
    await server.run('HINCRBY', '{meridian}:state', 'log', 1); // an entry that nobody will ever read
    await b.sawVote('y#4', 5, 'c');
    await server.run('DEL', '{meridian}:log', '{meridian}:state');
    a.vote('x#4', 2);
    await b.sawVote('x#4', 2);
    t.true(b.isMonotone);
  }),
);

test(
  'one writer saves the verdicts, and another takes over once its lease has run out',
  onRedis([], async (t, { server, member }) => {
    const settings = { expiryMs: 700 };
    const a = await member('a', { settings });
    const b = await member('b', { settings });
    const stored = (): Promise<unknown> => server.run('HKEYS', '{meridian}:verdicts');
    const save = async (who: typeof a, target: string): Promise<void> =>
      who.mesh.saveVerdicts([{ target, state: 'up', isUp: true, sinceMs: 1, why: '' }]);
    await save(a, 'x#4');
    while (!String(await stored()).includes('x#4'));
    while (!String(await stored()).includes('y#4')) await save(b, 'y#4');
    t.false(String(await stored()).includes('x#4'));
    while (!String(await stored()).includes('z#4')) await save(b, 'z#4');
    t.false(String(await stored()).includes('y#4'), 'what is no longer there is deleted');
    await server.run('DEL', '{meridian}:verdicts');
    while (!String(await stored()).includes('z#4')) await save(b, 'z#4');
    t.pass();
  }),
);
