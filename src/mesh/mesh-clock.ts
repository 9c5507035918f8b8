// The clock that all processes of a mesh share: the engine's, carried on by our own monotonic clock, so that a step of the local
// wall clock changes nothing. As in NTP (RFC 5905 section 10), of the last few round trips the shortest tells the difference best:
// the engine's time lies somewhere within it, at most half of it from the middle.

import type { Clock } from '../base/clock.ts';

const SAMPLES = 8;
/** How far a reading may lie outside what the round trips allow before the engine's clock is taken to have been set. */
const STEP_MS = 100;
/** The time may stand still for this long instead of going back; a larger step back is followed. */
const MAX_STANDSTILL_MS = 1000;

interface Sample {
  /** Engine time minus monotonic time. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

export class MeshClock {
  readonly #clock: Clock;
  #samples: Sample[] = [];
  #offsetMs: number;
  #lastMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.wallMs() - clock.monotonicMs();
  }

  /** Milliseconds since 1970, whole. Until the first sample those of the local clock at the start, carried on. */
  nowMs(): number {
    const nowMs = Math.floor(this.#clock.monotonicMs() + this.#offsetMs);
    if (nowMs < this.#lastMs && this.#lastMs - nowMs <= MAX_STANDSTILL_MS) return this.#lastMs;
    this.#lastMs = nowMs;
    return nowMs;
  }

  /** A reading of the engine's clock between two readings of the monotonic one. */
  sample(sentMs: number, receivedMs: number, engineMs: number): void {
    const roundTripMs = Math.max(0, receivedMs - sentMs);
    const sample = { offsetMs: engineMs - (sentMs + receivedMs) / 2, roundTripMs };
    const best = this.#best();
    const allowedMs = best === undefined ? 0 : (best.roundTripMs + roundTripMs) / 2 + STEP_MS;
    if (best !== undefined && Math.abs(best.offsetMs - sample.offsetMs) > allowedMs) this.#samples = [];
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    this.#offsetMs = this.#best()!.offsetMs;
  }

  #best(): Sample | undefined {
    let best: Sample | undefined;
    for (const sample of this.#samples) if (best === undefined || sample.roundTripMs <= best.roundTripMs) best = sample;
    return best;
  }
}
