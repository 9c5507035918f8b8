// A clock that stands still until a test moves it.

import type { Clock } from '../../src/base/clock.ts';

export class ManualClock implements Clock {
  #nowMs = 0;

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
