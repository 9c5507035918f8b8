// Collections on demand, which threads of one process want at the same time.

import { once } from 'node:events';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { collectHeap } from '../../../../src/app/answering/collect-heap.ts';

const THREADS = 2;
const ROUNDS = 20;

test('a thread that has collected its heap leaves the collector to those that are about to ask for it', (t) => {
  collectHeap();
  t.is(runInNewContext('typeof gc'), 'function');
});

test('threads that collect their heaps for the first time at the same moment all do', async (t) => {
  const workerData = { gate: new Int32Array(new SharedArrayBuffer(4 * ROUNDS)), threads: THREADS, rounds: ROUNDS };
  const file = new URL('../../../support/collecting-thread.js', import.meta.url);
  const exits = Array.from({ length: THREADS }, () => once(new Worker(file, { workerData }), 'exit'));
  await t.notThrowsAsync(Promise.all(exits));
});
