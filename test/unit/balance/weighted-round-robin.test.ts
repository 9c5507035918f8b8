import test from 'ava';
import fc from 'fast-check';
import { WeightedRoundRobin } from '../../../src/balance/weighted-round-robin.ts';
import { candidatesOf, serversOf, setCandidates } from '../../support/balance.ts';

function robinOf(weights: readonly number[]): { chooser: WeightedRoundRobin; candidates: ReturnType<typeof candidatesOf> } {
  const candidates = candidatesOf(serversOf(weights.length, (i) => ({ weight: weights[i]! })));
  const chooser = new WeightedRoundRobin(candidates);
  chooser.update();
  return { chooser, candidates };
}

const weightLists = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 9 });

test('after any number of choices each server is within one of its exact share, and in any run within two', (t) => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      const { chooser } = robinOf(weights);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const least = weights.map(() => 0);
      const most = weights.map(() => 0);
      const counts = weights.map(() => 0);
      for (let n = 1; n <= 2 * total; n++) {
        counts[chooser.choose()]!++;
        for (const [i, weight] of weights.entries()) {
          const lead = counts[i]! - (n * weight) / total;
          if (Math.abs(lead) >= 1) return false;
          least[i] = Math.min(least[i]!, lead);
          most[i] = Math.max(most[i]!, lead);
          if (most[i]! - least[i]! >= 2) return false;
        }
      }
      return true;
    }),
    { seed: 1, numRuns: 150 },
  );
  t.pass();
});

test('after as many choices as the weights add up to each server has had exactly its weight', (t) => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      const { chooser } = robinOf(weights);
      const counts = weights.map(() => 0);
      for (let n = weights.reduce((sum, weight) => sum + weight, 0); n > 0; n--) counts[chooser.choose()]!++;
      return counts.every((count, i) => count === weights[i]);
    }),
    { seed: 2, numRuns: 100 },
  );
  t.pass();
});

test('a heavy server is not chosen in one block', (t) => {
  const { chooser } = robinOf([5, 1, 1]);
  const chosen = Array.from({ length: 7 }, () => chooser.choose()).join('');
  t.false(chosen.includes('0000'), chosen);
});

test('a full server is passed over and claims nothing for that time', (t) => {
  const { chooser, candidates } = robinOf([2, 1, 1]);
  candidates.table.columns.limit[0] = 0;
  const during = Array.from({ length: 100 }, () => chooser.choose());
  t.is(during.filter((slot) => slot === 1).length, 50);
  candidates.table.columns.limit[0] = 1;
  const after = Array.from({ length: 100 }, () => chooser.choose());
  t.is(after.filter((slot) => slot === 0).length, 50);
});

test('nobody is chosen if all are full, or if there is nobody', (t) => {
  const { chooser, candidates } = robinOf([3, 1]);
  candidates.table.columns.limit.fill(0);
  t.is(chooser.choose(), -1);
  setCandidates(candidates, []);
  chooser.update();
  t.is(chooser.choose(), -1);
});

test('new tables at every choice, with the same weights, change nothing', (t) => {
  const steady = robinOf([3, 7, 2]).chooser;
  const disturbed = robinOf([3, 7, 2]).chooser;
  for (let i = 0; i < 60; i++) {
    disturbed.update();
    t.is(disturbed.choose(), steady.choose());
  }
});

test('when weights change, what a server is owed is kept as a part of a turn', (t) => {
  const { chooser, candidates } = robinOf([1, 1, 1, 1]);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) {
    setCandidates(candidates, [0, 1, 2, 3], () => (i % 2 === 0 ? 0.5 : 1));
    chooser.update();
    counts[chooser.choose()]!++;
  }
  t.deepEqual(counts, [1000, 1000, 1000, 1000]);
});

test('servers that come and go leave no debts: the others keep their shares', (t) => {
  const { chooser, candidates } = robinOf([1, 1, 1]);
  for (let i = 0; i < 100; i++) {
    setCandidates(candidates, i % 2 === 0 ? [0, 1] : [0, 1, 2]);
    chooser.update();
    t.true(chooser.choose() >= 0);
  }
  setCandidates(candidates, [0, 1]);
  chooser.update();
  const chosen = Array.from({ length: 100 }, () => chooser.choose());
  const first = chosen.filter((slot) => slot === 0).length;
  t.true(first >= 48 && first <= 52, String(first));
});
