// Timers that stand still until a test moves them. They replace the global ones, so tests that use them run serially.

import type { ExecutionContext } from 'ava';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export class ManualTimers {
  #nowMs = 0;
  readonly #pending = new Set<Timer>();

  /** Holds every timer that is set from now until the end of the test. */
  constructor(t: ExecutionContext) {
    const { setTimeout, clearTimeout } = globalThis;
    const set = (run: () => void, delayMs = 0): Timer => {
      const timer = { atMs: this.#nowMs + delayMs, run };
      this.#pending.add(timer);
      return timer;
    };
    const clear = (timer: Timer): void => {
      this.#pending.delete(timer);
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    t.teardown(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
  }

  /** Lets time pass. As those of the system, timers that are due run when the callbacks of this turn of the event loop have run. */
  advance(ms: number): void {
    this.#nowMs += ms;
    setImmediate(() => {
      const due = [...this.#pending].filter(({ atMs }) => atMs <= this.#nowMs).sort((a, b) => a.atMs - b.atMs);
      for (const timer of due) if (this.#pending.delete(timer)) timer.run();
    });
  }
}
