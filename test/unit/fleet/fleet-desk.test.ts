import test from 'ava';
import { TypeScriptKernel } from '../../../src/fleet/kernel.ts';
import type { KernelSource } from '../../../src/fleet/open.ts';
import { DEFAULT_HEALTH } from '../../../src/model/health.ts';
import { OUTCOME } from '../../../src/model/probe.ts';
import { FleetLab, LAB_MODEL, START_MS } from '../../support/fleet-lab.ts';
import { peer, verdict } from '../../support/mesh.ts';
import { voteOf } from '../../support/votes.ts';

const [LONDON, FRANKFURT] = [0, 1];
const LONDON_KEY = 'web/london#4';

async function withAggregator(...args: ConstructorParameters<typeof FleetLab>): Promise<FleetLab> {
  const lab = new FleetLab(...args);
  lab.addAggregator('f');
  await lab.settle();
  await lab.settle();
  return lab;
}

function checkAll(lab: FleetLab, target: number, outcome: 0 | 1, times = 1): void {
  for (let i = 0; i < times; i++) for (const prober of lab.probers) prober.check(target, outcome);
}

test('results of probers become verdicts, with their reasons', async (t) => {
  const lab = await withAggregator();
  checkAll(lab, LONDON, OUTCOME.OK);
  checkAll(lab, FRANKFURT, OUTCOME.REFUSED, 3);
  await lab.settle();
  const facts = lab.conclude();
  t.is(facts.seen[0]!.why, '3 of 3 vantage points in 3 regions, by aggregator f');
  t.is(facts.reason(FRANKFURT, 4), 'down: 3 of 3 vantage points in 3 regions: refused, by aggregator f');
  t.is(facts.seen[2]!.sinceMs, START_MS);
});

test('a restarted aggregator flips nothing: what was concluded holds until results say otherwise', async (t) => {
  const remembered = [verdict(LONDON_KEY, { state: 'down', isUp: false, sinceMs: 5 })];
  const lab = new FleetLab(undefined, undefined, remembered);
  lab.addAggregator('f', remembered);
  await lab.settle();
  await lab.settle();
  t.false(lab.conclude().isUp(LONDON, 4));
  lab.probers[0]!.check(LONDON, OUTCOME.REFUSED);
  await lab.settle();
  t.false(lab.conclude().isUp(LONDON, 4));
  checkAll(lab, LONDON, OUTCOME.OK, 2);
  await lab.settle();
  t.true(lab.conclude().isUp(LONDON, 4));
});

test('as long as it knows no better than others an aggregator says nothing', async (t) => {
  const lab = new FleetLab();
  checkAll(lab, LONDON, OUTCOME.REFUSED, 3);
  t.false(lab.conclude().isUp(LONDON, 4));
  lab.isCut = true; // nobody tells it anything, and votes were cast before it came
  lab.addAggregator('f');
  await lab.settle();
  await lab.settle();
  t.is(lab.watch.concluded.size, 0);
  t.false(lab.conclude().isUp(LONDON, 4));
});

test('votes of probers that send no results count as well', async (t) => {
  const lab = await withAggregator();
  const expiresMs = START_MS + 19_000;
  const fields = { target: LONDON_KEY, atMs: START_MS, expiresMs, sinceMs: START_MS };
  const votes = lab.probers.map(({ self: { id, region } }) => ({ ...voteOf(id, false, fields), prober: id, region }));
  lab.aggregators[0]!.desk.takeVotes(votes);
  await lab.settle();
  t.is(lab.watch.concluded.get(LONDON_KEY)?.verdict.state, 'down');
  lab.nowMs = expiresMs - 1;
  await lab.settle();
  t.is(lab.watch.concluded.get(LONDON_KEY)?.verdict.state ?? 'down', 'down');
  lab.nowMs = expiresMs;
  await lab.settle();
  await lab.settle();
  t.is(lab.watch.concluded.get(LONDON_KEY)?.verdict.state, 'unknown');
});

test('a vote that is older than the results does not count', async (t) => {
  const lab = await withAggregator();
  lab.nowMs += 2000;
  checkAll(lab, LONDON, OUTCOME.OK);
  const { desk } = lab.aggregators[0]!;
  desk.takeVotes([voteOf('p0', false, { target: LONDON_KEY, atMs: START_MS, expiresMs: START_MS + 19_000 })]);
  await desk.pass(); // without the probers, which would make good what they find wrong
  lab.hearReports();
  t.is(lab.conclude().seen[0]!.why, '3 of 3 vantage points in 3 regions, by aggregator f');
});

test('results that expire make the verdict unknown, which keeps what was held', async (t) => {
  const lab = await withAggregator();
  checkAll(lab, LONDON, OUTCOME.REFUSED, 3);
  await lab.settle();
  lab.nowMs += 60_000;
  await lab.settle();
  await lab.settle();
  const facts = lab.conclude();
  t.is(facts.seen[0]!.state, 'unknown');
  t.false(facts.isUp(LONDON, 4));
});

test('another list of targets, damaged octets and results of a former self are ignored and counted', async (t) => {
  const lab = await withAggregator();
  const { desk } = lab.aggregators[0]!;
  desk.takeResults('p0', 1, Uint8Array.of(1, 2, 3));
  desk.takeResults('p0', 0, Uint8Array.of(1, 2, 3));
  await lab.settle();
  t.is(desk.status.ignored, 2);
});

test('a reload keeps verdicts, and the probers introduce themselves to the new list', async (t) => {
  const lab = await withAggregator();
  checkAll(lab, LONDON, OUTCOME.REFUSED, 3);
  checkAll(lab, FRANKFURT, OUTCOME.OK);
  await lab.settle();
  const { desk } = lab.aggregators[0]!;
  desk.adopt({ steering: LAB_MODEL, targets: lab.targets, health: { ...DEFAULT_HEALTH, flapGuard: false } });
  await lab.settle();
  t.false(lab.conclude().isUp(LONDON, 4));
  t.true(lab.conclude().isUp(FRANKFURT, 4));
  for (const { router } of lab.probers) router.setOwners(lab.watch.owners);
  await lab.settle();
  t.is(lab.conclude().reason(LONDON, 4), 'down: 3 of 3 vantage points in 3 regions: refused, by aggregator f');
});

test('a prober that comes later is counted, and what is known of the others stays', async (t) => {
  const lab = new FleetLab(['eu', 'us']);
  const { desk } = lab.addAggregator('f');
  await lab.settle();
  await lab.settle();
  checkAll(lab, LONDON, OUTCOME.REFUSED, 3);
  await lab.settle();
  t.is(desk.status.probers, 2);
  desk.takePeers([...lab.peers, peer('a', { region: 'ap', roles: ['probe'] })]);
  desk.takeVotes([
    voteOf('ap/x', false, { prober: 'a', region: 'ap', target: LONDON_KEY, atMs: START_MS, expiresMs: START_MS + 19_000 }),
  ]);
  await lab.settle();
  t.is(desk.status.probers, 3);
  t.is(lab.conclude().seen[0]!.why, '3 of 3 vantage points in 3 regions: refused, by aggregator f');
});

test('what a prober says before the mesh tells of it waits for that, for a while', async (t) => {
  const lab = await withAggregator();
  const { desk } = lab.aggregators[0]!;
  const vote = { prober: 'a', region: 'ap', target: LONDON_KEY, atMs: START_MS, expiresMs: START_MS + 19_000 };
  desk.takeVotes([voteOf('ap/x', true, vote)]);
  lab.probers[0]!.check(LONDON, OUTCOME.OK);
  await lab.settle();
  t.is(lab.conclude().seen[0]!.state, 'unknown');
  desk.takePeers([...lab.peers, peer('a', { region: 'ap', roles: ['probe'] })]);
  await lab.settle();
  t.is(lab.conclude().seen[0]!.why, '2 of 2 vantage points in 2 regions, by aggregator f');
});

test('a prober that the mesh holds for withdrawn has no say, even if its farewell was lost', async (t) => {
  const lab = await withAggregator();
  checkAll(lab, LONDON, OUTCOME.OK);
  await lab.settle();
  const peers = lab.peers.map((one) => (one.id === 'p0' ? { ...one, isWithdrawn: true } : one));
  lab.aggregators[0]!.desk.takePeers(peers);
  await lab.settle();
  t.is(lab.conclude().seen[0]!.why, '2 of 2 vantage points in 2 regions, by aggregator f');
});

test('the votes of a prober that has left count until they expire', async (t) => {
  const lab = await withAggregator();
  checkAll(lab, LONDON, OUTCOME.OK);
  await lab.settle();
  const { desk } = lab.aggregators[0]!;
  desk.takePeers(lab.peers.filter(({ id }) => id !== 'p0'));
  await lab.settle();
  t.is(lab.conclude().seen[0]!.why, '3 of 3 vantage points in 3 regions, by aggregator f');
});

test('two aggregators share the targets, and a dead one leaves its verdicts to the other', async (t) => {
  const lab = await withAggregator();
  lab.addAggregator('g');
  for (let i = 0; i < 3; i++) await lab.settle();
  const targets = lab.targets.keys();
  for (const target of targets) checkAll(lab, target, target === LONDON ? OUTCOME.REFUSED : OUTCOME.OK, 3);
  for (let i = 0; i < 3; i++) await lab.settle();
  const by = (): string[] => lab.targets.map(({ key }) => lab.watch.concluded.get(key)?.by ?? '-');
  t.deepEqual(
    by(),
    lab.targets.map(({ key }) => lab.watch.owners.ownerOf(key)),
  );
  t.deepEqual(new Set(by()), new Set(['f', 'g']));
  const before = lab.conclude();
  const owner = lab.watch.owners.ownerOf(LONDON_KEY);
  await lab.killAggregator(lab.aggregators.find(({ self }) => self.id === owner)!);
  t.deepEqual(lab.conclude().columns.up, before.columns.up);
  for (let i = 0; i < 3; i++) await lab.settle();
  t.deepEqual(lab.conclude().columns.up, before.columns.up);
  t.true(by().every((id) => id !== '-' && id !== owner));
});

test('a kernel that cannot be opened leaves everything to votes, in one line, and is tried again', async (t) => {
  let isBroken = true;
  const kernels: KernelSource = {
    withoutAddon: 'it was not built',
    open: async (shape) => {
      if (isBroken) throw new Error('no memory');
      return new TypeScriptKernel(shape);
    },
  };
  const lab = new FleetLab(undefined, kernels);
  const { log } = lab.addAggregator('f');
  await lab.settle();
  await lab.settle();
  t.deepEqual(lab.watch.owners.ids, []);
  checkAll(lab, LONDON, OUTCOME.OK);
  t.is(lab.conclude().seen[0]!.why, '3 of 3 vantage points in 3 regions');
  t.deepEqual(log.lines, ['ERR_FLEET nothing is aggregated: no memory']);
  isBroken = false;
  await lab.settle();
  await lab.settle();
  t.deepEqual(lab.watch.owners.ids, ['f']);
  t.is(log.lines[1], 'the aggregator judges again');
});

test('without the addon the start says so', async (t) => {
  const kernels: KernelSource = { withoutAddon: 'it was not built', open: () => Promise.reject(new Error('unused')) };
  const lab = new FleetLab([], kernels);
  const { desk, log } = lab.addAggregator('f');
  desk.start(60_000);
  await desk.close();
  t.deepEqual(log.lines, ['ERR_ADDON aggregating without the native kernel: it was not built']);
});

test('passes that are asked for at once are one', async (t) => {
  const lab = await withAggregator();
  const { desk } = lab.aggregators[0]!;
  const { passes } = desk.status;
  await Promise.all([desk.pass(), desk.pass(), desk.pass()]);
  t.is(desk.status.passes, passes + 1);
  await desk.close();
  await desk.pass();
  t.is(desk.status.passes, passes + 1);
});

test('results are rolled up by site and region', async (t) => {
  const lab = await withAggregator();
  for (const prober of lab.probers)
    for (const outcome of [OUTCOME.OK, OUTCOME.OK, OUTCOME.REFUSED]) prober.check(LONDON, outcome);
  lab.probers[0]!.check(LONDON, OUTCOME.NOT_CHECKED);
  await lab.settle();
  const rolled = lab.aggregators[0]!.desk.rollUps.get('tcp')!;
  // the first result of each prober came as its opinion
  t.like(rolled.sites[LAB_MODEL.members[LONDON]!.site], { successes: 3, failures: 3, notChecked: 1 });
  t.is(rolled.regions.length, 3);
});

test('a prober whose votes are void has no say, whatever it sent', async (t) => {
  const lab = await withAggregator();
  checkAll(lab, LONDON, OUTCOME.OK);
  await lab.settle();
  lab.probers[1]!.check(LONDON, OUTCOME.OK);
  lab.probers[1]!.router.flush();
  lab.aggregators[0]!.desk.takeWithdrawal('p1');
  await lab.settle();
  t.is(lab.conclude().seen[0]!.why, '2 of 2 vantage points in 2 regions, by aggregator f');
});

test('a target that changes hands is spoken for all the time', async (t) => {
  const lab = await withAggregator();
  for (const target of lab.targets.keys()) checkAll(lab, target, OUTCOME.OK);
  await lab.settle();
  lab.isCut = true; // the new one hears nothing for a while
  lab.addAggregator('g');
  for (let i = 0; i < 5; i++) await lab.settle();
  t.deepEqual(lab.watch.owners.ids, ['f', 'g']);
  t.is(lab.watch.concluded.size, lab.targets.length);
  t.true([...lab.watch.concluded.values()].every(({ by }) => by === 'f'));
  lab.isCut = false;
  for (const { router } of lab.probers) router.setOwners(lab.watch.owners);
  for (let i = 0; i < 3; i++) await lab.settle();
  t.true(lab.targets.every(({ key }) => lab.watch.concluded.get(key)?.by === lab.watch.owners.ownerOf(key)));
  t.true(lab.targets.some(({ key }) => !lab.watch.hasVerdict('f', key)));
});

test('a change is dated by the result that brought it about, even if several come in one pass', async (t) => {
  const lab = await withAggregator();
  checkAll(lab, LONDON, OUTCOME.OK);
  await lab.settle();
  for (let i = 0; i < 3; i++) {
    lab.nowMs += 1000;
    checkAll(lab, LONDON, OUTCOME.REFUSED);
  }
  lab.nowMs += 500;
  await lab.settle();
  t.is(lab.conclude().seen[0]!.sinceMs, START_MS + 3000);
});
