import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { systemPorts, watchFile } from '../../../src/geo/watch.ts';

/** A watch over a made-up file; `look(stamp)` is one poll. */
async function watched() {
  let stamp: string | null = 'a';
  let task: (() => Promise<void>) | undefined;
  let changes = 0;
  const stop = watchFile('x', () => changes++, {
    stampOf: async () => stamp,
    every: (_, wanted) => {
      task = wanted;
      return () => {
        task = undefined;
      };
    },
  });
  await setImmediate();
  return {
    stop,
    isPolling: () => task !== undefined,
    async look(next: string | null): Promise<number> {
      stamp = next;
      await task?.();
      return changes;
    },
  };
}

test('a change is told once, when the file has come to rest', async (t) => {
  const { look } = await watched();
  t.is(await look('a'), 0);
  t.is(await look('b'), 0);
  t.is(await look('c'), 0); // still being written
  t.is(await look('c'), 1);
  t.is(await look('c'), 1);
  t.is(await look('d'), 1);
  t.is(await look('d'), 2);
});

test('a file that vanishes is waited for, and is news only if it comes back different', async (t) => {
  const { look } = await watched();
  t.is(await look(null), 0);
  t.is(await look(null), 0);
  t.is(await look('a'), 0);
  t.is(await look('a'), 0);
  t.is(await look(null), 0);
  t.is(await look('b'), 0);
  t.is(await look('b'), 1);
});

test('a change that is taken back is no change', async (t) => {
  const { look } = await watched();
  t.is(await look('b'), 0);
  t.is(await look('a'), 0);
  t.is(await look('a'), 0);
});

test('a stopped watch polls no more', async (t) => {
  const { stop, isPolling } = await watched();
  t.true(isPolling());
  stop();
  t.false(isPolling());
});

test('looks do not overlap, and a look under way says nothing after the stop', async (t) => {
  const answers: ((stamp: string) => void)[] = [];
  let task = async () => {};
  let changes = 0;
  const stop = watchFile('x', () => changes++, {
    stampOf: () => new Promise((resolve) => answers.push(resolve)),
    every: (_, wanted) => {
      task = wanted;
      return () => {};
    },
  });
  void task();
  t.is(answers.length, 1);
  for (const stamp of ['a', 'b']) {
    answers.pop()!(stamp);
    await setImmediate();
    void task();
  }
  stop();
  answers.pop()!('b');
  await setImmediate();
  t.is(changes, 0);
});

test('the stamp of a file changes when it is written and when it is replaced', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-watch-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'a.mmdb');
  t.is(await systemPorts.stampOf(file), null);
  writeFileSync(file, 'one');
  const first = await systemPorts.stampOf(file);
  t.is(await systemPorts.stampOf(file), first);
  writeFileSync(file, 'longer');
  const second = await systemPorts.stampOf(file);
  t.not(second, first);
  writeFileSync(`${file}.new`, 'longer');
  renameSync(`${file}.new`, file);
  t.not(await systemPorts.stampOf(file), second);
});

test('the system timer does not keep a process alive and can be ended', (t) => {
  t.notThrows(() => systemPorts.every(1000, async () => {})());
});
