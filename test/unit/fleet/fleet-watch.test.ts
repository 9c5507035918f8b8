import test from 'ava';
import { FleetWatch } from '../../../src/fleet/fleet-watch.ts';
import type { FleetReport } from '../../../src/model/mesh.ts';
import { fleetVerdict, peer } from '../../support/mesh.ts';

const LIST = '0123456789abcdef';
const SILENCE_MS = 5000;
const fleet = (id: string, epoch = 1) => peer(id, { roles: ['fleet'], epoch });
const report = (id: string, more: Partial<FleetReport> = {}): FleetReport => ({
  ...{ fleet: id, epoch: 1, listHash: LIST, atMs: 1000, isWhole: true, verdicts: [], forgotten: [] },
  ...more,
});

function watchOf(...ids: readonly string[]): FleetWatch {
  const watch = new FleetWatch(SILENCE_MS);
  watch.setList(LIST);
  watch.setPeers([...ids.map((id) => fleet(id)), peer('p')]);
  for (const id of ids) watch.hear(report(id));
  watch.refresh(1000);
  return watch;
}

test('an aggregator that has said nothing yet is not believed', (t) => {
  const watch = new FleetWatch(SILENCE_MS);
  watch.setList(LIST);
  watch.setPeers([fleet('f')]);
  t.false(watch.refresh(0));
  t.deepEqual(watch.owners.ids, []);
  watch.hear(report('f'));
  t.true(watch.refresh(1000));
  t.deepEqual(watch.owners.ids, ['f']);
  t.false(watch.refresh(1001));
});

test('an aggregator that goes silent is not believed, until it is heard again', (t) => {
  const watch = watchOf('f');
  watch.hear(report('f', { verdicts: [fleetVerdict('x#4')], isWhole: false }));
  t.false(watch.refresh(1000 + SILENCE_MS - 1));
  t.true(watch.refresh(1000 + SILENCE_MS));
  t.is(watch.concluded.size, 0);
  watch.hear(report('f', { atMs: 7000, isWhole: false }));
  t.true(watch.refresh(7000));
  t.is(watch.concluded.size, 1);
});

test('an aggregator that judges another list of targets is not believed', (t) => {
  const watch = watchOf('f');
  watch.hear(report('f', { listHash: 'f'.repeat(16) }));
  t.true(watch.refresh(1000));
  t.deepEqual(watch.owners.ids, []);
});

test('after a reload an aggregator with the old list is not believed', (t) => {
  const watch = watchOf('f');
  watch.setList('f'.repeat(16));
  t.true(watch.refresh(1000));
  t.deepEqual(watch.owners.ids, []);
});

test('an aggregator that is gone is forgotten with its verdicts', (t) => {
  const watch = watchOf('f');
  watch.hear(report('f', { verdicts: [fleetVerdict('x#4')] }));
  watch.setPeers([]);
  t.true(watch.refresh(1000));
  t.is(watch.concluded.size, 0);
  t.false(watch.hasVerdict('f', 'x#4'));
});

test('a restarted aggregator is another one: whoever sends it results begins anew', (t) => {
  const watch = watchOf('f');
  watch.hear(report('f', { verdicts: [fleetVerdict('x#4')] }));
  watch.setPeers([fleet('f', 2)]);
  watch.hear(report('f', { epoch: 2, atMs: 2000 }));
  t.true(watch.refresh(2000));
  t.deepEqual(watch.owners.ids, ['f']);
  t.is(watch.concluded.size, 0);
  watch.hear(report('f', { verdicts: [fleetVerdict('x#4')] })); // what its former self said comes late
  t.is(watch.concluded.size, 0);
});

test('verdicts come and go with reports, and one that did not change is the same object', (t) => {
  const watch = watchOf('f');
  watch.hear(report('f', { verdicts: [fleetVerdict('x#4'), fleetVerdict('y#4')] }));
  const before = watch.concluded.get('x#4');
  watch.hear(report('f', { isWhole: false, verdicts: [fleetVerdict('y#4', { why: 'other' })], forgotten: ['z#4'] }));
  t.is(watch.concluded.get('x#4'), before);
  t.is(watch.concluded.get('y#4')!.verdict.why, 'other');
  watch.hear(report('f', { isWhole: false, forgotten: ['x#4'] }));
  t.deepEqual([...watch.concluded.keys()], ['y#4']);
  watch.hear(report('f', { verdicts: [fleetVerdict('x#4')] }));
  t.deepEqual([...watch.concluded.keys()], ['x#4']);
});

test("of two aggregators the target's own one counts, the other until that has spoken", (t) => {
  const watch = watchOf('f', 'g');
  const targets = Array.from({ length: 50 }, (_, i) => `pool/m${i}#4`);
  watch.hear(report('f', { verdicts: targets.map((target) => fleetVerdict(target)) }));
  t.true([...watch.concluded.values()].every(({ by }) => by === 'f'));
  watch.hear(report('g', { verdicts: targets.map((target) => fleetVerdict(target)) }));
  t.true(targets.every((target) => watch.concluded.get(target)!.by === watch.owners.ownerOf(target)));
  t.deepEqual(new Set([...watch.concluded.values()].map(({ by }) => by)), new Set(['f', 'g']));
});
