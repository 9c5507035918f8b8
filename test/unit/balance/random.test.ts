import test from 'ava';
import { RandomChoice } from '../../../src/balance/random.ts';
import { candidatesOf, chiSquare, keysOf, randomOf, serversOf, setCandidates, tally } from '../../support/balance.ts';

test('shares follow the weights', (t) => {
  const weights = [1, 2, 3, 4];
  const chooser = new RandomChoice(candidatesOf(serversOf(4, (i) => ({ weight: weights[i]! }))));
  // 16.27 is exceeded by chance once in a thousand (3 degrees of freedom); the numbers are the same at each run.
  t.true(chiSquare(tally(chooser, keysOf(20_000), 4), [0.1, 0.2, 0.3, 0.4]) < 16.27);
});

test('full servers are never chosen, and nobody if all are full or if there is nobody', (t) => {
  const candidates = candidatesOf(serversOf(50));
  const chooser = new RandomChoice(candidates);
  const random = randomOf(1);
  candidates.table.columns.limit.fill(0);
  t.is(chooser.choose(0, 0, random), -1);
  candidates.table.columns.limit[33] = 1;
  for (let i = 0; i < 100; i++) t.is(chooser.choose(0, 0, random), 33);
  setCandidates(candidates, []);
  t.is(chooser.choose(0, 0, random), -1);
});
