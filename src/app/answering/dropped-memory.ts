// Shared memory that this thread has let go. V8 counts the few octets of a SharedArrayBuffer and not the millions behind it, and a
// thread that answers makes so little garbage that it hardly ever collects its heap: every image that it was ever sent would stay,
// of a zone of a million names a hundred megabytes with each reload. So whoever lets go of images says so here, and the heap is
// collected once what they hold is worth it. What a collection of V8's own has found by then does not count.

import { collectHeap } from './collect-heap.ts';

/** Octets let go for which nobody collects: a collection stops the thread for some milliseconds. */
const LEAST_SIZE = 16 * 1024 * 1024;
/** Nor for less than this part of what is in use. */
const USED_PART = 2;

export class DroppedMemory {
  readonly #collect: () => void;
  #size = 0;
  /** Collections so far: what was let go before the last one is not asked about again. */
  #round = 0;
  #isDue = false;
  readonly #found = new FinalizationRegistry<{ readonly size: number; readonly round: number }>(({ size, round }) => {
    if (round === this.#round) this.#size -= size;
  });

  /** `collect`: collects this thread's heap; V8's own means unless given. */
  constructor(collect: () => void = collectHeap) {
    this.#collect = collect;
  }

  /** Octets let go since the last collection that are not known to be free yet. */
  get size(): number {
    return this.#size;
  }

  /** To be called when nothing but the present task knows `buffers` any more. `usedSize`: octets of those that took their place. */
  drop(buffers: readonly SharedArrayBuffer[], usedSize: number): void {
    for (const buffer of buffers) {
      this.#size += buffer.byteLength;
      this.#found.register(buffer, { size: buffer.byteLength, round: this.#round });
    }
    if (this.#isDue || this.#size <= Math.max(LEAST_SIZE, usedSize / USED_PART)) return;
    this.#isDue = true;
    // The stack of the present task may still know them; and answers that wait go first.
    setImmediate(() => {
      this.#isDue = false;
      this.#round++;
      this.#size = 0;
      this.#collect();
    });
  }
}

export const sizeOf = (buffers: readonly SharedArrayBuffer[]): number =>
  buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
