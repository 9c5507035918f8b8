import test from 'ava';
import fc from 'fast-check';
import { decodeBook, EMPTY_BOOK, encodeBook, HISTORY_LENGTH } from '../../../src/mesh/book.ts';
import { change, merge, relate } from '../../../src/mesh/book-history.ts';
import { markOf } from '../../../src/mesh/mesh-files.ts';
import { OVERRIDES, type OverrideBook } from '../../../src/mesh/override-record.ts';
import type { Override } from '../../../src/model/verdict.ts';
import { override } from '../../support/mesh.ts';

const ids = (book: OverrideBook): readonly string[] => book.entries.map((entry) => entry.item.id).sort();
let marks = 0;
const mark = (): string => (++marks).toString(16).padStart(16, '0');

/** A change of one override: put with some reason, or removed. */
type Step = { readonly id: string; readonly reason: string | null };
const apply = (book: OverrideBook, { id, reason }: Step): OverrideBook => {
  const others = book.entries.map((entry) => entry.item).filter((other) => other.id !== id);
  return change(book, reason === null ? others : [...others, override(id, { reason })], mark());
};
const steps = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), reason: fc.constantFrom(null, 'x', 'y', 'z') }), {
  maxLength: 6,
});
const after = (book: OverrideBook, list: readonly Step[]): OverrideBook => list.reduce(apply, book);

test('a set is newer than every set it was made from', (t) => {
  const first = change(EMPTY_BOOK, [override('1')], mark());
  const second = change(first, [], mark());
  t.is(relate(second, second), 'same');
  t.is(relate(EMPTY_BOOK, second), 'older');
  t.is(relate(first, second), 'older');
  t.is(relate(second, first), 'newer');
  t.is(relate(second, EMPTY_BOOK), 'newer');
  t.is(first.version, 1);
  t.is(second.version, 2);
});

test('two sets of one version by different changes are a fork, and so are those made from them', (t) => {
  const base = change(EMPTY_BOOK, [], mark());
  const left = change(base, [override('l')], mark());
  const right = change(change(base, [override('r')], mark()), [], mark());
  t.is(relate(left, right), 'fork');
  t.is(relate(right, left), 'fork');
});

test('a set older than the history of another reaches is taken to be its ancestor', (t) => {
  const old = change(EMPTY_BOOK, [override('1')], mark());
  let book = old;
  for (let i = 0; i < HISTORY_LENGTH + 5; i++) book = change(book, [], mark());
  t.is(book.history.length, HISTORY_LENGTH);
  t.is(relate(old, book), 'older');
});

test('an override that nobody touched keeps the version it came in with', (t) => {
  const first = change(EMPTY_BOOK, [override('1'), override('2')], mark());
  const reordered = Object.fromEntries(Object.entries(override('1')).reverse()) as unknown as Override;
  const second = change(first, [reordered, override('2', { reason: 'other' })], mark());
  t.deepEqual(
    second.entries.map(({ added }) => added),
    [1, 2],
  );
});

test('a merge is the same whoever makes it, and newer than both sides', (t) => {
  fc.assert(
    fc.property(steps, steps, steps, (common, left, right) => {
      const base = after(EMPTY_BOOK, common);
      const [a, b] = [after(base, left), after(base, right)];
      if (relate(a, b) !== 'fork') return;
      const merged = merge(a, b, markOf);
      t.deepEqual(merge(b, a, markOf), merged);
      t.is(relate(a, merged), 'older');
      t.is(relate(b, merged), 'older');
      t.deepEqual(decodeBook(encodeBook(merged, OVERRIDES), OVERRIDES), merged);
    }),
  );
  t.pass();
});

test('what a side put or altered survives a merge, and what a side removed is gone unless the other altered it', (t) => {
  fc.assert(
    fc.property(steps, steps, steps, (common, left, right) => {
      const base = after(EMPTY_BOOK, common);
      const [a, b] = [after(base, left), after(base, right)];
      if (relate(a, b) !== 'fork') return;
      const merged = merge(a, b, markOf);
      const has = (book: OverrideBook, id: string): boolean => ids(book).includes(id);
      const isAltered = (book: OverrideBook, id: string): boolean =>
        book.entries.some((entry) => entry.item.id === id && entry.added > base.version);
      for (const id of ['a', 'b', 'c', 'd']) {
        const isKept = isAltered(a, id) || isAltered(b, id) || (has(a, id) && has(b, id));
        t.is(has(merged, id), isKept, id);
      }
    }),
  );
  t.pass();
});

test('a merge with a third side loses nothing that was merged before', (t) => {
  fc.assert(
    fc.property(steps, steps, steps, (left, right, third) => {
      const base = change(EMPTY_BOOK, [], mark());
      const [a, b] = [after(base, left), after(base, right)];
      if (relate(a, b) !== 'fork') return;
      const c = after(b, third);
      const merged = merge(a, b, markOf);
      if (relate(merged, c) !== 'fork') return;
      const all = merge(merged, c, markOf);
      for (const id of ids(a)) t.true(ids(all).includes(id));
    }),
  );
  t.pass();
});

test('sets that have nothing in common are put together', (t) => {
  const a = change(EMPTY_BOOK, [override('a')], mark());
  const b = change(EMPTY_BOOK, [override('b')], mark());
  t.deepEqual(ids(merge(a, b, markOf)), ['a', 'b']);
});
