import test from 'ava';
import { LeastConnections } from '../../../src/balance/least-connections.ts';
import { candidatesOf, serversOf, setCandidates } from '../../support/balance.ts';

function chooserOf(weights: readonly number[]): { chooser: LeastConnections; candidates: ReturnType<typeof candidatesOf> } {
  const candidates = candidatesOf(serversOf(weights.length, (i) => ({ weight: weights[i]! })));
  const chooser = new LeastConnections(candidates);
  chooser.update();
  return { chooser, candidates };
}

test('the server with the fewest connections is chosen', (t) => {
  const { chooser, candidates } = chooserOf([1, 1, 1]);
  candidates.table.columns.active.set([5, 2, 3]);
  t.is(chooser.choose(), 1);
});

test('equal servers are chosen in turn, so that an idle service is spread evenly', (t) => {
  const { chooser } = chooserOf([1, 1, 1, 1]);
  const chosen = Array.from({ length: 8 }, () => chooser.choose());
  t.is(new Set(chosen.slice(0, 4)).size, 4);
  t.deepEqual(chosen.slice(4), chosen.slice(0, 4));
});

test('connections that stay are shared exactly by weight', (t) => {
  const { chooser, candidates } = chooserOf([3, 2, 1]);
  for (let i = 0; i < 600; i++) candidates.table.begin(chooser.choose());
  t.deepEqual([...candidates.table.columns.active.subarray(0, 3)], [300, 200, 100]);
});

test('a recovered server with a tenth of its weight is not given every new connection', (t) => {
  const { chooser, candidates } = chooserOf([1, 1]);
  candidates.table.columns.active.set([50, 0]);
  setCandidates(candidates, [0, 1], (slot) => (slot === 1 ? 0.1 : 1));
  chooser.update();
  const chosen = Array.from({ length: 10 }, () => {
    const slot = chooser.choose();
    candidates.table.begin(slot);
    return slot;
  });
  t.is(chosen.filter((slot) => slot === 1).length, 5);
});

test('full servers are not chosen, and nobody if all are full', (t) => {
  const { chooser, candidates } = chooserOf([1, 1]);
  candidates.table.columns.active.set([5, 2]);
  candidates.table.columns.limit.set([9, 2]);
  t.is(chooser.choose(), 0);
  candidates.table.columns.limit.set([5, 2]);
  t.is(chooser.choose(), -1);
});

test('after servers have left, looking starts among those that are there', (t) => {
  const { chooser, candidates } = chooserOf([1, 1, 1]);
  for (let i = 0; i < 2; i++) chooser.choose();
  setCandidates(candidates, [1]);
  chooser.update();
  t.is(chooser.choose(), 1);
});
