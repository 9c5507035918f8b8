import test from 'ava';
import { MAX_STEPS, makeSchedule } from '../../../src/steering/schedule.ts';
import { ScheduleSet } from '../../../src/steering/schedule-set.ts';

test('equal weights share one schedule', (t) => {
  const set = new ScheduleSet([
    { weights: [3, 2], firstEntry: 0 },
    { weights: [1], firstEntry: 2 },
    { weights: [3, 2], firstEntry: 3 },
  ]);
  t.is(set.count, 2);
  t.deepEqual(set.find([3, 2]), { at: 0, length: 5 });
  t.deepEqual(set.find([1]), { at: 5, length: 1 });
  t.deepEqual(set.steps[0], makeSchedule([3, 2], 5, 5));
});

test('a denominator above the limit gives a schedule of the greatest length', (t) => {
  t.is(new ScheduleSet([{ weights: [40_000, 1], firstEntry: 0 }]).find([40_000, 1]).length, MAX_STEPS);
});

test('very many long schedules get coarser together, short ones stay exact', (t) => {
  const long = Array.from({ length: 300 }, (_, i) => ({ weights: [50_000 + i, 1], firstEntry: 2 * i }));
  const set = new ScheduleSet([...long, { weights: [997, 3], firstEntry: 600 }]);
  t.is(set.find([50_000, 1]).length, MAX_STEPS / 2);
  t.is(set.find([997, 3]).length, 1000);
});
