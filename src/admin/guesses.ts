// Bounds how often one address may come with wrong tokens. 256 bits cannot be guessed; the bound keeps guessers from costing time
// and makes them visible.

import type { Clock } from '../base/clock.ts';

const MOST_WRONG = 20;
const WINDOW_MS = 60_000;
/** Addresses kept in mind; beyond it the one that began first is forgotten. */
const MOST_ADDRESSES = 4096;

export class Guesses {
  readonly #clock: Clock;
  readonly #wrong = new Map<string, { count: number; readonly sinceMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds until the address may try again; 0 = now. */
  waitSec(address: string): number {
    const wrong = this.#wrong.get(address);
    if (wrong === undefined || wrong.count < MOST_WRONG) return 0;
    const leftMs = wrong.sinceMs + WINDOW_MS - this.#clock.monotonicMs();
    if (leftMs > 0) return Math.ceil(leftMs / 1000);
    this.#wrong.delete(address);
    return 0;
  }

  note(address: string): void {
    const nowMs = this.#clock.monotonicMs();
    const wrong = this.#wrong.get(address);
    if (wrong !== undefined && nowMs - wrong.sinceMs < WINDOW_MS) wrong.count++;
    else {
      this.#wrong.delete(address);
      if (this.#wrong.size >= MOST_ADDRESSES) this.#wrong.delete(this.#wrong.keys().next().value!);
      this.#wrong.set(address, { count: 1, sinceMs: nowMs });
    }
  }
}
