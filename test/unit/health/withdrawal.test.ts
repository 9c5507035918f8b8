import test from 'ava';
import { mayWithdraw, type Sighting, shouldWithdraw } from '../../../src/health/withdrawal.ts';

const RULE = { sharePercent: 90, leastTargets: 3, windowMs: 30_000 };
const NOW = 1_000_000;
const up: Sighting = { isUp: true, sinceMs: 5, wasUp: false };
const lost: Sighting = { isUp: false, sinceMs: NOW - 10_000, wasUp: true };
const oldLoss: Sighting = { isUp: false, sinceMs: NOW - 600_000, wasUp: true };
const neverUp: Sighting = { isUp: false, sinceMs: NOW - 10_000, wasUp: false };
const some = (count: number, sighting: Sighting): Sighting[] => Array(count).fill(sighting);

test('a prober that loses nearly everything at once mistrusts itself', (t) => {
  t.true(shouldWithdraw(some(10, lost), null, NOW, RULE));
  t.true(shouldWithdraw([...some(9, lost), up], null, NOW, RULE));
  t.false(shouldWithdraw([...some(8, lost), ...some(2, up)], null, NOW, RULE));
});

test('a few targets are not the world', (t) => {
  t.false(shouldWithdraw(some(2, lost), null, NOW, RULE));
  t.true(shouldWithdraw(some(3, lost), null, NOW, RULE));
  t.false(shouldWithdraw([], null, NOW, RULE));
});

test('what was down before, or never up, says nothing about the prober', (t) => {
  t.false(shouldWithdraw([...some(50, oldLoss), up, up], null, NOW, RULE));
  t.false(shouldWithdraw(some(50, neverUp), null, NOW, RULE));
  t.true(shouldWithdraw([...some(50, oldLoss), ...some(5, neverUp), ...some(9, lost), up], null, NOW, RULE));
});

test('it comes back when more than half of what it lost is back', (t) => {
  const withdrawn = NOW;
  const later = NOW + 3_600_000;
  t.true(shouldWithdraw(some(10, lost), withdrawn, later, RULE));
  t.true(shouldWithdraw([...some(5, lost), ...some(5, up)], withdrawn, later, RULE));
  t.false(shouldWithdraw([...some(4, lost), ...some(6, up)], withdrawn, later, RULE));
  t.false(shouldWithdraw([...some(50, oldLoss), ...some(4, lost), ...some(6, up)], withdrawn, later, RULE));
});

test('what goes down while it is withdrawn keeps it away too', (t) => {
  const afterwards = { ...lost, sinceMs: NOW + 60_000 };
  t.true(shouldWithdraw([...some(4, lost), ...some(4, afterwards), ...some(2, up)], NOW, NOW + 90_000, RULE));
});

test('the only prober never withdraws, and of two only one does', (t) => {
  t.false(mayWithdraw('a', [], 1));
  t.true(mayWithdraw('a', [], 2));
  t.false(mayWithdraw('b', ['a'], 2));
});

test('when more than half have withdrawn at one moment, those whose ids come last are back', (t) => {
  const all = ['a', 'b', 'c', 'd', 'e'];
  t.deepEqual(
    all.filter((id) => mayWithdraw(id, all, 5)),
    ['a', 'b'],
  );
  t.false(mayWithdraw('e', ['a', 'b'], 5), 'and they do not withdraw again');
});
