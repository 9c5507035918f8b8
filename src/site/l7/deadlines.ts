// Deadlines of many at once, looked at ten times a second: to move one is to write a number, which no timer of its own could be.

import type { Clock } from '../../base/clock.ts';

export interface Timed {
  /** Infinity = none. */
  deadlineMs: number;
  /** It has passed. Called at each look until it is moved or taken out. */
  expire(nowMs: number): void;
}

const LOOK_INTERVAL_MS = 100;

export class Deadlines {
  readonly #timed = new Set<Timed>();
  readonly #clock: Clock;
  readonly #timer: NodeJS.Timeout;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#timer.unref();
  }

  add(timed: Timed): void {
    this.#timed.add(timed);
  }

  delete(timed: Timed): void {
    this.#timed.delete(timed);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const timed of this.#timed) if (timed.deadlineMs <= nowMs) timed.expire(nowMs);
  }
}
