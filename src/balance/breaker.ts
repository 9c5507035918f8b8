// A circuit breaker cuts off one server that mostly fails, and finds out carefully whether it is well again.
//
//   closed     counts. At least `leastRequests` in the window, `failurePercent` of them failed: open
//   open       nothing goes there. After openMs: half-open
//   half-open  single trials. `trials` successes: closed. One failure: open again, for twice as long
//
// Results that arrive while it is open belong to requests from before and do not count. A server that opens again within the
// time that it was open last is open for twice as long, up to mostOpenMs. Source: M. Nygard, "Release It!" (2007).

import type { BreakerRule } from '../model/site.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

const BUCKETS = 10;

export class Breaker {
  readonly #rule: BreakerRule;
  /** Requests and failures by tenth of the window, in a ring. */
  readonly #requests = new Int32Array(BUCKETS);
  readonly #failures = new Int32Array(BUCKETS);
  /** Number of the newest bucket since time 0. */
  #bucket = 0;
  #isClosed = true;
  #openUntilMs = 0;
  #openForMs = 0;
  #closedAtMs = Number.NEGATIVE_INFINITY;
  #successes = 0;

  constructor(rule: BreakerRule) {
    this.#rule = rule;
  }

  state(nowMs: number): BreakerState {
    if (this.#isClosed) return 'closed';
    return nowMs < this.#openUntilMs ? 'open' : 'half-open';
  }

  /** When it becomes half-open; Infinity = it is closed, or half-open already. */
  halfOpenAtMs(nowMs: number): number {
    return this.state(nowMs) === 'open' ? this.#openUntilMs : Number.POSITIVE_INFINITY;
  }

  /** Takes one result and says whether the state changed. */
  observe(isFailure: boolean, nowMs: number): boolean {
    const state = this.state(nowMs);
    if (state === 'open') return false;
    if (state === 'half-open') {
      if (isFailure) return this.#open(nowMs);
      return ++this.#successes >= this.#rule.trials ? this.#close(nowMs) : false;
    }
    this.#turnTo(Math.floor((nowMs * BUCKETS) / this.#rule.windowMs));
    const at = this.#bucket % BUCKETS;
    this.#requests[at]!++;
    if (!isFailure) return false;
    this.#failures[at]!++;
    return this.#isTooMuch() ? this.#open(nowMs) : false;
  }

  #isTooMuch(): boolean {
    const requests = this.#requests.reduce((sum, one) => sum + one, 0);
    const failures = this.#failures.reduce((sum, one) => sum + one, 0);
    return requests >= this.#rule.leastRequests && failures * 100 >= requests * this.#rule.failurePercent;
  }

  /** Empties the buckets between the newest one and `bucket`. A clock that went back stays in the newest. */
  #turnTo(bucket: number): void {
    if (bucket - this.#bucket >= BUCKETS) {
      this.#requests.fill(0);
      this.#failures.fill(0);
      this.#bucket = bucket;
    }
    while (this.#bucket < bucket) {
      const at = ++this.#bucket % BUCKETS;
      this.#requests[at] = 0;
      this.#failures[at] = 0;
    }
  }

  #open(nowMs: number): true {
    const isSoon = nowMs - this.#closedAtMs < this.#openForMs;
    const isRelapse = !this.#isClosed || isSoon;
    this.#openForMs = isRelapse ? Math.min(this.#rule.mostOpenMs, 2 * this.#openForMs) : this.#rule.openMs;
    this.#openUntilMs = nowMs + this.#openForMs;
    this.#isClosed = false;
    this.#successes = 0;
    return true;
  }

  #close(nowMs: number): true {
    this.#isClosed = true;
    this.#closedAtMs = nowMs;
    this.#requests.fill(0);
    this.#failures.fill(0);
    return true;
  }
}
