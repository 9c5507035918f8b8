// When shared memory that a thread has let go is given back.

import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { DroppedMemory } from '../../../../src/app/answering/dropped-memory.ts';

const MEBI = 1024 * 1024;
const shared = (mebis: number): SharedArrayBuffer => new SharedArrayBuffer(mebis * MEBI);
/** Collections are made when the present task has ended. */
const nextTask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Collector {
  count = 0;
  readonly collect = (): void => void this.count++;
}

test('the heap is collected once more than sixteen MiB were let go', async (t) => {
  const collector = new Collector();
  const memory = new DroppedMemory(collector.collect);
  memory.drop([shared(10), shared(6)], 0);
  await nextTask();
  t.is(collector.count, 0);
  memory.drop([shared(1)], 0);
  t.is(collector.count, 0, 'not while somebody on the stack may still know them');
  await nextTask();
  t.is(collector.count, 1);
  t.is(memory.size, 0);
});

test('where more is in use, more than half of that has to be let go', async (t) => {
  const collector = new Collector();
  const memory = new DroppedMemory(collector.collect);
  memory.drop([shared(30)], 60 * MEBI);
  await nextTask();
  t.is(collector.count, 0);
  memory.drop([shared(1)], 60 * MEBI);
  await nextTask();
  t.is(collector.count, 1);
});

test('several that are let go in one task make one collection', async (t) => {
  const collector = new Collector();
  const memory = new DroppedMemory(collector.collect);
  memory.drop([shared(20)], 0);
  memory.drop([shared(20)], 0);
  await nextTask();
  t.is(collector.count, 1);
});

test('memory that was let go is free after the collection', async (t) => {
  const memory = new DroppedMemory();
  const dropped = ((): WeakRef<SharedArrayBuffer> => {
    const buffer = shared(17);
    memory.drop([buffer], 0);
    return new WeakRef(buffer);
  })();
  // A WeakRef that was made keeps its object until the task ends; the collection comes after it.
  for (let tries = 0; tries < 100 && dropped.deref() !== undefined; tries++) await sleep(10);
  t.is(dropped.deref(), undefined);
});
