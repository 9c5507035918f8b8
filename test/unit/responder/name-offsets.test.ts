import test from 'ava';
import { NameOffsets } from '../../../src/responder/name-offsets.ts';

test('names are known from learning to forgetting', (t) => {
  const names = new NameOffsets();
  names.reserve(10);
  names.learn(3, 12);
  const mark = names.count;
  names.learn(9, 20);
  t.deepEqual([names.of(3), names.of(9), names.of(0)], [12, 20, 0]);
  names.forget(mark);
  t.deepEqual([names.of(3), names.of(9)], [12, 0]);
  names.forget(0);
  t.is(names.of(3), 0);
});

test('offsets that no pointer reaches are not learned', (t) => {
  const names = new NameOffsets();
  names.reserve(2);
  names.learn(0, 0x3fff);
  names.learn(1, 0x4000);
  t.deepEqual([names.of(0), names.of(1), names.count], [0x3fff, 0, 1]);
});

test('new images find nothing known, whether they are larger or smaller', (t) => {
  const names = new NameOffsets();
  names.reserve(2);
  names.learn(1, 12);
  names.reserve(1);
  t.is(names.of(1), 0);
  names.learn(0, 12);
  names.reserve(100);
  t.is(names.of(0), 0);
  names.learn(99, 12);
  t.is(names.of(99), 12);
});
