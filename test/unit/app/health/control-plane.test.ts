// How a probe becomes an answer, on a clock that the test moves: real desks over a real memory mesh.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { COUNTER } from '../../../../src/metrics/counters.ts';
import { configOf, FRANKFURT, HealthStage, LONDON, MODEL, SYDNEY, TOKYO, World } from '../../../support/health-stage.ts';
import { modelOf } from '../../../support/steering.ts';

const KEYS = ['web/london#4', 'web/frankfurt#4', 'web/tokyo#4', 'web/sydney#4'];
const order = { action: 'down', source: 'human', author: 'ann', reason: 'new disks', forMs: null } as const;

test.serial('a target that fails goes down within the time that the cadence gives, and comes back with a ramp', async (t) => {
  const stage = new HealthStage(t);
  const { plane, lines, counters } = await stage.plane();
  await stage.passUntil(() => plane.facts.seen.every((verdict, cell) => cell % 2 === 1 || verdict?.state === 'up'), 7000);
  stage.world.break('web/london#4');
  await stage.passUntil(() => !plane.facts.isUp(LONDON, 4), 8500);
  t.is(plane.facts.reason(LONDON, 4), 'down: 1 of 1 vantage points: connection refused');
  t.true(plane.facts.isUp(TOKYO, 4));
  stage.world.mend('web/london#4');
  await stage.passUntil(() => plane.facts.isUp(LONDON, 4), 7500);
  t.is(plane.facts.weightShare(LONDON, 4), 100);
  await stage.pass(61_000);
  t.is(plane.facts.weightShare(LONDON, 4), 1000);
  t.deepEqual(
    lines.filter((line) => line.startsWith('a member')),
    ['a member went down', 'a member came up'],
  );
  t.is(counters[COUNTER.VERDICT_CHANGES], 2);
  t.is(counters[COUNTER.VOTES_RECEIVED], 0);
});

test.serial('three probers share the targets, and one region alone moves nothing', async (t) => {
  const stage = new HealthStage(t);
  const cutOff = new World();
  const eu = await stage.plane({ id: 'eu-1', region: 'eu' });
  const us = await stage.plane({ id: 'us-1', region: 'us' });
  const ap = await stage.plane({ id: 'ap-1', region: 'ap', world: cutOff });
  const planes = [eu, us, ap];
  await stage.pass(8000);
  for (const { plane } of planes) t.is(plane.facts.seen[0]!.why, '3 of 3 vantage points in 3 regions');
  cutOff.break('web/london#4');
  await stage.pass(10_000);
  for (const { plane } of planes) {
    t.true(plane.facts.isUp(LONDON, 4));
    t.is(plane.facts.seen[0]!.why, '2 of 3 vantage points in 3 regions; 1 sees connection refused');
  }
  stage.world.break('web/london#4');
  await stage.passUntil(() => planes.every(({ plane }) => !plane.facts.isUp(LONDON, 4)), 9000);
  t.is(new Set(planes.map(({ plane }) => JSON.stringify(plane.facts.seen[0]))).size, 1, 'all conclude the same');
  t.true(eu.counters[COUNTER.VOTES_RECEIVED]! > 0);
});

test.serial('a prober that ends leaves its share to the others', async (t) => {
  const stage = new HealthStage(t);
  const world = new World();
  const first = await stage.plane({ id: 'a', vantagePoints: 1 });
  await stage.plane({ id: 'b', vantagePoints: 1 });
  const leaving = await stage.plane({ id: 'c', vantagePoints: 1, world });
  const probers = (): string[] =>
    first.plane.report().members.map(({ families }) => families[0]!.votes.map(({ prober }) => prober).join());
  await stage.pass(30_000); // what others saw before they gave targets away has expired
  t.true(probers().includes('c'), `${probers()}`);
  t.is(new Set(world.checked).size, probers().filter((prober) => prober === 'c').length);
  await leaving.plane.close();
  await stage.pass(8000);
  t.true(
    probers().every((prober) => prober === 'a' || prober === 'b'),
    `${probers()}`,
  );
});

test.serial('a prober before whose eyes everything goes down withdraws, and is heard again when it is back', async (t) => {
  const stage = new HealthStage(t);
  const world = new World();
  const us = await stage.plane({ id: 'us-1', region: 'us' });
  const eu = await stage.plane({ id: 'eu-1', region: 'eu', world });
  await stage.pass(8000);
  world.break(...KEYS);
  await stage.passUntil(() => eu.plane.report().self.isWithdrawn, 10_000);
  t.true(eu.lines.some((line) => line.startsWith('ERR_PROBER_WITHDRAWN ')));
  await stage.pass(500);
  t.is(us.plane.facts.seen[0]!.why, '1 of 1 vantage points');
  t.deepEqual(
    us.plane.report().peers.map(({ id, isWithdrawn }) => [id, isWithdrawn]),
    [
      ['eu-1', true],
      ['us-1', false],
    ],
  );
  world.mend(...KEYS);
  await stage.passUntil(() => !eu.plane.report().self.isWithdrawn, 10_000);
  await stage.pass(6000);
  t.is(us.plane.facts.seen[0]!.why, '2 of 2 vantage points in 2 regions');
  t.true([LONDON, FRANKFURT, TOKYO, SYDNEY].every((member) => us.plane.facts.isUp(member, 4)));
});

test.serial('a world that really fails is told of: at least half of the probers never withdraw', async (t) => {
  const stage = new HealthStage(t);
  const us = await stage.plane({ id: 'us-1', region: 'us' });
  const eu = await stage.plane({ id: 'eu-1', region: 'eu' });
  const ap = await stage.plane({ id: 'ap-1', region: 'ap' });
  const planes = [us, eu, ap];
  await stage.pass(8000);
  stage.world.break(...KEYS);
  const areDown = (): boolean =>
    planes.every(({ plane }) => [LONDON, FRANKFURT, TOKYO, SYDNEY].every((m) => !plane.facts.isUp(m, 4)));
  await stage.passUntil(areDown, 15_000);
  await stage.passUntil(() => planes.every(({ plane }) => !plane.report().self.isWithdrawn), 10_000);
  stage.world.mend('web/tokyo#4');
  await stage.passUntil(() => planes.every(({ plane }) => plane.facts.isUp(TOKYO, 4)), 10_000);
  t.true(planes.every(({ plane }) => !plane.facts.isUp(LONDON, 4)));
});

test.serial('a prober that is alone says what it sees, even if that is the end of everything', async (t) => {
  const stage = new HealthStage(t);
  const { plane } = await stage.plane();
  await stage.pass(8000);
  stage.world.break('web/london#4', 'web/frankfurt#4', 'web/tokyo#4', 'web/sydney#4');
  await stage.passUntil(() => [LONDON, FRANKFURT, TOKYO, SYDNEY].every((member) => !plane.facts.isUp(member, 4)), 10_000);
  t.false(plane.report().self.isWithdrawn);
});

test.serial(
  'verdicts, orders and the name of the process are there again after a restart, before anything is checked',
  async (t) => {
    const stage = new HealthStage(t);
    const stateDirectory = stage.directory();
    const first = await stage.plane({ stateDirectory, isAlone: true });
    stage.world.break('web/london#4');
    await stage.passUntil(() => !first.plane.facts.isUp(LONDON, 4), 15_000);
    const given = await first.plane.order({ ...order, glob: 'web/tokyo' });
    t.true(given.ok);
    await first.plane.close();
    const second = await stage.plane({ stateDirectory, isAlone: true, world: new World() });
    t.is(second.plane.id, first.plane.id);
    t.false(second.plane.facts.isUp(LONDON, 4));
    t.false(second.plane.facts.isUp(TOKYO, 4));
    t.regex(second.plane.facts.reason(LONDON, 4), /^unknown, stays down: 0 fresh votes/);
    await stage.passUntil(() => second.plane.facts.isUp(LONDON, 4), 15_000);
    t.is(second.plane.facts.weightShare(LONDON, 4), 100, 'it comes back slowly, as if there had been no restart');
  },
);

test.serial('a damaged state directory costs a line for each file and nothing else', async (t) => {
  const stage = new HealthStage(t);
  const stateDirectory = stage.directory();
  const first = await stage.plane({ stateDirectory, isAlone: true });
  await stage.pass(7000);
  await first.plane.close();
  const files = readdirSync(stateDirectory);
  for (const file of files) writeFileSync(join(stateDirectory, file), 'meridian 1 nonsense\n');
  const second = await stage.plane({ stateDirectory, isAlone: true });
  t.is(second.lines.filter((line) => line.startsWith('ERR_MESH_FILE ')).length, files.length, second.lines.join('\n'));
  t.true(second.plane.facts.isUp(LONDON, 4));
  await stage.pass(7000);
  t.is(second.plane.facts.seen[0]!.state, 'up');
});

test.serial('a reload keeps what is known of the targets that stay, and forgets the others', async (t) => {
  const stage = new HealthStage(t);
  const { plane } = await stage.plane();
  stage.world.break('web/london#4', 'web/tokyo#4');
  await stage.passUntil(() => !plane.facts.isUp(LONDON, 4) && !plane.facts.isUp(TOKYO, 4), 15_000);
  await plane.order({ ...order, glob: 'site:sydney' });
  const smaller = modelOf(
    {
      web: [
        { site: 'sydney', has: 'v4' },
        { site: 'london', has: 'v4' },
      ],
    },
    MODEL_POLICIES,
  );
  const facts = plane.adopt(configOf(smaller));
  t.false(facts.isUp(0, 4), 'ordered down');
  t.false(facts.isUp(1, 4), 'seen down');
  t.is(facts.reason(1, 4), 'down: 1 of 1 vantage points: connection refused');
  await stage.pass(25_000); // votes on what is gone expire
  const again = plane.adopt(configOf(MODEL));
  t.regex(again.reason(TOKYO, 4), /^unknown, taken as up/);
  await stage.pass(7000);
  t.false(plane.facts.isUp(LONDON, 4));
});

test.serial('without the role probe nothing is checked, and what others see is followed', async (t) => {
  const stage = new HealthStage(t);
  const idle = new World();
  const dns = await stage.plane({ id: 'dns-1', roles: ['dns'], world: idle });
  await stage.plane({ id: 'probe-1', roles: ['probe'] });
  stage.world.break('web/london#4');
  await stage.passUntil(() => !dns.plane.facts.isUp(LONDON, 4), 15_000);
  t.deepEqual(idle.checked, []);
});

test.serial('an order is in force when it is acknowledged, and so is its end', async (t) => {
  const stage = new HealthStage(t);
  const { plane } = await stage.plane();
  const given = await plane.order({ ...order, glob: 'web/l*' });
  t.true(given.ok);
  if (given.ok) t.deepEqual(given.value.names, ['web/london']);
  t.is(
    plane.facts.reason(LONDON, 4),
    `forced down by ann: new disks (seen ${plane.facts.seen[0]!.state}, ${plane.facts.seen[0]!.why})`,
  );
  const report = plane.report();
  t.is(report.members[LONDON]!.order?.author, 'ann');
  t.is(report.overrides.version, 1);
  const recalled = await plane.recall({ what: 'web/l*', action: null });
  t.true(recalled.ok);
  t.true(plane.facts.isUp(LONDON, 4));
});

test.serial('an order ends by itself when its time is over', async (t) => {
  const stage = new HealthStage(t);
  const { plane } = await stage.plane();
  await plane.order({ ...order, glob: 'web/london', forMs: 20_000 });
  await stage.pass(19_000);
  t.false(plane.facts.isUp(LONDON, 4));
  await stage.pass(1200);
  t.true(plane.facts.isUp(LONDON, 4));
});

test.serial('the report says who sees what, since when, and how old it is', async (t) => {
  const stage = new HealthStage(t);
  const { plane } = await stage.plane({ id: 'fra-1' });
  stage.world.break('web/london#4');
  await stage.passUntil(() => !plane.facts.isUp(LONDON, 4), 15_000);
  await stage.pass(2000);
  const { self, members, mesh, idleOrders } = plane.report();
  t.deepEqual(self, { id: 'fra-1', region: 'eu', roles: ['dns', 'probe'], isWithdrawn: false });
  t.is(mesh.state, 'joined');
  t.deepEqual(idleOrders, []);
  const { member, pool, site, families } = members[LONDON]!;
  t.deepEqual([member, pool, site, families.length], ['web/london', 'web', 'london', 1]);
  const [seen] = families;
  t.like(seen, { family: 4, isUp: false, sharePermille: 0, seen: 'down', why: '1 of 1 vantage points: connection refused' });
  t.true(seen!.sinceMs! >= 2000 && seen!.sinceMs! < 3000);
  t.like(seen!.votes[0], { prober: 'fra-1', region: 'eu', isUp: false, detail: 'connection refused', latencyUs: 500 });
  t.true(seen!.votes[0]!.ageMs <= 6000);
});

const MODEL_POLICIES = { www: { root: { kind: 'pool', path: 'pool0', pool: 0 } } } as const;
