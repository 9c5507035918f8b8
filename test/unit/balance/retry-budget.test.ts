import test from 'ava';
import { RetryBudget } from '../../../src/balance/retry-budget.ts';

test('a few retries are always allowed', (t) => {
  const budget = new RetryBudget({ percent: 20, least: 3 });
  t.deepEqual([budget.tryBegin(1), budget.tryBegin(1), budget.tryBegin(1), budget.tryBegin(1)], [true, true, true, false]);
  t.is(budget.retries, 3);
});

test('beyond them, as many as the share of what is under way', (t) => {
  const budget = new RetryBudget({ percent: 20, least: 3 });
  let begun = 0;
  while (budget.tryBegin(100)) begun++;
  t.is(begun, 20);
});

test('a retry that has ended makes room for another', (t) => {
  const budget = new RetryBudget({ percent: 0, least: 1 });
  t.true(budget.tryBegin(1000));
  t.false(budget.tryBegin(1000));
  budget.end();
  t.true(budget.tryBegin(1000));
});

test('another rule counts the retries that are under way', (t) => {
  const budget = new RetryBudget({ percent: 0, least: 1 });
  t.true(budget.tryBegin(0));
  budget.configure({ percent: 0, least: 2 });
  t.deepEqual([budget.tryBegin(0), budget.tryBegin(0)], [true, false]);
});
