// What aggregators and probers say to one another through Redis, when Redis loses it or holds what it should not, and what it
// costs. docs/fleet.md gives the same numbers.

import anyTest, { type TestFn } from 'ava';
import { systemClock } from '../../src/base/clock.ts';
import { encodeBatch } from '../../src/fleet/result-batch.ts';
import { RedisMesh } from '../../src/mesh/redis-mesh.ts';
import { RESULT_BATCH_MAX_SIZE } from '../../src/model/mesh.ts';
import { OUTCOME } from '../../src/model/probe.ts';
import { FleetCluster } from '../support/fleet-cluster.ts';
import { fleetDrill } from '../support/fleet-drill.ts';
import { LAB_MODEL } from '../support/fleet-lab.ts';
import { fleetVerdict, recordingLogger, redisSettings } from '../support/mesh.ts';
import { hasRedis, type RedisServer } from '../support/redis.ts';
import { onRedis } from '../support/redis-stage.ts';
import { modelOf } from '../support/steering.ts';
import { targetsOf } from '../support/votes.ts';

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

test(
  'over Redis: verdicts by an aggregator, by votes when it is gone, and by the next one',
  onRedis([], async (t, { server }) => {
    const cluster = new FleetCluster({
      model: LAB_MODEL,
      targets: targetsOf(LAB_MODEL, () => [4, 6]),
      join: (self) =>
        new RedisMesh(redisSettings(server.port), { self, clock: systemClock, logger: recordingLogger(), stateDirectory: null }),
    });
    try {
      await fleetDrill(cluster);
    } finally {
      await cluster.close();
    }
    t.pass();
  }),
);

test(
  'the results of 1,000 targets of three probers take a fraction of the octets out of Redis that their votes take',
  onRedis([], async (t, { server }) => {
    const many = modelOf({ web: Array.from({ length: 1000 }, () => ({ site: 'london' as const })) }, {});
    const targets = targetsOf(many, () => [4]).map((target) => ({ ...target, key: `web/member-${target.index}#4` }));
    const cluster = new FleetCluster({
      model: many,
      targets,
      join: (self) =>
        new RedisMesh(redisSettings(server.port), { self, clock: systemClock, logger: recordingLogger(), stateDirectory: null }),
    });
    const infoOf = async (name: string): Promise<number> =>
      Number(new RegExp(`${name}:(\\d+)`).exec(String(await server.run('INFO', 'all')))?.[1] ?? 0);
    const FLUSHES = 20;
    /** All probers look at everything once, in as many parts as there are flushes in 5 s; octets into and out of Redis. */
    const round = async (): Promise<{ readonly inOctets: number; readonly outOctets: number }> => {
      await server.run('CONFIG', 'RESETSTAT');
      for (let part = 0; part < FLUSHES; part++) {
        for (const { lab } of probers) {
          for (let i = part; i < targets.length; i += FLUSHES) lab.check(i, OUTCOME.OK);
          lab.router.flush();
        }
        await new Promise((resolve) => setTimeout(resolve, 250)); // the rate is what is measured
      }
      return { inOctets: await infoOf('total_net_input_bytes'), outOctets: await infoOf('total_net_output_bytes') };
    };
    const probers = await Promise.all(['eu', 'us', 'ap'].map((region) => cluster.prober(`p-${region}`, region)));
    try {
      const servers = await Promise.all(['s1', 's2', 's3'].map((id) => cluster.server(id)));
      await round();
      const votes = await round();
      await cluster.aggregator('f');
      for (const { lab } of probers) for (const { index } of targets) lab.check(index, OUTCOME.OK);
      for (const one of servers) await one.sees(() => true, 'aggregator');
      await round();
      const results = await round();
      t.log('by votes', votes, 'by results', results);
      t.true(results.outOctets * 4 < votes.outOctets, JSON.stringify({ votes, results }));
    } finally {
      await cluster.close();
    }
  }),
);
