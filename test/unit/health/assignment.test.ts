import test from 'ava';
import fc from 'fast-check';
import { Assignment, FleetOwners } from '../../../src/health/assignment.ts';
import type { Peer } from '../../../src/model/mesh.ts';

const peer = (id: string, region: string, weight = 1): Peer => ({
  id,
  region,
  roles: ['probe'],
  weight,
  epoch: 1,
  isWithdrawn: false,
});

const peers = fc
  .uniqueArray(fc.tuple(fc.nat(40), fc.constantFrom('eu', 'us', 'ap', 'sa'), fc.integer({ min: 1, max: 5 })), {
    minLength: 1,
    maxLength: 12,
    selector: ([id]) => id,
  })
  .map((list) => list.map(([id, region, weight]) => peer(`p${id}`, region, weight)));
const vantagePoints = fc.integer({ min: 1, max: 5 });
const key = fc.nat(1000).map((n) => `pool/member${n}#4`);

test('a target has as many different probers as asked for, or all there are', (t) => {
  fc.assert(
    fc.property(peers, vantagePoints, key, (all, k, target) => {
      const probers = new Assignment(all).probersOf(target, k);
      return probers.length === Math.min(k, all.length) && new Set(probers).size === probers.length;
    }),
  );
  t.pass();
});

test('they are in as many regions as possible', (t) => {
  fc.assert(
    fc.property(peers, vantagePoints, key, (all, k, target) => {
      const probers = new Assignment(all).probersOf(target, k);
      const regions = new Set(all.filter(({ id }) => probers.includes(id)).map(({ region }) => region));
      return regions.size === Math.min(k, new Set(all.map(({ region }) => region)).size);
    }),
  );
  t.pass();
});

test('the order in which peers are known does not matter', (t) => {
  fc.assert(
    fc.property(peers, vantagePoints, key, (all, k, target) => {
      const turned = new Assignment([...all].reverse()).probersOf(target, k);
      return JSON.stringify(new Assignment(all).probersOf(target, k)) === JSON.stringify(turned);
    }),
  );
  t.pass();
});

test('the loss of a prober brings in at most one other, and takes away nobody else', (t) => {
  fc.assert(
    fc.property(peers, vantagePoints, key, fc.nat(11), (all, k, target, n) => {
      const gone = all[n % all.length]!.id;
      const before = new Assignment(all).probersOf(target, k);
      const after = new Assignment(all.filter(({ id }) => id !== gone)).probersOf(target, k);
      return before.every((id) => id === gone || after.includes(id)) && (before.includes(gone) || after.length === before.length);
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('probers of one region share targets by weight', (t) => {
  const assignment = new Assignment([peer('a', 'eu', 1), peer('b', 'eu', 3)]);
  let ofB = 0;
  for (let i = 0; i < 4000; i++) if (assignment.probersOf(`m${i}#4`, 1)[0] === 'b') ofB++;
  t.true(ofB > 2850 && ofB < 3150, String(ofB));
});

test('only peers with the role probe are given targets, withdrawn ones among them', (t) => {
  const dns: Peer = { ...peer('dns', 'eu'), roles: ['dns'] };
  const withdrawn: Peer = { ...peer('w', 'us'), isWithdrawn: true };
  t.deepEqual([...new Assignment([dns, withdrawn, peer('a', 'eu')]).probersOf('x#4', 3)].sort(), ['a', 'w']);
});

test('each prober finds its own targets, and together they find all', (t) => {
  const assignment = new Assignment(['a', 'b', 'c'].map((id) => peer(id, id)));
  const targets = Array.from({ length: 50 }, (_, i) => ({ key: `m${i}#4`, probe: { vantagePoints: 2 } }));
  const counts = ['a', 'b', 'c'].map((id) => assignment.targetsOf(id, targets).length);
  t.is(counts[0]! + counts[1]! + counts[2]!, 100);
});

const fleets = peers.map((all) => all.map((one) => ({ ...one, roles: ['fleet' as const] })));

test('each target has one of the live aggregators, and nobody else', (t) => {
  fc.assert(
    fc.property(fleets, peers, key, (aggregators, others, target) => {
      const owner = new FleetOwners([...others.map((one) => ({ ...one, id: `x${one.id}` })), ...aggregators]).ownerOf(target);
      return aggregators.some(({ id }) => id === owner);
    }),
  );
  t.pass();
});

test('without aggregators no target has one', (t) => {
  const none = new FleetOwners([peer('p', 'eu')]);
  t.is(none.ownerOf('web/london#4'), null);
  t.deepEqual(none.ids, []);
});

test('an aggregator that goes moves only its own targets, in whatever order peers are named', (t) => {
  fc.assert(
    fc.property(fleets, fc.nat(), key, (all, n, target) => {
      const gone = all[n % all.length]!;
      const before = new FleetOwners(all).ownerOf(target);
      const after = new FleetOwners(all.filter((one) => one !== gone).reverse()).ownerOf(target);
      return before === gone.id || before === after;
    }),
  );
  t.pass();
});

test('aggregators take targets in proportion to their weights', (t) => {
  const heavy = { ...peer('a', 'eu', 3), roles: ['fleet' as const] };
  const light = { ...peer('b', 'eu', 1), roles: ['fleet' as const] };
  const owners = new FleetOwners([heavy, light]);
  const own = Array.from({ length: 4000 }, (_, i) => owners.ownerOf(`pool/member${i}#4`)).filter((id) => id === 'a').length;
  t.true(own > 2850 && own < 3150, `${own} of 4000`);
});
