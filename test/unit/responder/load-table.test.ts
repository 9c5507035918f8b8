import test from 'ava';
import { LoadTable } from '../../../src/responder/load-table.ts';
import { Random } from '../../support/random.ts';

const TAU_MS = 2500;
/** Loads are kept in 32 bits. */
const PRECISION = 1e-6;

/** The present load of a hash. */
function loadOf(table: LoadTable, hash: number, nowMs: number): number {
  table.find(hash, nowMs);
  return table.load[0]!;
}

function put(table: LoadTable, hash: number, nowMs: number, load: number): void {
  const at = table.find(hash, nowMs);
  table.load[0] = load;
  table.put(at, hash, nowMs);
}

test('a load decays exponentially with the time constant, to the millisecond', (t) => {
  for (const elapsedMs of [0, 1, 255, 256, 257, 1000, 2500, 10_000, 65_535]) {
    const table = new LoadTable(64, TAU_MS);
    put(table, 7, 1000, 96_000);
    const expected = 96_000 * Math.exp(-elapsedMs / TAU_MS);
    t.true(Math.abs(loadOf(table, 7, 1000 + elapsedMs) - expected) <= expected * PRECISION, String(elapsedMs));
  }
});

test('a load untouched for 65,536 ms is nothing', (t) => {
  const table = new LoadTable(64, 1e9);
  put(table, 7, 0, 1000);
  t.true(loadOf(table, 7, 65_535) > 999);
  t.is(loadOf(table, 7, 65_536), 0);
});

test('writing a load often loses no more than its precision', (t) => {
  const table = new LoadTable(64, TAU_MS);
  put(table, 7, 0, 1000);
  for (let ms = 1; ms <= 2500; ms++) put(table, 7, ms, loadOf(table, 7, ms));
  t.true(Math.abs(loadOf(table, 7, 2500) - 1000 / Math.E) < 0.1);
});

test('time goes on where 32 bits end', (t) => {
  const table = new LoadTable(64, TAU_MS);
  const last = 0x7fffffff;
  put(table, 7, last, 100);
  t.true(Math.abs(loadOf(table, 7, (last + TAU_MS) | 0) - 100 / Math.E) < 1e-3);
});

test('hashes are told apart by all their bits, negative ones and 0 among them', (t) => {
  const table = new LoadTable(64, TAU_MS);
  const hashes = [0, 1, -1, 0x40000000, -0x80000000];
  for (const [i, hash] of hashes.entries()) put(table, hash, 5, i + 1);
  t.deepEqual(
    hashes.map((hash) => loadOf(table, hash, 5)),
    [1, 2, 3, 4, 5],
  );
  t.is(loadOf(table, 0x20000000, 5), 0);
});

test('a newcomer to a full line replaces the smallest load of now and inherits none', (t) => {
  const table = new LoadTable(1, TAU_MS);
  // The first was large long ago: by now it is the smallest.
  for (const [i, load] of [1000, 50, 40, 30, 60].entries()) put(table, i, i === 0 ? 0 : 20_000, load);
  t.is(loadOf(table, 5, 20_000), 0);
  put(table, 5, 20_000, 1);
  t.is(loadOf(table, 0, 20_000), 0);
  t.deepEqual(
    [1, 2, 3, 4, 5].map((hash) => loadOf(table, hash, 20_000)),
    [50, 40, 30, 60, 1],
  );
});

test('a table has the room that was asked for, and keeps its size whatever it is fed', (t) => {
  for (const [entries, size] of [
    [1, 64],
    [5, 64],
    [6, 128],
    [1024, 256 * 64],
    [524_288, 8 * 1024 * 1024],
  ] as const) {
    t.is(new LoadTable(entries, TAU_MS).size, size);
  }
  const table = new LoadTable(1024, TAU_MS);
  const random = new Random(99);
  for (let i = 0; i < 100_000; i++) put(table, random.uint32() | 0, i >> 6, 1);
  t.is(table.size, 256 * 64);
});

test('busy entries survive a flood of newcomers', (t) => {
  const table = new LoadTable(1024, TAU_MS);
  const busy = Array.from({ length: 100 }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  for (const hash of busy) put(table, hash, 0, 1000);
  const random = new Random(5);
  for (let i = 0; i < 200_000; i++) put(table, random.uint32() | 0, i >> 8, 1);
  // At most five busy ones fit into a line; of a hundred in 256 lines no six meet.
  for (const hash of busy) t.true(loadOf(table, hash, 800) > 700);
});
