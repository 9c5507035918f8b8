// Whether a lease is held, by our own monotonic clock. Pure: time is an argument. What is granted counts from the moment at which it was
// asked for, which is before the mesh granted it, and ends before the mesh's record of it does. The margin between the two ends is a
// fifth of the lease: one half is for stepping down, the other for clocks that do not run alike. Two holders are thus impossible as long
// as clocks differ by less than 5 % in rate and a hook ends within its time. Source of the scheme: Gray and Cheriton, "Leases", 1989.

import type { LeaseAnswer } from '../model/mesh.ts';

const MARGIN_SHARE = 0.2;
/** Renewed so often within one lease: one attempt may be lost, and the next one too. */
const RENEWALS = 4;

export class LeaseKeeper {
  readonly ttlMs: number;
  #untilMs = Number.NEGATIVE_INFINITY;
  #token = 0;

  constructor(ttlMs: number) {
    this.ttlMs = ttlMs;
  }

  get token(): number {
    return this.#token;
  }

  /** When we are to have stepped down unless it is renewed. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** For stepping down after that. */
  get stepDownMs(): number {
    return (this.ttlMs * MARGIN_SHARE) / 2;
  }

  get askEveryMs(): number {
    return this.ttlMs / RENEWALS;
  }

  isHeld(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** What to ask with. */
  claim(nowMs: number): number {
    return this.isHeld(nowMs) ? this.#token : 0;
  }

  /** An answer to what was asked at `sentMs`. No answer changes nothing. */
  answered({ isOurs, token }: LeaseAnswer, sentMs: number): void {
    if (!isOurs) {
      this.stop();
      return;
    }
    const untilMs = sentMs + this.ttlMs * (1 - MARGIN_SHARE);
    this.#untilMs = token === this.#token ? Math.max(this.#untilMs, untilMs) : untilMs;
    this.#token = token;
  }

  /** Held no more, whatever is left. */
  stop(): void {
    this.#untilMs = Number.NEGATIVE_INFINITY;
  }
}
