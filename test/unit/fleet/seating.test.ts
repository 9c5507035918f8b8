import test from 'ava';
import { Seating } from '../../../src/fleet/seating.ts';
import { peer } from '../../support/mesh.ts';

const prober = (id: string, more: object = {}) => peer(id, { roles: ['probe'], ...more });
const FRESH_MS = 19_000;

test('probers have seats in order of their ids, other processes have none', (t) => {
  const seating = new Seating();
  seating.takePeers([prober('b', { region: 'us' }), peer('s', { roles: ['dns'] }), prober('a')]);
  const { seats, regions, isCut } = seating.settle(0, FRESH_MS);
  t.deepEqual(seats, [
    { id: 'a', region: 'eu' },
    { id: 'b', region: 'us' },
  ]);
  t.deepEqual(regions, ['eu', 'us']);
  t.false(isCut);
  t.deepEqual([seating.seatOf('a'), seating.seatOf('b'), seating.seatOf('s')], [0, 1, undefined]);
});

test('who leaves keeps the seat while its word may count, and longer if nobody needs another one', (t) => {
  const seating = new Seating();
  seating.takePeers([prober('a'), prober('b')]);
  const { seats } = seating.settle(1, FRESH_MS);
  seating.takePeers([prober('b')]);
  t.is(seating.settle(2, FRESH_MS).seats, seats);
  t.deepEqual(seating.settle(2, FRESH_MS).regions, ['eu']);
  seating.takePeers([prober('b'), prober('c')]);
  t.deepEqual(
    seating.settle(3, FRESH_MS).seats.map(({ id }) => id),
    ['a', 'b', 'c'],
  );
  t.is(seating.settle(3 + FRESH_MS, FRESH_MS).seats.length, 3);
  seating.takePeers([prober('b'), prober('c'), prober('d')]);
  t.deepEqual(
    seating.settle(4 + FRESH_MS, FRESH_MS).seats.map(({ id }) => id),
    ['b', 'c', 'd'],
  );
});

test('a prober that moves to another region has another seat', (t) => {
  const seating = new Seating();
  seating.takePeers([prober('a')]);
  seating.settle(0, FRESH_MS);
  seating.takePeers([prober('a', { region: 'ap' })]);
  t.deepEqual(seating.settle(1, FRESH_MS).seats, [{ id: 'a', region: 'ap' }]);
});

test('a prober that has withdrawn is named once, and counts for no region', (t) => {
  const seating = new Seating();
  t.deepEqual(seating.takePeers([prober('a')]), []);
  t.deepEqual(seating.takePeers([prober('a', { isWithdrawn: true })]), ['a']);
  t.deepEqual(seating.takePeers([prober('a', { isWithdrawn: true })]), []);
  t.deepEqual(seating.settle(0, FRESH_MS).regions, []);
});

test('a process that has started since makes what its former self says void', (t) => {
  const seating = new Seating();
  seating.takePeers([prober('a', { epoch: 5 })]);
  t.true(seating.isFormer('a', 4));
  t.false(seating.isFormer('a', 5));
  t.false(seating.isFormer('b', 1));
  seating.takePeers([]);
  t.false(seating.isFormer('a', 4));
});

test('there is room for 1,024 probers; who is alive comes first', (t) => {
  const seating = new Seating();
  seating.takePeers([prober('a-gone')]);
  seating.settle(1, FRESH_MS);
  seating.takePeers(Array.from({ length: 1024 }, (_, i) => prober(`p${i}`)));
  const { seats, isCut } = seating.settle(2, FRESH_MS);
  t.is(seats.length, 1024);
  t.true(isCut);
  t.is(seating.seatOf('a-gone'), undefined);
});
