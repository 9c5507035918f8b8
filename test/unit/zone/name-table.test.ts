import test from 'ava';
import { nameSize, nameToText } from '../../../src/wire/name.ts';
import { NO_NAME } from '../../../src/zone/image.ts';
import { NameTable, slotCount } from '../../../src/zone/name-table.ts';
import { wire } from '../../support/zone-records.ts';

/** All names one behind the other, and the offset of each. */
function arena(names: readonly string[]): { octets: Uint8Array; at: number[] } {
  const octets = Uint8Array.from(names.flatMap((name) => [...wire(name)]));
  const at: number[] = [];
  for (let offset = 0; offset < octets.length; offset += nameSize(octets, offset)) at.push(offset);
  return { octets, at };
}

test('A name gets one id, whatever its case, and its ancestors come before it.', (t) => {
  const { octets, at } = arena(['a.b.example.', 'A.B.EXAMPLE.', 'b.example.']);
  const table = new NameTable(octets, 1, 1);
  t.is(table.intern(at[0]!), 2);
  t.is(table.intern(at[1]!), 2);
  t.is(table.intern(at[2]!), 1);
  t.is(table.count, 3);
  t.deepEqual([...table.parent.subarray(0, 3)], [NO_NAME, 0, 1]);
  t.is(table.maxLabels, 3);
});

test('Names with too few labels are left out: the root, unless it is wanted, and ancestors of an apex.', (t) => {
  const { octets, at } = arena(['.', 'www.example.com.', 'com.']);
  const table = new NameTable(octets, 1, 1);
  t.is(table.intern(at[0]!), NO_NAME);
  const below = new NameTable(octets, 2, 1);
  t.is(below.intern(at[1]!), 1);
  t.is(below.intern(at[2]!), NO_NAME);
  t.is(nameToText(octets, below.offset[0]), 'example.com.');
  const withRoot = new NameTable(octets, 0, 1);
  t.is(withRoot.intern(at[2]!), 1);
  t.is(withRoot.parent[1], 0);
  t.is(withRoot.intern(at[0]!), 0);
});

test('A table that grows keeps every id.', (t) => {
  const names = Array.from({ length: 1000 }, (_, i) => `n${i}.x${i % 10}.`);
  const { octets, at } = arena(names);
  const table = new NameTable(octets, 1, 0);
  const ids = at.map((offset) => table.intern(offset));
  t.is(table.count, 1010);
  t.is(new Set(ids).size, 1000);
  t.deepEqual(
    at.map((offset) => table.intern(offset)),
    ids,
  );
  for (const [i, id] of ids.entries()) t.is(nameToText(octets, table.offset[id]), names[i]!);
});

test('Slots are a power of two, at most half of them taken.', (t) => {
  t.deepEqual([0, 1, 4, 5, 1000, 1024, 1025].map(slotCount), [8, 8, 8, 16, 2048, 2048, 4096]);
});
