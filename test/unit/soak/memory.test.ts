import test from 'ava';
import { MemoryBook, residentSize } from '../../soak/memory.ts';

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;

/** A sample a minute of lives of so many minutes; `mib` of the minute in the life and the number of the life. */
function growthOf(minutes: readonly number[], warmUpMinutes: number, mib: (minute: number, life: number) => number) {
  const book = new MemoryBook(warmUpMinutes * MINUTE_MS);
  let atMs = 0;
  for (const [life, length] of minutes.entries())
    for (let minute = 0; minute < length; minute++, atMs += MINUTE_MS) book.take('dns', life + 1, atMs, mib(minute, life) * MIB);
  return book.growths()[0]!;
}

const near = (found: number | null, wanted: number): boolean => found !== null && Math.abs(found - wanted) < 1e-6;

test('a process that stays as it is does not grow', (t) => {
  t.true(near(growthOf([60], 0, () => 80).mibPerHour, 0));
});

test('a leak of a mebibyte a minute is 60 an hour', (t) => {
  t.true(near(growthOf([60], 0, (minute) => 80 + minute).mibPerHour, 60));
});

test('what a life takes while it warms up does not count', (t) => {
  t.true(near(growthOf([60], 10, (minute) => 80 + Math.min(minute, 10)).mibPerHour, 0));
});

test('lives on different levels do not look like growth, and a restart does not hide a leak', (t) => {
  t.true(near(growthOf([30, 30], 0, (_, life) => 80 + 20 * life).mibPerHour, 0));
  t.true(near(growthOf([30, 30], 0, (minute) => 80 + minute).mibPerHour, 60));
});

test('nothing is said of a process that was hardly seen', (t) => {
  t.is(growthOf([5], 0, () => 80).mibPerHour, null);
});

test('noise makes the growth uncertain', (t) => {
  const { uncertainty } = growthOf([60], 0, (minute) => 80 + (minute % 2));
  t.true(uncertainty! > 0.1);
});

test('the size of a process that runs is read, and of one that does not there is none', (t) => {
  t.true(residentSize(process.pid)! > 10 * MIB);
  t.is(residentSize(2 ** 30), undefined);
});
