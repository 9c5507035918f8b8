// The role `fleet` among the others, on a clock that the test moves: real control planes over a real memory mesh.

import test from 'ava';
import { COUNTER } from '../../../src/metrics/counters.ts';
import { FRANKFURT, HealthStage, LONDON, type StagedPlane, World } from '../../support/health-stage.ts';

const LONDON_WHY = (plane: StagedPlane): string => plane.plane.facts.seen[0]!.why;

/** Three probers, a server and an aggregator, after the first checks. */
async function stageOf(t: ConstructorParameters<typeof HealthStage>[0]) {
  const stage = new HealthStage(t);
  const cutOff = new World();
  const probers = [
    await stage.plane({ id: 'eu-1', region: 'eu', roles: ['probe'] }),
    await stage.plane({ id: 'us-1', region: 'us', roles: ['probe'] }),
    await stage.plane({ id: 'ap-1', region: 'ap', roles: ['probe'], world: cutOff }),
  ];
  const server = await stage.plane({ id: 'ns-1', roles: ['dns'] });
  const aggregator = await stage.plane({ id: 'f-1', roles: ['fleet'] });
  await stage.pass(8000);
  return { stage, cutOff, probers, server, aggregator };
}

test.serial('with an aggregator probers send results and no votes, and servers take its verdicts', async (t) => {
  const { stage, probers, server } = await stageOf(t);
  t.is(LONDON_WHY(server), '3 of 3 vantage points in 3 regions, by aggregator f-1');
  t.deepEqual(server.plane.report().aggregators, ['f-1']);
  const sent = probers.map(({ counters }) => counters[COUNTER.VOTES_SENT]);
  await stage.pass(20_000);
  t.deepEqual(
    probers.map(({ counters }) => counters[COUNTER.VOTES_SENT]),
    sent,
  );
  t.is(LONDON_WHY(server), '3 of 3 vantage points in 3 regions, by aggregator f-1');
});

test.serial('a fault is seen as soon as by votes, a fault in one region moves nothing', async (t) => {
  const { stage, cutOff, server } = await stageOf(t);
  cutOff.break('web/london#4');
  await stage.pass(10_000);
  t.is(LONDON_WHY(server), '2 of 3 vantage points in 3 regions; 1 sees refused, by aggregator f-1');
  stage.world.break('web/london#4');
  await stage.passUntil(() => !server.plane.facts.isUp(LONDON, 4), 9000);
  // two are enough, and the third may look a moment later
  const told = 'down: 3 of 3 vantage points in 3 regions: refused, by aggregator f-1';
  await stage.passUntil(() => server.plane.facts.reason(LONDON, 4) === told, 9000);
  t.is(server.plane.facts.reason(LONDON, 4), told);
});

test.serial('while results speak against a verdict answers are kept for a shorter time', async (t) => {
  const { stage, cutOff, server } = await stageOf(t);
  t.is(server.plane.facts.ttlSec(LONDON, 4), 15);
  cutOff.break('web/london#4');
  stage.world.break('web/london#4');
  await stage.passUntil(() => server.plane.facts.ttlSec(LONDON, 4) <= 2, 8000);
  t.true(server.plane.facts.isUp(LONDON, 4));
});

test.serial('when the aggregator goes votes decide again within a second, and nothing flips', async (t) => {
  const { stage, server, aggregator } = await stageOf(t);
  stage.world.break('web/london#4');
  await stage.pass(10_000);
  t.false(server.plane.facts.isUp(LONDON, 4));
  const from = server.concluded.length;
  await aggregator.plane.close();
  await stage.passUntil(() => LONDON_WHY(server).startsWith('2 of 3 vantage points in 3 regions: connection refused'), 1000);
  t.true(server.concluded.slice(from).every((facts) => !facts.isUp(LONDON, 4) && facts.isUp(FRANKFURT, 4)));
  t.deepEqual(server.plane.report().aggregators, []);
  t.true(server.lines.includes('no aggregator any more: votes decide'));
});

test.serial('an aggregator that starts anew flips nothing', async (t) => {
  const { stage, server, aggregator } = await stageOf(t);
  stage.world.break('web/london#4');
  await stage.pass(10_000);
  const from = server.concluded.length;
  await aggregator.plane.close();
  await stage.pass(30_000);
  await stage.plane({ id: 'f-1', roles: ['fleet'] });
  await stage.pass(2000);
  t.regex(LONDON_WHY(server), /by aggregator f-1$/);
  t.true(server.concluded.slice(from).every((facts) => !facts.isUp(LONDON, 4) && facts.isUp(FRANKFURT, 4)));
});

test.serial('a prober that withdraws has no say with the aggregator either, until it is back', async (t) => {
  const { stage, cutOff, server } = await stageOf(t);
  cutOff.break('web/london#4', 'web/frankfurt#4', 'web/tokyo#4', 'web/sydney#4');
  await stage.passUntil(() => LONDON_WHY(server).startsWith('2 of 2 vantage points in 2 regions'), 12_000);
  t.true(server.plane.facts.isUp(LONDON, 4));
  cutOff.mend('web/london#4', 'web/frankfurt#4', 'web/tokyo#4', 'web/sydney#4');
  await stage.passUntil(() => LONDON_WHY(server).startsWith('3 of 3 vantage points in 3 regions'), 12_000);
  t.regex(LONDON_WHY(server), /by aggregator f-1$/);
});

test.serial('one process may be all of it', async (t) => {
  const stage = new HealthStage(t);
  const { plane } = await stage.plane({ roles: ['dns', 'probe', 'fleet'], id: 'a' });
  await stage.pass(8000);
  t.is(plane.facts.seen[0]!.why, '1 of 1 vantage points, by aggregator a');
  t.deepEqual(plane.report().fleet && { ...plane.report().fleet, passes: 0 }, {
    ...{ targets: 4, probers: 1, passes: 0, ignored: 0, lastPassMs: 0 },
  });
  stage.world.break('web/london#4');
  await stage.passUntil(() => !plane.facts.isUp(LONDON, 4), 9500);
});
