// How soon a worker that died is replaced, and how often that is worth a line of the log. The first successor starts soon; each one
// that dies in turn waits twice as long, for whatever stops it (a port that somebody else has taken, a bug that every start meets)
// is seldom gone the next moment. One that has lived for a while has earned a fresh start.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** A life of this length counts as a success. */
const STEADY_MS = 60_000;
/** The log says the same thing no more often than this. */
const SAY_INTERVAL_MS = 60_000;

export interface Restart {
  /** Pause before the successor starts. */
  readonly delayMs: number;
  /** Deaths since the last line of the log, this one included, if it is time for another; otherwise 0. */
  readonly deathsToSay: number;
}

export class RestartPace {
  #delayMs = FIRST_DELAY_MS;
  #saidMs = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  /** Notes a death at `nowMs` after a life of `livedMs` (0 = it never answered). */
  died(nowMs: number, livedMs: number): Restart {
    if (livedMs >= STEADY_MS) this.#delayMs = FIRST_DELAY_MS;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS);
    this.#unsaid++;
    if (nowMs - this.#saidMs < SAY_INTERVAL_MS) return { delayMs, deathsToSay: 0 };
    const deathsToSay = this.#unsaid;
    this.#saidMs = nowMs;
    this.#unsaid = 0;
    return { delayMs, deathsToSay };
  }
}
