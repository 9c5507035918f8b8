import test from 'ava';
import { Current } from '../../../src/base/current.ts';

test('a swap replaces the value for every later reader and returns the previous one', (t) => {
  const current = new Current('old');
  t.is(current.swap('new'), 'old');
  t.is(current.get(), 'new');
});

test('watchers see each swap until they stop watching', (t) => {
  const current = new Current(1);
  const seen: number[][] = [];
  const stop = current.watch((next, previous) => seen.push([previous, next]));
  current.swap(2);
  stop();
  current.swap(3);
  t.deepEqual(seen, [[1, 2]]);
});
