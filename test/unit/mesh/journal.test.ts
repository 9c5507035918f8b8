import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../src/base/clock.ts';
import { EMPTY_BOOK, encodeBook } from '../../../src/mesh/book.ts';
import { change } from '../../../src/mesh/book-history.ts';
import { Complaints } from '../../../src/mesh/complaints.ts';
import { Journal } from '../../../src/mesh/journal.ts';
import { newMark } from '../../../src/mesh/mesh-files.ts';
import { OVERRIDES, type OverrideBook } from '../../../src/mesh/override-record.ts';
import { StateFile } from '../../../src/mesh/state-file.ts';
import { override, recordingLogger } from '../../support/mesh.ts';

const FILES = ['orders.copy.journal', 'orders.journal'];
/** Above what any system gives to a process. */
const NOBODY = 2 ** 30;

function stage(t: ExecutionContext) {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-journal-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const path = (name: string): string => join(directory, name);
  const open = () => {
    const { lines, ...logger } = recordingLogger();
    const complaints = new Complaints(systemClock, logger);
    return { journal: new Journal({ directory, name: 'orders', kind: OVERRIDES, complaints }), lines, complaints };
  };
  return { directory, path, open };
}

/** So many books, each made from the one before: an order more in each, and every third time one fewer. */
function books(count: number): OverrideBook[] {
  const made: OverrideBook[] = [];
  let book: OverrideBook = EMPTY_BOOK;
  for (let i = 0; i < count; i++) {
    const present = book.entries.map(({ item }) => item);
    const kept = i % 3 === 2 ? present.slice(1) : present;
    book = change(book, [...kept, override(`o${i}`, { reason: `reason ${i}` })], newMark());
    made.push(book);
  }
  return made;
}

test('each change is one line more, and the next process reads what they come to', async (t) => {
  const { directory, path, open } = stage(t);
  const { journal } = open();
  const made = books(20);
  const sizes: number[] = [];
  for (const book of made) {
    await journal.save(book);
    sizes.push(statSync(path('orders.journal')).size);
  }
  t.true(
    sizes.every((size, i) => i === 0 || (size > sizes[i - 1]! && size < sizes[i - 1]! + 500)),
    `${sizes}`,
  );
  const next = open();
  t.deepEqual(await next.journal.load(), made.at(-1));
  t.deepEqual(next.lines, []);
  t.deepEqual(readdirSync(directory).sort(), FILES);
});

test('what does not follow from the set before is written whole', async (t) => {
  const { path, open } = stage(t);
  const { journal } = open();
  const [first, second] = [books(3).at(-1)!, books(7).at(-1)!]; // other marks: nothing in common
  await journal.save(first);
  await journal.save(second);
  t.is(readFileSync(path('orders.journal'), 'utf8').split('\n').length, 2);
  t.deepEqual(await open().journal.load(), second);
});

test('a journal that has grown is replaced by the whole set', async (t) => {
  const { path, open } = stage(t);
  const { journal } = open();
  let book: OverrideBook = EMPTY_BOOK;
  let largest = 0;
  let shrunk = 0;
  for (let i = 0; i < 600; i++) {
    book = change(book, [override('one', { reason: `${i} `.repeat(100) })], newMark());
    await journal.save(book);
    const { size } = statSync(path('orders.journal'));
    if (size < largest) shrunk++;
    largest = Math.max(largest, size);
    if (shrunk > 0) break;
  }
  t.is(shrunk, 1, 'within 600 changes of 400 octets');
  t.true(largest < 400_000, String(largest));
  t.deepEqual(await open().journal.load(), book);
});

test('at whatever octet a kill cuts the journals off, the next process has every change but the last', async (t) => {
  const { path, open } = stage(t);
  const { journal } = open();
  const made = books(4);
  const ends: number[] = [];
  for (const book of made) {
    await journal.save(book);
    ends.push(statSync(path('orders.journal')).size);
  }
  const octets = readFileSync(path('orders.journal'));
  for (let cut = ends[0]!; cut < octets.length; cut += 7) {
    for (const file of FILES) writeFileSync(path(file), octets.subarray(0, cut));
    const { journal: torn, lines } = open();
    const whole = ends.filter((end) => end <= cut).length;
    t.deepEqual(await torn.load(), made[whole - 1], `cut at ${cut}`);
    t.deepEqual(lines, [], 'what was never acknowledged is nothing to complain about');
  }
});

const damages: Readonly<Record<string, (path: string) => void>> = {
  'altered in the middle': (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('reason 2', 'reason X')),
  'overwritten with zeros': (path) => writeFileSync(path, Buffer.alloc(1000)),
  foreign: (path) => writeFileSync(path, 'hello\n'),
  empty: (path) => writeFileSync(path, ''),
  'a line too many': (path) => appendFileSync(path, `${readFileSync(path, 'utf8').split('\n').at(-2)}\n`),
};

for (const [what, damage] of Object.entries(damages)) {
  test(`a journal that is ${what} is kept aside, and the other one is used`, async (t) => {
    const { path, open } = stage(t);
    const made = books(5);
    const first = open();
    for (const book of made) await first.journal.save(book);
    damage(path('orders.journal'));
    const second = open();
    t.deepEqual(await second.journal.load(), made.at(-1));
    t.deepEqual(
      second.lines.map((line) => line.split(' ')[0]),
      ['ERR_MESH_FILE'],
    );
    t.true(existsSync(path('orders.journal.damaged')));
    await second.journal.save(made.at(-1)!);
    const third = open();
    t.deepEqual(await third.journal.load(), made.at(-1));
    t.deepEqual(third.lines, [], 'both are whole again');
  });
}

test('with both journals damaged in the middle, what came before stays', async (t) => {
  const { path, open } = stage(t);
  const made = books(5);
  const { journal } = open();
  for (const book of made) await journal.save(book);
  for (const file of FILES) damages['altered in the middle']!(path(file));
  t.deepEqual(await open().journal.load(), made[1]);
});

test('a journal that somebody else has put there meanwhile is replaced, not added to', async (t) => {
  const { path, open } = stage(t);
  const [first, second, third] = books(3);
  const predecessor = open().journal;
  await predecessor.save(first!);
  const successor = open().journal;
  await successor.load();
  await successor.save(second!);
  await predecessor.save(third!); // it goes on after all: its successor has failed
  copyFileSync(path('orders.journal'), path('seen'));
  t.deepEqual(await open().journal.load(), third);
  t.is(readFileSync(path('seen'), 'utf8').split('\n').length, 2, 'whole');
});

test('what an earlier version kept in two whole copies is read, and gone once the journals have it', async (t) => {
  const { directory, open } = stage(t);
  const [first, second] = books(2);
  const { journal, complaints } = open();
  const decode = (): undefined => undefined;
  const former = new StateFile<OverrideBook>({
    ...{ directory, name: 'orders', complaints, decode, rank: ({ version }) => version },
    encode: (book) => encodeBook(book, OVERRIDES),
  });
  await former.save(first!);
  t.deepEqual(await journal.load(), first);
  await journal.save(second!);
  t.deepEqual(readdirSync(directory).sort(), FILES);
  t.deepEqual(await open().journal.load(), second);
});

test('what a kill has left beside the files is gone after a start, but for what belongs to a process that lives', async (t) => {
  const { directory, path, open } = stage(t);
  const left = [NOBODY, process.pid].map((pid) => `orders.journal.${pid}.tmp`);
  const lives = `orders.copy.journal.${process.ppid}.tmp`;
  const others = ['orders2.journal.1073741824.tmp', 'orders.tmp'];
  for (const name of [...left, lives, ...others]) writeFileSync(path(name), 'torn');
  await open().journal.load();
  t.deepEqual(readdirSync(directory).sort(), [lives, ...others].sort());
});

test('a save that fails is not acknowledged, and the next one is written whole', async (t) => {
  const { directory, open } = stage(t);
  const [first, second] = books(2);
  const { journal } = open();
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'in the way');
  await t.throwsAsync(journal.save(first!));
  rmSync(directory);
  await journal.save(second!);
  t.deepEqual(await open().journal.load(), second);
});
