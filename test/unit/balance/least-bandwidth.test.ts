import test from 'ava';
import { hasLessBandwidth } from '../../../src/balance/least-bandwidth.ts';
import { TwoChoices } from '../../../src/balance/two-choices.ts';
import { candidatesOf, randomOf, serversOf } from '../../support/balance.ts';

const candidates = (weights: readonly number[] = [1, 1]) => {
  const made = candidatesOf(serversOf(2, (i) => ({ weight: weights[i]! })));
  const chooser = new TwoChoices(made, hasLessBandwidth);
  const random = randomOf(8);
  return { table: made.table, always: () => new Set(Array.from({ length: 20 }, () => chooser.choose(0, 0, random))) };
};

test('the server that moves fewer octets is taken, however many requests it has', (t) => {
  const { table, always } = candidates();
  table.addOctets(0, 1_000_000, 5000);
  table.addOctets(1, 900_000, 5000);
  for (let i = 0; i < 9; i++) table.begin(1);
  t.deepEqual(always(), new Set([1]));
});

test('octets count for the weight of the server', (t) => {
  const { table, always } = candidates([1, 3]);
  table.addOctets(0, 1_000_000, 5000);
  table.addOctets(1, 2_900_000, 5000);
  t.deepEqual(always(), new Set([1]));
});

test('what moved long ago counts less than what moves now', (t) => {
  const { table, always } = candidates();
  table.addOctets(0, 1_000_000, 5000);
  table.addOctets(1, 500_000, 20_000);
  t.deepEqual(always(), new Set([0]));
});

test('servers that move nothing are told apart by what is under way', (t) => {
  const { table, always } = candidates();
  table.begin(0);
  t.deepEqual(always(), new Set([1]));
});
