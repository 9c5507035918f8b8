// Keeps the heap of a thread near what it holds. V8 collects the whole of a heap for the first time when it has reached some limit
// that is far away (a control thread that holds 25 MB had 47 after 24 minutes, and went on), and what would shrink it while a program
// rests is off in a process that answers (v8-flags.ts). An operator cannot tell that from a leak. So this looks now and then, and
// collects once the old generation has grown by a quarter. Not for threads that answer: they make next to no garbage.

import { getHeapSpaceStatistics } from 'node:v8';
import { collectHeap } from './collect-heap.ts';

const LOOK_MS = 10_000;
/** Collects when there is this part more than the last collection left ... */
const GROWN_PART = 4;
/** ... and at least so many octets more: a collection stops the thread for about a millisecond for each megabyte that stays. */
const GROWN_SIZE = 8 * 1024 * 1024;
/** A heap that keeps more is left to V8: stopping it would take a good part of a second. */
const MOST_SIZE = 256 * 1024 * 1024;

export interface Heap {
  /** Octets of the old generation, with what is dead but not collected yet. */
  size(): number;
  collect(): void;
}

export class HeapKeeper {
  readonly #heap: Heap;
  #timer: NodeJS.Timeout | undefined;
  #keptSize: number | undefined;

  constructor(heap: Heap = { size: oldSize, collect: collectHeap }) {
    this.#heap = heap;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Collects if it is time. The first look only notes where the heap begins. */
  look(): void {
    const size = this.#heap.size();
    this.#keptSize ??= size;
    if (size > MOST_SIZE) return;
    if (size < this.#keptSize + Math.max(GROWN_SIZE, this.#keptSize / GROWN_PART)) return;
    this.#heap.collect();
    this.#keptSize = this.#heap.size();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

const YOUNG = new Set(['new_space', 'new_large_object_space']);

const oldSize = (): number =>
  getHeapSpaceStatistics().reduce((sum, space) => (YOUNG.has(space.space_name) ? sum : sum + space.space_used_size), 0);
