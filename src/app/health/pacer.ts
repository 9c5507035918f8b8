// Work that may be asked for at any time and is done at most once in a while: at once after a quiet time, else when the gap since
// the last time is over. However often it was asked for meanwhile, it is done once.

import type { Clock } from '../../base/clock.ts';

export class Pacer {
  readonly #clock: Clock;
  readonly #gapMs: number;
  readonly #work: () => void;
  #lastMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(clock: Clock, gapMs: number, work: () => void) {
    this.#clock = clock;
    this.#gapMs = gapMs;
    this.#work = work;
  }

  /** Never does the work before it returns. */
  request(): void {
    if (this.#timer !== null || this.#isClosed) return;
    const waitMs = Math.max(0, this.#lastMs + this.#gapMs - this.#clock.monotonicMs());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.now();
    }, waitMs);
  }

  /** Does the work without waiting; what was asked for is then done. */
  now(): void {
    this.#cancel();
    this.#lastMs = this.#clock.monotonicMs();
    this.#work();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
