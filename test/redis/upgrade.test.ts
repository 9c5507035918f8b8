// `meridian upgrade` of servers that share a real Redis: the successor is the same member of the mesh, and knows what was known.

import anyTest, { type TestFn } from 'ava';
import { know, meshStage, ORDER } from '../support/mesh-servers.ts';
import { eventually } from '../support/patience.ts';
import { hasRedis } from '../support/redis.ts';
import { allSeen, answerWith, control, membersBecome, statusOf } from '../support/sites.ts';
import { askOverUdp } from '../support/steady-clients.ts';
import { Succession } from '../support/succession.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

test('overrides and verdicts are there after an upgrade, no query is lost, and the mesh has no member more', async (t) => {
  const { sites, directory, serve } = await meshStage(t);
  const [one, two] = [directory('eu'), directory('us')];
  const servers = [await serve(one, 'dns,probe'), await serve(two, 'dns,probe')];
  const ports = servers.map(({ port }) => port);
  await know(2, one, two);
  await membersBecome(one, allSeen);
  await control(one, { ...ORDER, glob: 'web/two', action: 'down' });
  await sites[0]!.stop();
  await answerWith(ports, [2]);
  const before = await statusOf(one);
  const successions = servers.map((server) => new Succession(server));
  const clients = ports.map((port) => askOverUdp(port, 4));
  try {
    for (const succession of successions) {
      const { run, report } = await succession.upgrade();
      t.true(report.done, run.stdout);
      await answerWith(ports, [2]);
    }
    for (const { lost } of await Promise.all(clients.map((client) => client.stop()))) t.deepEqual(lost, []);

    await know(2, one, two);
    await eventually(
      async () => (await statusOf(one)).health.mesh.state === 'joined',
      () => 'the successor has not joined the mesh',
    );
    const { health, pid } = await statusOf(one);
    t.is(pid, successions[0]!.pid);
    t.is(health.self.id, before.health.self.id);
    t.deepEqual(health.overrides, before.health.overrides);
    // Seen anew: until the successors' first checks are through, what was known is answered, and is called unknown.
    await membersBecome(one, (members) => members[0]!.families[0]!.seen === 'down');

    // The successors share what happens from now on.
    await control(two, { command: 'recall', what: 'web/two', action: null });
    await sites[0]!.start();
    await answerWith(ports, [0, 1, 2]);
    await membersBecome(two, (members) => members.every(({ families }) => families[0]!.votes.length === 2));
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
    for (const succession of successions) await succession.stop();
  }
});

test('a server is upgraded while Redis is away: what was known is answered, and the successor joins when Redis is back', async (t) => {
  const { redis, sites, directory, serve } = await meshStage(t);
  const home = directory('eu');
  const server = await serve(home, 'dns,probe');
  await membersBecome(home, allSeen);
  await control(home, { ...ORDER, glob: 'web/two', action: 'down' });
  await sites[0]!.stop();
  await answerWith([server.port], [2]);
  await redis.kill();
  await server.logged('the mesh does not answer: going on with what is known');
  const succession = new Succession(server);
  try {
    const { run, report } = await succession.upgrade();
    t.true(report.done, run.stdout);
    await answerWith([server.port], [2]);
    await redis.restart();
    await eventually(
      async () => (await statusOf(home)).health.mesh.state === 'joined',
      () => 'the successor has not joined the mesh',
    );
    await control(home, { command: 'recall', what: 'web/two', action: null });
    await sites[0]!.start();
    await answerWith([server.port], [0, 1, 2]);
  } finally {
    await succession.stop();
  }
});
