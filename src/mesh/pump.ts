// Runs one piece of asynchronous work again and again when asked to, never twice at a time and never sooner than GAP_MS after the
// last start: many reasons to run become one run.

import type { Clock } from '../base/clock.ts';

/** Between two starts: at most 20 rounds a second. */
const GAP_MS = 50;

export class Pump {
  readonly #clock: Clock;
  readonly #work: () => Promise<void>;
  #timer: NodeJS.Timeout | null = null;
  #isRunning = false;
  #isWanted = false;
  #isStopped = false;
  #startedMs = Number.NEGATIVE_INFINITY;

  /** `work` never rejects. */
  constructor(clock: Clock, work: () => Promise<void>) {
    this.#clock = clock;
    this.#work = work;
  }

  kick(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    if (this.#isRunning || this.#timer !== null) return;
    const waitMs = Math.max(0, this.#startedMs + GAP_MS - this.#clock.monotonicMs());
    this.#timer = setTimeout(() => void this.#run(), waitMs);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#timer = null;
    this.#isWanted = false;
    this.#isRunning = true;
    this.#startedMs = this.#clock.monotonicMs();
    await this.#work();
    this.#isRunning = false;
    if (this.#isWanted) this.kick();
  }
}
