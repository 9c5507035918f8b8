// Meridian processes that share a real Redis: what one sees and what one is told, all answer by; and Redis may be away.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { OrderReply } from '../../src/app/orders/orders.ts';
import type { AlertReport } from '../../src/app/watch/alert-desk.ts';
import { know, meshStage, ORDER } from '../support/mesh-servers.ts';
import { eventually } from '../support/patience.ts';
import { hasRedis } from '../support/redis.ts';
import { meridian } from '../support/server.ts';
import { allSeen, answersOf, answerWith, control, memberAddress, membersBecome, statusOf } from '../support/sites.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

test('what two probers see, a server that only answers follows; a zone that is wrong stops no prober', async (t) => {
  const { sites, directory, serve, probe } = await meshStage(t);
  const [home, eu, us] = [directory('home'), directory('eu'), directory('us')];
  const server = await serve(home, 'dns');
  // A prober needs no zones: one that nobody could serve is none of its business.
  writeFileSync(join(eu, 'example.test.zone'), 'this is no zone\n');
  const prober = await probe(eu);
  await probe(us);
  await know(3, home, eu, us);
  await membersBecome(home, allSeen);
  t.is((await statusOf(home)).health.members[0]!.families[0]!.votes.length, 2);
  await sites[0]!.stop();
  await answerWith([server.port], [1, 2]);
  const status = await statusOf(eu);
  t.deepEqual(status.endpoints, []);
  await membersBecome(eu, ([first]) => first!.families[0]!.seen === 'down');
  const { code, stderr } = await meridian(['reload', '--config', prober.config]);
  t.is(code, 0, stderr);
  const explained = await meridian(['explain', 'www.example.test', '--client', '192.0.2.9', '--config', prober.config]);
  t.regex(explained.stderr, /^error ERR_ROLE: this process answers no queries/);
});

test('an order or a silence that one server takes is followed by the other', async (t) => {
  const { directory, serve } = await meshStage(t);
  const [one, two] = [directory('eu'), directory('us')];
  const servers = [await serve(one, 'dns,probe'), await serve(two, 'dns,probe')];
  const ports = servers.map(({ port }) => port);
  await know(2, one, two);
  await answerWith(ports, [0, 1, 2]);
  await control<OrderReply>(one, { ...ORDER, glob: 'web/two', action: 'down' });
  t.is(await answersOf(ports[0]!), [0, 2].map(memberAddress).join(' '));
  await answerWith(ports, [0, 2]);
  await control(two, { command: 'recall', what: 'web/two', action: 'down' });
  await answerWith(ports, [0, 1, 2]);

  const silence = { command: 'silence', what: 'site-out/one', reason: 'new switch', author: 'ann', forMs: 3_600_000 } as const;
  const { id } = await control<{ id: string }>(one, silence);
  const silencesAt = async (directory: string): Promise<readonly string[]> =>
    (await control<AlertReport>(directory, { command: 'alerts' })).silences.map((each) => each.id);
  t.deepEqual(await silencesAt(one), [id]);
  await eventually(
    async () => (await silencesAt(two)).join() === id,
    () => 'the other server has no silence',
  );
  await control(two, { command: 'unsilence', what: 'site-out/one' });
  await eventually(
    async () => (await silencesAt(one)).length === 0,
    () => 'it is still silent',
  );
});

test('without Redis a server starts from what it remembers, checks by itself, and is joined when Redis is back', async (t) => {
  const { redis, sites, directory, serve } = await meshStage(t);
  const [one, two] = [directory('eu'), directory('us')];
  const first = await serve(one, 'dns,probe');
  await serve(two, 'dns,probe');
  await know(2, one, two);
  await membersBecome(one, allSeen);
  await control<OrderReply>(one, { ...ORDER, glob: 'web/two', action: 'down' });
  await sites[0]!.stop();
  await answerWith([first.port], [2]);
  await membersBecome(one, (members) => members[0]!.families[0]!.sinceMs! > 3000); // written within a second
  first.signal('SIGKILL');
  await first.ended;
  await redis.kill();
  const again = await serve(one, 'dns,probe');
  t.is(await answersOf(again.port), memberAddress(2), 'the first answer');
  const line = await again.logged('the mesh has not been joined yet: starting from what is remembered');
  t.like(line, { verdicts: 3, overrides: 1 });
  t.is(again.log().split('ERR_MESH_UNREACHABLE').length - 1, 1, again.log());
  t.notRegex(again.log(), /\n\s+at /);
  const { health } = await statusOf(one);
  t.is(health.mesh.state, 'joining');
  t.regex(health.mesh.trouble ?? '', /^ERR_MESH_UNREACHABLE: /);
  t.deepEqual(
    health.peers.map(({ id }) => id),
    [health.self.id],
  );
  await sites[0]!.start();
  await answerWith([again.port], [0, 2]);
  const refused = await control<{ problem?: { code: string } }>(one, { ...ORDER, glob: 'web/one', action: 'down' });
  t.is(refused.problem?.code, 'ERR_MESH_UNAVAILABLE');
  await redis.restart();
  await know(2, one, two);
  await eventually(
    async () => (await statusOf(one)).health.mesh.state === 'joined',
    () => 'the mesh is not joined',
  );
  await control(one, { command: 'recall', what: 'web/two', action: null });
  await answerWith([again.port], [0, 1, 2]);
});

test('Redis lost while everybody runs changes no answer, and is told once', async (t) => {
  const { redis, directory, serve } = await meshStage(t);
  const [one, two] = [directory('eu'), directory('us')];
  const servers = [await serve(one, 'dns,probe'), await serve(two, 'dns,probe')];
  const ports = servers.map(({ port }) => port);
  await know(2, one, two);
  await membersBecome(one, allSeen);
  await redis.kill();
  await servers[0]!.logged('the mesh does not answer: going on with what is known');
  await membersBecome(one, (members) => members.every(({ families }) => families[0]!.seen === 'unknown'));
  await answerWith(ports, [0, 1, 2]);
  await redis.restart();
  await servers[0]!.logged('the mesh answers again');
  await membersBecome(one, allSeen);
  await answerWith(ports, [0, 1, 2]);
  t.is(servers[0]!.log().split('"the mesh does not answer').length - 1, 1);
});

test('an aggregator judges in place of votes; when it is killed votes decide, and no answer changes for it', async (t) => {
  const { sites, directory, serve, probe, judge } = await meshStage(t);
  const [home, eu, us, middle] = [directory('home'), directory('eu'), directory('us'), directory('middle')];
  const server = await serve(home, 'dns');
  await probe(eu);
  await probe(us);
  const aggregator = await judge(middle);
  await know(4, home, eu, us, middle);
  const whyOf = async (): Promise<string> => (await statusOf(home)).health.members[0]!.families[0]!.why ?? '';
  const why = (expected: RegExp): Promise<void> => {
    let last = '';
    return eventually(
      async () => {
        last = await whyOf();
        return expected.test(last);
      },
      () => `${expected}: ${last}`,
    );
  };
  await why(/^2 of 2 vantage points in 2 regions, by aggregator /);
  t.is((await statusOf(middle)).health.fleet?.targets, 3);
  await sites[0]!.stop();
  await answerWith([server.port], [1, 2]);
  await why(/^2 of 2 vantage points in 2 regions: .*, by aggregator /);
  aggregator.signal('SIGKILL');
  await aggregator.ended;
  await why(/^2 of 2 vantage points in 2 regions: (?!.*by aggregator)/);
  t.is(await answersOf(server.port), [1, 2].map(memberAddress).join(' '));
  await judge(middle);
  await why(/by aggregator /);
  t.is(await answersOf(server.port), [1, 2].map(memberAddress).join(' '));
  await sites[0]!.start();
  await answerWith([server.port], [0, 1, 2]);
});
