import test from 'ava';
import { OUTCOME } from '../../../src/model/probe.ts';
import type { LabProber } from '../../support/fleet-lab.ts';
import { FleetLab } from '../../support/fleet-lab.ts';

const [LONDON, FRANKFURT] = [0, 1];

/** A lab with an aggregator that everybody believes. */
async function withAggregator(): Promise<FleetLab> {
  const lab = new FleetLab();
  lab.addAggregator('f');
  await lab.settle();
  await lab.settle();
  lab.sent.length = 0;
  return lab;
}

const sentBy = (lab: FleetLab, { self }: LabProber) =>
  lab.sent.filter(({ from }) => from === self.id).map(({ to, opinions, results }) => ({ to, opinions, results }));

test('without an aggregator nothing is sent, and the prober votes', (t) => {
  const lab = new FleetLab();
  lab.probers[0]!.check(LONDON, OUTCOME.OK);
  lab.probers[0]!.router.flush();
  t.deepEqual(lab.sent, []);
  t.is(lab.votesHeard, 1);
});

test('of a target that the aggregator has not heard of it is told the opinion, later the results', async (t) => {
  const lab = await withAggregator();
  const [prober] = lab.probers;
  prober!.check(LONDON, OUTCOME.OK); // turns unknown into up: sent at once
  prober!.check(LONDON, OUTCOME.OK);
  prober!.check(LONDON, OUTCOME.REFUSED);
  t.deepEqual(sentBy(lab, prober!), [{ to: 'f', opinions: 1, results: 0 }]);
  prober!.router.flush();
  t.deepEqual(sentBy(lab, prober!)[1], { to: 'f', opinions: 0, results: 2 });
  t.is(lab.votesHeard, 0);
});

test('a result that turns the opinion is sent at once, with what was waiting', async (t) => {
  const lab = await withAggregator();
  const [prober] = lab.probers;
  prober!.check(LONDON, OUTCOME.OK);
  lab.sent.length = 0;
  for (let i = 0; i < 3; i++) prober!.check(LONDON, OUTCOME.REFUSED);
  t.deepEqual(sentBy(lab, prober!), [{ to: 'f', opinions: 0, results: 3 }]);
});

test('when the aggregator is gone the newest votes on all its targets are cast at once', async (t) => {
  const lab = await withAggregator();
  for (const prober of lab.probers) {
    prober.check(LONDON, OUTCOME.OK);
    for (let i = 0; i < 3; i++) prober.check(FRANKFURT, OUTCOME.REFUSED);
  }
  await lab.settle();
  t.is(lab.votesHeard, 0);
  await lab.killAggregator(lab.aggregators[0]!);
  t.is(lab.votesHeard, 6);
  const facts = lab.conclude();
  t.true(facts.isUp(LONDON, 4));
  t.false(facts.isUp(FRANKFURT, 4));
});

test('an aggregator that comes is told all opinions at once, and takes over damping that is under way', async (t) => {
  const lab = new FleetLab();
  for (const prober of lab.probers) {
    prober.check(LONDON, OUTCOME.OK);
    prober.check(LONDON, OUTCOME.REFUSED);
    prober.check(LONDON, OUTCOME.REFUSED);
  }
  lab.addAggregator('f');
  await lab.settle();
  await lab.settle();
  for (const prober of lab.probers) prober.check(LONDON, OUTCOME.REFUSED);
  await lab.settle();
  t.is(lab.conclude().reason(LONDON, 4), 'down: 3 of 3 vantage points in 3 regions: refused, by aggregator f');
});

test('a check that could not be made is counted by the aggregator, and no vote is missed for it', async (t) => {
  const lab = await withAggregator();
  const [prober] = lab.probers;
  prober!.check(LONDON, OUTCOME.OK);
  lab.sent.length = 0;
  prober!.check(LONDON, OUTCOME.NOT_CHECKED);
  prober!.router.flush();
  t.deepEqual(sentBy(lab, prober!), [{ to: 'f', opinions: 0, results: 1 }]);
});

test('what was lost on the way is made good within a minute of flushes', async (t) => {
  const lab = await withAggregator();
  for (const prober of lab.probers) prober.check(LONDON, OUTCOME.OK);
  await lab.settle();
  lab.isCut = true;
  for (const prober of lab.probers) for (let i = 0; i < 3; i++) prober.check(LONDON, OUTCOME.REFUSED);
  lab.isCut = false;
  await lab.settle();
  t.true(lab.conclude().isUp(LONDON, 4));
  for (let flush = 0; flush < 240; flush++) for (const { router } of lab.probers) router.flush();
  await lab.settle();
  t.false(lab.conclude().isUp(LONDON, 4));
});

test('an opinion that is renewed does not overtake results on their way', async (t) => {
  const lab = await withAggregator();
  const [prober] = lab.probers;
  prober!.check(LONDON, OUTCOME.OK);
  for (let flush = 0; flush < 400; flush++) {
    lab.sent.length = 0;
    prober!.check(LONDON, OUTCOME.OK);
    prober!.router.flush();
    t.deepEqual(sentBy(lab, prober!), [{ to: 'f', opinions: 0, results: 1 }]);
  }
});

test('a prober that withdraws takes back what it has said, and says it again when it is back', async (t) => {
  const lab = await withAggregator();
  for (const prober of lab.probers) prober.check(LONDON, OUTCOME.OK);
  await lab.settle();
  t.is(lab.conclude().seen[0]!.why, '3 of 3 vantage points in 3 regions, by aggregator f');
  const { router } = lab.probers[0]!;
  router.withdraw();
  lab.probers[0]!.check(LONDON, OUTCOME.OK);
  await lab.settle();
  t.is(lab.conclude().seen[0]!.why, '2 of 2 vantage points in 2 regions, by aggregator f');
  router.comeBack();
  await lab.settle();
  t.is(lab.conclude().seen[0]!.why, '3 of 3 vantage points in 3 regions, by aggregator f');
});

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

test.serial('a router wakes nobody while there is no aggregator, and sends by itself once there is one', async (t) => {
  const lab = new FleetLab();
  const { router } = lab.probers[0]!;
  const before = timers();
  router.start();
  t.teardown(() => router.close());
  t.is(timers(), before);
  lab.addAggregator('f');
  await lab.settle();
  await lab.settle();
  lab.sent.length = 0;
  lab.probers[0]!.check(LONDON, OUTCOME.OK); // turns unknown into up: sent at once
  lab.probers[0]!.check(LONDON, OUTCOME.OK);
  while (!sentBy(lab, lab.probers[0]!).some(({ results }) => results === 1)) await new Promise(setImmediate);
  t.pass();
});

test('a prober that ends takes back what it has said', async (t) => {
  const lab = await withAggregator();
  for (const prober of lab.probers) prober.check(LONDON, OUTCOME.OK);
  lab.probers[0]!.router.start();
  lab.probers[0]!.router.close();
  await lab.settle();
  t.is(lab.conclude().seen[0]!.why, '2 of 2 vantage points in 2 regions, by aggregator f');
});

test('targets that a prober no longer checks are not sent, those that stay are not introduced again', async (t) => {
  const lab = await withAggregator();
  const [prober] = lab.probers;
  prober!.check(LONDON, OUTCOME.OK);
  prober!.check(FRANKFURT, OUTCOME.OK);
  prober!.router.setTargets(lab.listHash, [lab.targets[LONDON]!]);
  lab.sent.length = 0;
  prober!.check(LONDON, OUTCOME.OK);
  prober!.router.flush();
  t.deepEqual(sentBy(lab, prober!), [{ to: 'f', opinions: 0, results: 1 }]);
  t.true(prober!.router.isOwned('web/london#4'));
  t.false(prober!.router.isOwned('web/frankfurt#4'));
});

test('with another list of targets everything is introduced again', async (t) => {
  const lab = await withAggregator();
  const [prober] = lab.probers;
  prober!.check(LONDON, OUTCOME.OK);
  prober!.check(LONDON, OUTCOME.OK);
  lab.sent.length = 0;
  const { sent } = lab;
  t.throws(() => prober!.router.setTargets('0'.repeat(16), lab.targets)); // the lab does not understand another list
  prober!.router.setTargets(lab.listHash, lab.targets);
  t.deepEqual(sent.at(-1), { from: 'p0', to: 'f', opinions: 1, results: 0 });
});
