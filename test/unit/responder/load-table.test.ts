import test from 'ava';
import { LoadTable, loadTableSize } from '../../../src/responder/load-table.ts';
import { Random } from '../../support/random.ts';

const TAU_MS = 2500;
/** Loads are kept in 32 bits. */
const PRECISION = 1e-6;
/** Where in its memory a table lies: not at 0, so that offsets are not mixed up. */
const OFFSET = 64;

const memoryFor = (entries: number): SharedArrayBuffer => new SharedArrayBuffer(OFFSET + loadTableSize(entries));

const tableOf = (entries: number, timeConstantMs = TAU_MS, memory = memoryFor(entries)): LoadTable =>
  new LoadTable(memory, OFFSET, entries, timeConstantMs);

/** The present load of a hash. */
function loadOf(table: LoadTable, hash: number, nowMs: number): number {
  table.read(hash, nowMs);
  return table.load[0]!;
}

test('a load decays exponentially with the time constant, to the millisecond', (t) => {
  for (const elapsedMs of [0, 1, 255, 256, 257, 1000, 2500, 10_000, 65_535]) {
    const table = tableOf(64);
    table.add(7, 96_000, 1000);
    const expected = 96_000 * Math.exp(-elapsedMs / TAU_MS);
    t.true(Math.abs(loadOf(table, 7, 1000 + elapsedMs) - expected) <= expected * PRECISION, String(elapsedMs));
  }
});

test('a load untouched for 65,536 ms is nothing', (t) => {
  const table = tableOf(64, 1e9);
  table.add(7, 1000, 0);
  t.true(loadOf(table, 7, 65_535) > 999);
  t.is(loadOf(table, 7, 65_536), 0);
});

test('writing a load often loses no more than its precision', (t) => {
  const table = tableOf(64);
  table.add(7, 1000, 0);
  for (let ms = 1; ms <= 2500; ms++) table.add(7, 0, ms);
  t.true(Math.abs(loadOf(table, 7, 2500) - 1000 / Math.E) < 0.1);
});

test('time goes on where 32 bits end', (t) => {
  const table = tableOf(64);
  const last = 0x7fffffff;
  table.add(7, 100, last);
  t.true(Math.abs(loadOf(table, 7, (last + TAU_MS) | 0) - 100 / Math.E) < 1e-3);
});

test('hashes are told apart by all their bits, negative ones and 0 among them', (t) => {
  const table = tableOf(64);
  const hashes = [0, 1, -1, 0x40000000, -0x80000000];
  for (const [i, hash] of hashes.entries()) table.add(hash, i + 1, 5);
  t.deepEqual(
    hashes.map((hash) => loadOf(table, hash, 5)),
    [1, 2, 3, 4, 5],
  );
  t.is(loadOf(table, 0x20000000, 5), 0);
});

test('a newcomer to a full line replaces the smallest load of now and inherits none', (t) => {
  const table = tableOf(1);
  // The first was large long ago: by now it is the smallest.
  for (const [i, load] of [1000, 50, 40, 30, 60].entries()) table.add(i, load, i === 0 ? 0 : 20_000);
  t.is(loadOf(table, 5, 20_000), 0);
  table.add(5, 1, 20_000);
  t.is(loadOf(table, 0, 20_000), 0);
  t.deepEqual(
    [1, 2, 3, 4, 5].map((hash) => loadOf(table, hash, 20_000)),
    [50, 40, 30, 60, 1],
  );
});

test('a table has the room that was asked for, in whole lines, and writes nowhere else', (t) => {
  for (const [entries, size] of [
    [1, 64],
    [5, 64],
    [6, 128],
    [1024, 256 * 64],
    [524_288, 8 * 1024 * 1024],
  ] as const) {
    t.is(loadTableSize(entries), size);
  }
  const memory = new SharedArrayBuffer(OFFSET + loadTableSize(1024) + 64);
  const table = tableOf(1024, TAU_MS, memory);
  const random = new Random(99);
  for (let i = 0; i < 100_000; i++) table.add(random.uint32() | 0, 1, i >> 6);
  const words = new Int32Array(memory);
  t.true(words.subarray(0, OFFSET / 4).every((word) => word === 0));
  t.true(words.subarray(-16).every((word) => word === 0));
});

test('two tables over the same memory are one, each with the scratch of its own', (t) => {
  const memory = memoryFor(64);
  const [one, two] = [tableOf(64, TAU_MS, memory), tableOf(64, TAU_MS, memory)];
  one.add(7, 100, 0);
  t.is(loadOf(two, 7, 0), 100);
  two.add(7, 100, 0);
  t.is(loadOf(one, 7, 0), 200);
});

test('what a thread wrote whose clock is a little ahead counts whole; what lies far ahead is from before the time wrapped', (t) => {
  const table = tableOf(64);
  table.add(7, 100, 5000);
  t.is(loadOf(table, 7, 4999), 100);
  t.is(loadOf(table, 7, 4001), 100);
  t.is(loadOf(table, 7, 4000), 0);
});

test('two threads whose clocks differ take turns: the load decays with time, not with their turns', (t) => {
  const memory = memoryFor(64);
  const [early, late] = [tableOf(64, TAU_MS, memory), tableOf(64, TAU_MS, memory)];
  for (let i = 0; i < 5000; i++) {
    early.add(7, 1, 100);
    late.add(7, 1, 105);
  }
  t.is(Math.round(loadOf(late, 7, 105)), 10_000);
});

test('busy entries survive a flood of newcomers', (t) => {
  const table = tableOf(1024);
  const busy = Array.from({ length: 100 }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  for (const hash of busy) table.add(hash, 1000, 0);
  const random = new Random(5);
  for (let i = 0; i < 200_000; i++) table.add(random.uint32() | 0, 1, i >> 8);
  // At most five busy ones fit into a line; of a hundred in 256 lines no six meet.
  for (const hash of busy) t.true(loadOf(table, hash, 800) > 700);
});
