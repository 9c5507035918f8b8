import test from 'ava';
import { hasLessToWait } from '../../../src/balance/least-time.ts';
import { TwoChoices } from '../../../src/balance/two-choices.ts';
import { candidatesOf, randomOf, serversOf } from '../../support/balance.ts';

const candidates = () => {
  const made = candidatesOf(serversOf(2));
  const chooser = new TwoChoices(made, hasLessToWait);
  const random = randomOf(8);
  return {
    table: made.table,
    always: (nowMs: number) => new Set(Array.from({ length: 20 }, () => chooser.choose(0, nowMs, random))),
  };
};

test('the server that answers sooner is taken', (t) => {
  const { table, always } = candidates();
  table.observeLatency(0, 80, false, 1000);
  table.observeLatency(1, 20, false, 1000);
  t.deepEqual(always(1000), new Set([1]));
});

test('what is under way there already is waited for too', (t) => {
  const { table, always } = candidates();
  table.observeLatency(0, 80, false, 1000);
  table.observeLatency(1, 20, false, 1000);
  for (let i = 0; i < 4; i++) table.begin(1);
  t.deepEqual(always(1000), new Set([0]));
});

test('a server that was never measured gets one request, and no second one before the first has told', (t) => {
  const { table, always } = candidates();
  table.observeLatency(0, 5, false, 1000);
  t.deepEqual(always(1000), new Set([1]));
  table.begin(1);
  t.deepEqual(always(1000), new Set([0]));
});

test('servers that are equal are told apart by what is under way', (t) => {
  const { table, always } = candidates();
  t.deepEqual(always(0), new Set([0, 1]));
  for (let i = 0; i < 2; i++) table.begin(0);
  table.begin(1);
  t.deepEqual(always(0), new Set([1]));
});

test('a server that refuses at once is not the fastest', (t) => {
  const { table, always } = candidates();
  table.observeLatency(0, 80, false, 1000);
  table.observeLatency(1, 0.2, true, 1000);
  t.deepEqual(always(1000), new Set([0]));
});

test('a slow server is tried again when its last slow answer is long ago', (t) => {
  const { table, always } = candidates();
  table.observeLatency(1, 2000, false, 1000);
  table.observeLatency(0, 80, false, 30_000);
  t.deepEqual(always(30_000), new Set([1]));
});
