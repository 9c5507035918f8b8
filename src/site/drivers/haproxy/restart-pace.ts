// How soon a program that ended by itself is started again: at once, then ever later, so that one that cannot live costs little.

import type { Clock } from '../../../base/clock.ts';

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30_000;
/** Who has lived so long is well again. */
const WELL_AFTER_MS = 60_000;

export class RestartPace {
  readonly #clock: Clock;
  #startedMs = Number.NEGATIVE_INFINITY;
  #delayMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until the next start, in milliseconds; 0 = now. */
  waitMs(): number {
    return Math.max(0, this.#startedMs + this.#delayMs - this.#clock.monotonicMs());
  }

  /** A start, whatever comes of it. */
  begin(): void {
    this.#startedMs = this.#clock.monotonicMs();
    this.#delayMs = this.#delayMs === 0 ? FIRST_DELAY_MS : Math.min(LONGEST_DELAY_MS, 2 * this.#delayMs);
  }

  /** It is seen alive. */
  lives(): void {
    if (this.#clock.monotonicMs() - this.#startedMs >= WELL_AFTER_MS) this.#delayMs = 0;
  }
}
