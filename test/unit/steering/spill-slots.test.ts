// The columns in which the slots of one item stand while a map is made.

import test from 'ava';
import { SlotList } from '../../../src/steering/spill-slots.ts';

function filled(slots: SlotList, count: number, path = (_: number): string => 'nearest'): SlotList {
  slots.clear();
  for (let i = 0; i < count; i++) slots.push(path(i), i, i % 7, 1 / count, 2, i * 10, i * 5);
  return slots;
}

test('a list holds more slots than it had room for, each as it was put in', (t) => {
  const slots = filled(new SlotList(), 200);
  const { site, group, share, natural, costKm, extraKm } = slots.columns();
  t.is(slots.count, 200);
  t.deepEqual(
    Array.from(site),
    Array.from({ length: 200 }, (_, i) => i),
  );
  t.deepEqual([group[64], share[199], natural[0], costKm[130], extraKm[199]], [1, 1 / 200, 2, 1300, 995]);
  slots.normalise();
  t.is(slots.columns().natural[77], 1 / 200);
});

test('columns that were handed out stay as they are when the list is used again', (t) => {
  const slots = filled(new SlotList(), 3);
  const before = slots.columns();
  filled(slots, 100);
  t.deepEqual(Array.from(before.costKm), [0, 10, 20]);
});

test('paths that are all of one leaf are one list, and others are their own', (t) => {
  const slots = new SlotList();
  const first = filled(slots, 5).paths();
  t.is(filled(slots, 5).paths(), first);
  t.deepEqual(first, Array(5).fill('nearest'));
  t.deepEqual(filled(slots, 3, (i) => `leaf-${i}`).paths(), ['leaf-0', 'leaf-1', 'leaf-2']);
  t.deepEqual(filled(slots, 0).paths(), []);
});

test('items with equal choices have one hash, and any difference that counts makes another', (t) => {
  const slots = new SlotList();
  const hash = (count: number, priority = 1): string => filled(slots, count).choice(priority);
  t.is(hash(4), hash(4));
  t.not(hash(4), hash(5));
  t.not(hash(4), hash(4, 2));
  filled(slots, 4);
  slots.push('nearest', 9, 0, 0, 0, 0, 0);
  t.not(slots.choice(1), hash(5));
});
