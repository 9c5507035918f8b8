// What aggregators and probers say to one another through Redis, when Redis loses it or holds what it should not, and what it
// costs. docs/fleet.md gives the same numbers.

import anyTest, { type TestFn } from 'ava';
import { encodeBatch } from '../../src/fleet/result-batch.ts';
import { RESULT_BATCH_MAX_SIZE } from '../../src/model/mesh.ts';
import { fleetVerdict } from '../support/mesh.ts';
import { hasRedis, type RedisServer } from '../support/redis.ts';
import { onRedis } from '../support/redis-stage.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;
const LIST = '0123456789abcdef';

test(
  'verdicts that Redis has lost are written again, for those who join',
  onRedis([], async (t, { server, member }) => {
    const f = await member('f', { self: { roles: ['fleet'] } });
    const a = await member('a');
    f.mesh.reportFleet(LIST, 1000, [fleetVerdict('x#4'), fleetVerdict('y#4')], []);
    await a.until(() => a.verdictsOf('f').length === 2);
    await server.run('FLUSHALL');
    const wholeBefore = a.reports.filter(({ isWhole }) => isWhole).length;
    await a.until(() => a.reports.filter(({ isWhole }) => isWhole).length > wholeBefore && a.verdictsOf('f').length === 2);
    const b = await member('b');
    await b.until(() => b.verdictsOf('f').length === 2);
    t.is(await server.run('HLEN', '{meridian}:fleet:f'), 3);
  }),
);

test(
  'an aggregator that was restarted replaces what its former self wrote',
  onRedis([], async (t, { member }) => {
    const before = await member('f', { self: { roles: ['fleet'], epoch: 1 } });
    const a = await member('a');
    before.mesh.reportFleet(LIST, 1000, [fleetVerdict('x#4'), fleetVerdict('y#4')], []);
    await a.until(() => a.verdictsOf('f').length === 2);
    await before.mesh.close();
    await a.sawPeers('a');
    const after = await member('f', { self: { roles: ['fleet'], epoch: 2 } });
    after.mesh.reportFleet(LIST, 2000, [fleetVerdict('y#4')], []);
    await a.until(() => a.reports.at(-1)?.epoch === 2 && a.verdictsOf('f').length === 1);
    t.deepEqual(a.verdictsOf('f'), [fleetVerdict('y#4')]);
  }),
);

test(
  'a reader that missed entries of the log reads the hash again',
  onRedis([], async (t, { server, member }) => {
    const f = await member('f', { self: { roles: ['fleet'] } });
    const a = await member('a');
    f.mesh.reportFleet(LIST, 1000, [fleetVerdict('x#4')], []);
    await a.until(() => a.verdictsOf('f').length === 1);
    const wholeBefore = a.reports.filter(({ isWhole }) => isWhole).length;
    const head = JSON.stringify({ v: 1, epoch: 1, write: 500, list: LIST, at: 1500, whole: 0 });
    await server.run('XADD', '{meridian}:fleet-log:f', '*', '@', head);
    await a.until(() => a.reports.filter(({ isWhole }) => isWhole).length > wholeBefore);
    t.deepEqual(a.verdictsOf('f'), [fleetVerdict('x#4')]);
  }),
);

test(
  'foreign entries among results and verdicts are ignored and counted, and what comes behind them is read',
  onRedis([], async (t, { server, member }) => {
    const f = await member('f', { self: { roles: ['fleet'] } });
    const a = await member('a');
    f.mesh.reportFleet(LIST, 1000, [fleetVerdict('x#4')], []);
    await a.until(() => a.verdictsOf('f').length === 1);
    await server.run('XADD', '{meridian}:fleet-log:f', '*', 'hello', 'world');
    f.mesh.reportFleet(LIST, 2000, [fleetVerdict('y#4')], []);
    await a.until(() => a.verdictsOf('f').length === 2);
    t.is(a.mesh.status.ignored, 1);
    await f.until(() => {
      a.mesh.sendResults('f', Uint8Array.of(1), true);
      return f.results.length > 0;
    });
    await server.run('XADD', '{meridian}:results:f', '*', 'hello', 'world');
    await server.run('XADD', '{meridian}:results:f', '*', 'p', 'a', 'e', 'x', 'b', '1');
    await server.run('XADD', '{meridian}:results:f', '*', 'p', 'a', 'e', 1, 'b', 'x'.repeat(RESULT_BATCH_MAX_SIZE + 1));
    a.mesh.sendResults('f', Uint8Array.of(2), true);
    await f.until(() => f.results.at(-1) === 'a.1: 02');
    t.is(f.mesh.status.ignored, 3);
  }),
);

test(
  'keys of another type under the names of an aggregator are named in the status, and nothing else is disturbed',
  onRedis([], async (t, { server, member }) => {
    await server.run('SET', '{meridian}:fleet:f', 'mine');
    const f = await member('f', { self: { roles: ['fleet'] } });
    const a = await member('a');
    f.mesh.reportFleet(LIST, 1000, [fleetVerdict('x#4')], []);
    await f.until(() => f.mesh.status.trouble?.startsWith('ERR_MESH_TYPE') === true);
    a.vote('x#4', 1);
    await f.sawVote('x#4', 1);
    await server.run('DEL', '{meridian}:fleet:f');
    await a.until(() => a.verdictsOf('f').length === 1);
    await f.until(() => f.mesh.status.trouble === null);
    t.pass();
  }),
);

test(
  'a stream of results is bounded, and ends by itself',
  onRedis([], async (t, { server, member }) => {
    const prober = await member('p');
    let sent = 0;
    for (let round = 1; round <= 6; round++) {
      for (let i = 0; i < 100; i++) prober.mesh.sendResults('f', Uint8Array.of(++sent & 255), false);
      await prober.until(() => prober.mesh.status.state === 'joined');
      await arrived(server, Math.min(sent, 512));
    }
    t.is(await server.run('XLEN', '{meridian}:results:f'), 512);
    t.true(Number(await server.run('PTTL', '{meridian}:results:f')) > 0);
  }),
);

async function arrived(server: RedisServer, length: number): Promise<void> {
  while (Number(await server.run('XLEN', '{meridian}:results:f')) < length);
}

test(
  'the results of 1,000 targets cost two commands a flush and 13 octets each',
  onRedis([], async (t, { server, member }) => {
    const f = await member('f', { self: { roles: ['fleet'] } });
    const prober = await member('p');
    await prober.sawPeers('f', 'p');
    const results = Array.from({ length: 1000 }, (_, target) => ({ target, what: 0, latencyUs: 900, atMs: 1_700_000_000_000 }));
    const batch = encodeBatch({ listHash: LIST, isFarewell: false, opinions: [], results });
    t.is(batch.length, 32 + 13 * 1000);
    await prober.until(() => {
      prober.mesh.sendResults('f', batch, false);
      return f.results.length > 0;
    });
    prober.mesh.sendResults('f', Uint8Array.of(0xee), false);
    await f.until(() => f.results.at(-1) === 'p.1: ee');
    await server.run('CONFIG', 'RESETSTAT');
    const before = f.results.length;
    for (let i = 1; i <= 10; i++) {
      prober.mesh.sendResults('f', batch, false);
      await f.until(() => f.results.length >= before + i);
    }
    const stats = String(await server.run('INFO', 'commandstats'));
    const calls = (name: string): number => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    t.is(calls('xadd'), 10);
    t.true(calls('pexpire') <= 10);
    t.is(calls('publish'), 0);
  }),
);
