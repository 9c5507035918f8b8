import test from 'ava';
import fc from 'fast-check';
import { isPoolUp, percentUp } from '../../../src/health/pools.ts';

const members = (...list: [number, boolean][]) => list.map(([weight, isUp]) => ({ weight, isUp }));
const MARKS = { lowPercent: 40, highPercent: 60, of: 'members' as const };

test('what is up is counted by members or by weight', (t) => {
  const pool = members([1, true], [9, false]);
  t.is(percentUp(pool, 'members'), 50);
  t.is(percentUp(pool, 'weight'), 10);
});

test('where nobody has weight, members are counted', (t) => {
  t.is(percentUp(members([0, true], [0, false]), 'weight'), 50);
});

test('members without weight do not count beside others that have some', (t) => {
  t.is(percentUp(members([0, false], [2, true]), 'weight'), 100);
});

test('a pool with nobody in a family is not missed there', (t) => {
  t.is(percentUp([], 'members'), 100);
});

test('it goes down under the low mark and comes back at the high one', (t) => {
  const walk = [100, 59, 40, 39, 40, 59, 60, 41, 0, 59, 100];
  let isUp = true;
  const states = walk.map((percent) => {
    isUp = isPoolUp(percent, isUp, MARKS);
    return isUp;
  });
  t.deepEqual(states, [true, true, true, false, false, false, true, true, false, false, true]);
});

test('nobody up is down, whatever the marks', (t) => {
  t.false(isPoolUp(0, true, { ...MARKS, lowPercent: 0, highPercent: 0 }));
  t.true(isPoolUp(1, false, { ...MARKS, lowPercent: 0, highPercent: 0 }));
});

test('law: a share that moves between the marks never changes the state', (t) => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.integer({ min: 40, max: 59 })), (start, walk) => {
      return walk.reduce((isUp, percent) => isPoolUp(percent, isUp, MARKS), start) === start;
    }),
    { seed: 20261121 },
  );
  t.pass();
});
