import test from 'ava';
import { EXCESS_BUDGET_SIZE, ExcessBudget, freeReplySize } from '../../../src/responder/excess-budget.ts';
import { clientOf } from '../../support/responder.ts';

const PER_SECOND = 100_000;
const EXCESS = 1000;
/** Room that is kept for a reply that another worker may be writing. */
const MOST_REPLY = 4096;

const budgetOver = (memory = new SharedArrayBuffer(EXCESS_BUDGET_SIZE)): ExcessBudget => new ExcessBudget(PER_SECOND, memory, 0);

/** How many replies of EXCESS octets more than their queries are allowed now, of so many. */
function spend(budget: ExcessBudget, times: number, nowMs: number): number {
  const client = clientOf({ nowMs });
  let count = 0;
  for (let i = 0; i < times; i++) {
    if (budget.isSpent(client)) continue;
    budget.spend(EXCESS, client);
    count++;
  }
  return count;
}

test('a second of the rate may come at once, and no more before time has passed', (t) => {
  const budget = budgetOver();
  t.is(spend(budget, 1000, 5000), 96); // the last one begins with 4,096 octets left
  t.is(spend(budget, 1000, 5000), 0);
  t.is(spend(budget, 1000, 5100), 10);
  t.is(spend(budget, 1000, 60_000), 96);
});

test('over a long time exactly the rate passes', (t) => {
  const budget = budgetOver();
  spend(budget, 1000, 1000);
  let octets = 0;
  for (let ms = 1001; ms <= 11_000; ms++) octets += EXCESS * spend(budget, 20, ms);
  t.true(Math.abs(octets - 10 * PER_SECOND) <= EXCESS, String(octets));
});

test('a budget smaller than two large replies still lets one through', (t) => {
  const budget = new ExcessBudget(1, new SharedArrayBuffer(EXCESS_BUDGET_SIZE), 0);
  const client = clientOf({ nowMs: 1000 });
  t.false(budget.isSpent(client));
  budget.spend(MOST_REPLY + 1, client);
  t.true(budget.isSpent(client));
});

test('all workers spend the same budget, whichever clock is ahead', (t) => {
  const memory = new SharedArrayBuffer(EXCESS_BUDGET_SIZE);
  const [one, two] = [budgetOver(memory), budgetOver(memory)];
  t.is(spend(one, 50, 5003), 50);
  t.is(spend(two, 1000, 5000), 46);
  t.is(spend(one, 1000, 5003), 0);
});

test('replies of up to three times their query are free', (t) => {
  t.is(freeReplySize(45), 135);
});
