// Faults in random order while members vote and change overrides: in the end all agree, and nothing that was acknowledged is missing.

import anyTest, { type TestFn } from 'ava';
import type { Vote } from '../../src/model/verdict.ts';
import { override } from '../support/mesh.ts';
import { eventually } from '../support/patience.ts';
import { Random } from '../support/random.ts';
import { hasRedis, type RedisServer } from '../support/redis.ts';
import { type Member, onRedis } from '../support/redis-stage.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

const FAULTS = 9;
const SEEDS = [1, 5];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const faults: readonly ((server: RedisServer, random: Random) => Promise<unknown>)[] = [
  async (server, random) => {
    await server.kill();
    await pause(random.below(1000));
    await server.restart();
  },
  async (server, random) => {
    server.pause();
    await pause(random.below(2000));
    server.resume();
  },
  (server) => server.run('FLUSHALL'),
  (server) => server.run('CLIENT', 'KILL', 'TYPE', 'normal').catch(() => undefined), // kills itself, too
  (server) => server.run('CLIENT', 'KILL', 'TYPE', 'pubsub'),
  (server) => server.run('SCRIPT', 'FLUSH'),
];

/** The newest vote of each prober on each target that was handed out. */
function picture({ votes }: Member): string {
  const newest = new Map<string, Vote>();
  for (const vote of votes) newest.set(`${vote.prober} ${vote.target}`, vote);
  return JSON.stringify([...newest].map(([key, { seq }]) => `${key} ${seq}`).sort());
}

for (const seed of SEEDS) {
  test(
    `after ${FAULTS} random faults (seed ${seed}) all agree and every acknowledged override is there`,
    onRedis([], async (t, { server, member }) => {
      const random = new Random(seed);
      const settings = { heartbeatMs: 200, expiryMs: 1000, commandTimeoutMs: 400 };
      const members = await Promise.all(['a', 'b', 'c'].map((id) => member(id, { settings })));
      const any = (): Member => members[random.below(members.length)]!;
      const acknowledged: string[] = [];
      let isOver = false;
      const voting = async (): Promise<void> => {
        for (let seq = 1; !isOver; seq++) {
          any().vote(`t${random.below(20)}`, seq, { isUp: random.below(2) === 0 });
          await pause(10);
        }
      };
      const changing = async (): Promise<void> => {
        for (let i = 1; !isOver; i++) {
          const { mesh } = any();
          const { version, overrides } = mesh.overrides;
          const result = await mesh.changeOverrides(version, [...overrides, override(`o${i}`)]);
          if (result.ok) acknowledged.push(`o${i}`);
          await pause(50);
        }
      };
      const work = [voting(), changing()];
      for (let i = 0; i < FAULTS; i++) {
        await faults[random.below(faults.length)]!(server, random);
        await pause(random.below(1000));
      }
      await eventually(
        () => acknowledged.length > 0,
        () => 'no change of the overrides was acknowledged',
      );
      isOver = true;
      await Promise.all(work);

      const joiner = await member('joiner', { settings });
      const all = [...members, joiner];
      for (const one of all) {
        await one.until(() => one.mesh.status.state === 'joined' && one.mesh.status.trouble === null);
        await one.until(
          () => JSON.stringify(one.mesh.overrides) === JSON.stringify(members[0]!.mesh.overrides),
          'the same overrides',
        );
        await one.until(() => picture(one) === picture(members[0]!), 'the same votes');
        await one.sawPeers('a', 'b', 'c', 'joiner');
        t.true(one.isMonotone);
      }
      const present = new Set(joiner.mesh.overrides.overrides.map(({ id }) => id));
      t.deepEqual(
        acknowledged.filter((id) => !present.has(id)),
        [],
      );
    }),
  );
}
