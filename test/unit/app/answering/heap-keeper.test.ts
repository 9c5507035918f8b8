// When the heap of a thread that does not answer is collected.

import test from 'ava';
import { HeapKeeper } from '../../../../src/app/answering/heap-keeper.ts';

const MEBI = 1024 * 1024;

/** A heap that keeps `kept` MiB through each collection. */
class FakeHeap {
  collections = 0;
  kept: number;
  used: number;

  constructor(kept: number) {
    this.kept = kept;
    this.used = kept;
  }

  size(): number {
    return this.used * MEBI;
  }

  collect(): void {
    this.collections++;
    this.used = this.kept;
  }
}

/** How many collections there were after looks at so many MiB in use. */
function after(heap: FakeHeap, ...used: readonly number[]): number {
  const keeper = new HeapKeeper(heap);
  for (const size of used) {
    heap.used = size;
    keeper.look();
  }
  return heap.collections;
}

test('a heap is collected once it has grown by eight MiB', (t) => {
  t.is(after(new FakeHeap(20), 20, 24, 27), 0);
  t.is(after(new FakeHeap(20), 20, 24, 28), 1);
});

test('a large heap is collected once it has grown by a quarter', (t) => {
  t.is(after(new FakeHeap(100), 100, 110, 124), 0);
  t.is(after(new FakeHeap(100), 100, 110, 125), 1);
});

test('what a collection leaves is where the next growth begins', (t) => {
  const heap = new FakeHeap(30);
  t.is(after(heap, 20, 28, 36), 1);
  t.is(after(heap, 30, 38), 2);
});

test('a heap that is too large to stop for is left to V8', (t) => {
  t.is(after(new FakeHeap(20), 20, 300), 0);
});
