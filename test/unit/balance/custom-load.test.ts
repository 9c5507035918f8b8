import test from 'ava';
import { hasLessLoad } from '../../../src/balance/custom-load.ts';
import { TwoChoices } from '../../../src/balance/two-choices.ts';
import { candidatesOf, randomOf, serversOf } from '../../support/balance.ts';

const candidates = () => {
  const made = candidatesOf(serversOf(2));
  const chooser = new TwoChoices(made, hasLessLoad);
  const random = randomOf(8);
  return {
    table: made.table,
    always: (nowMs: number) => new Set(Array.from({ length: 20 }, () => chooser.choose(0, nowMs, random))),
  };
};

test('the server that reports the lower load is taken, however many requests it has', (t) => {
  const { table, always } = candidates();
  table.reportLoad(0, 0.9, 1000);
  table.reportLoad(1, 0.3, 1000);
  for (let i = 0; i < 9; i++) table.begin(1);
  t.deepEqual(always(1000), new Set([1]));
});

test('without a report of both, what is under way decides', (t) => {
  const { table, always } = candidates();
  table.reportLoad(0, 0.9, 1000);
  t.deepEqual(always(1000), new Set([0, 1]));
  table.begin(1);
  t.deepEqual(always(1000), new Set([0]));
});

test('a report that has expired, or is no number, is none', (t) => {
  const { table, always } = candidates();
  table.reportLoad(0, 0.9, 1000);
  table.reportLoad(1, 0.3, 1000);
  table.begin(1);
  t.deepEqual(always(11_000), new Set([1]));
  t.deepEqual(always(11_001), new Set([0]));
  table.reportLoad(1, Number.NaN, 1000);
  t.deepEqual(always(1000), new Set([0]));
});
