// DNS servers that share a Redis with the agents of their sites: they shed the same load alike, a server that starts anew begins with
// the plans of the others, one that is cut off is made up for, and without Redis everybody goes on as before.

import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { askShares, crowdUntil, type Shares, statusOf, stepPeriod } from '../support/crowd.ts';
import { type CrowdServer, CrowdServers } from '../support/crowd-servers.ts';
import { eventually } from '../support/patience.ts';
import { hasRedis } from '../support/redis.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

/** Of 200 answers of a schedule in 1,024 parts. */
const ALIKE = 0.02;

const isShed = ({ amsterdam, vienna }: Shares): boolean => amsterdam! > 0.55 && amsterdam! < 0.75 && vienna === 0;

async function open(t: ExecutionContext): Promise<CrowdServers> {
  const servers = await CrowdServers.open();
  t.teardown(() => servers.close());
  return servers;
}

const ports = (...servers: readonly CrowdServer[]): number[] => servers.map(({ port }) => port);

async function meshOf({ socket }: CrowdServer): Promise<string> {
  return (await statusOf(socket)).health.mesh.state;
}

/** Whether both give the first site the same share; reports go on meanwhile. */
async function areAlike(a: CrowdServer, b: CrowdServer): Promise<boolean> {
  const [one, two] = await Promise.all([askShares(a.port), askShares(b.port)]);
  return Math.abs(one['amsterdam']! - two['amsterdam']!) < ALIKE;
}

test('two servers shed alike what agents report over Redis, and one that is restarted goes on where it was', async (t) => {
  const servers = await open(t);
  const [a, b] = [await servers.begin('a'), await servers.begin('b')];
  await crowdUntil(ports(a, b), 150, servers.report, isShed);
  const [one, two] = [await statusOf(a.socket), await statusOf(b.socket)];
  t.is(one.capacity!.sites.find(({ site }) => site === 'amsterdam')!.agents, 2);
  t.deepEqual(
    two.capacity!.shed.map(({ site, moves }) => [site, moves[0]!.to, Math.round(moves[0]!.percent)]),
    one.capacity!.shed.map(({ site, moves }) => [site, moves[0]!.to, Math.round(moves[0]!.percent)]),
  );

  b.signal('SIGKILL');
  await b.ended;
  const again = await servers.begin('b', b.directory);
  const [first, present] = [await askShares(again.port), await askShares(a.port)];
  t.true(Math.abs(first['amsterdam']! - present['amsterdam']!) < ALIKE, `${JSON.stringify(first)} ${JSON.stringify(present)}`);
});

test('a server that is cut off goes on with its plans, the other makes up for it, and back it takes those of the other', async (t) => {
  const servers = await open(t);
  const [a, b] = [await servers.begin('a'), await servers.begin('b')];
  await crowdUntil(ports(a, b), 150, servers.report, isShed);

  b.relay.cut();
  await eventually(
    async () => (await meshOf(b)) !== 'joined',
    () => 'the cut is not noticed',
  );
  // Half of all clients ask a server that has not heard of the others: it moves what the demand that it sees calls for and no more, and
  // the other one moves the rest, until the site carries what it should. On the way there it may carry too little for a while.
  const carries = ({ amsterdam }: Shares): number => 200 * amsterdam!;
  await crowdUntil(
    ports(a, b),
    200,
    servers.report,
    () => true,
    (mean, [one, two]) =>
      carries(mean) > 85 && carries(mean) < 106 && two!['amsterdam']! > 0.5 && one!['amsterdam']! < two!['amsterdam']! - 0.1,
  );
  t.not(await meshOf(b), 'joined');

  b.relay.mend();
  await crowdUntil(
    ports(a, b),
    200,
    servers.report,
    ({ amsterdam }) => Math.abs(amsterdam! - 0.5) < 0.06,
    (_, [one, two]) => Math.abs(one!['amsterdam']! - two!['amsterdam']!) < ALIKE,
  );
  t.is(await meshOf(b), 'joined');
});

test('without Redis every server goes on shedding, whatever is no longer heard, and with it again they are alike', async (t) => {
  const servers = await open(t);
  const [a, b] = [await servers.begin('a'), await servers.begin('b')];
  await crowdUntil(ports(a, b), 150, servers.report, isShed);
  const before = [await askShares(a.port), await askShares(b.port)];

  await servers.redis.kill();
  for (const server of [a, b]) {
    await eventually(
      async () => {
        // every answer names a site all the while: askShares throws at one that does not
        await askShares(server.port);
        return (await statusOf(server.socket)).capacity!.sites.every(({ source }) => source === 'configured');
      },
      () => 'reports are believed for ever',
    );
    t.not(await meshOf(server), 'joined');
  }
  for (const [id, server] of Object.entries({ a, b })) {
    const periods = new Set<number>();
    await eventually(
      async () => {
        const capacity = (await statusOf(server.socket)).capacity!;
        if (capacity.stepper === id) periods.add(stepPeriod(capacity));
        return periods.size >= 3;
      },
      () => `${id} makes no steps by itself`,
    );
  }
  // Without reports load is what the queries say, and this test asks now one and now the other: plans waver a little, and stay.
  const after = [await askShares(a.port), await askShares(b.port)];
  for (const [i, shares] of after.entries()) {
    t.true(Math.abs(shares['amsterdam']! - before[i]!['amsterdam']!) < 0.2, `${JSON.stringify(before)} ${JSON.stringify(after)}`);
    t.is(shares['vienna'], 0);
  }

  await servers.redis.restart();
  for (const server of [a, b])
    await eventually(
      async () => (await meshOf(server)) === 'joined',
      () => 'they do not come back',
    );
  await crowdUntil(ports(a, b), 150, servers.report, isShed);
  await eventually(
    () => areAlike(a, b),
    () => 'plans stay apart',
  );
  t.pass();
});
