// Counts what was answered well and what was not, minute by minute, and keeps it over restarts in the state directory.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Complaints } from '../../mesh/complaints.ts';
import { StateFile } from '../../mesh/state-file.ts';
import type { CounterTotals } from '../../metrics/counters.ts';
import type { ObjectiveSettings } from '../../model/watch.ts';
import { type Counts, Minutes } from '../../watch/minutes.ts';
import { type ObjectiveReport, objectivesOf } from '../../watch/objectives.ts';
import { unusualRate } from '../../watch/usual.ts';

/** Between two writes: each is flushed to the disk. A crash costs the last of these. */
const SAVE_MS = 300_000;

export class ObjectiveDesk {
  readonly #clock: Clock;
  readonly #complaints: Complaints;
  readonly #file: StateFile<Minutes>;
  #minutes = new Minutes();
  #last: Counts | null = null;
  #savedMs: number;
  #saving: Promise<void> = Promise.resolve();

  constructor(directory: string, clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#savedMs = clock.monotonicMs();
    this.#complaints = new Complaints(clock, log);
    this.#file = new StateFile({
      directory,
      name: 'objectives',
      complaints: this.#complaints,
      encode: (minutes) => minutes.encode(),
      decode: (text) => Minutes.decode(text),
      rank: (minutes) => minutes.newest,
    });
  }

  /** Reads what was counted before. Never fails. */
  async load(): Promise<void> {
    this.#minutes = (await this.#file.load()) ?? this.#minutes;
  }

  /** Takes the counters since the start. `isLate`: what is answered now does not follow what is known. */
  take(totals: CounterTotals, isLate: boolean): void {
    const lost = totals.UDP_KERNEL_DROPS + totals.UDP_OVERFLOWED + totals.GOVERNOR_DROPPED;
    // A message that was not answered may not be, unless it was turned away.
    const received = totals.UDP_QUERIES + totals.STREAM_QUERIES - totals.DROPPED + lost;
    const steered = totals.GSLB_ANSWERS + totals.GSLB_NODATA + totals.GSLB_SERVFAIL;
    const now: Counts = [received, lost + totals.REPLIES_SERVFAIL, steered, 0];
    const [before, since] = [this.#last, now.map((count, i) => Math.max(0, count - (this.#last?.[i] ?? 0)))];
    this.#last = now;
    if (before === null) return;
    this.#minutes.add(this.#clock.wallMs(), [since[0]!, since[1]!, since[2]!, isLate ? since[2]! : 0]);
    if (this.#clock.monotonicMs() - this.#savedMs >= SAVE_MS) this.#save();
  }

  report(settings: ObjectiveSettings): readonly ObjectiveReport[] {
    return objectivesOf(this.#minutes, settings, this.#clock.wallMs());
  }

  get unusual(): string | null {
    return unusualRate(this.#minutes, this.#clock.wallMs());
  }

  async close(): Promise<void> {
    this.#save();
    await this.#saving;
  }

  #save(): void {
    this.#savedMs = this.#clock.monotonicMs();
    this.#saving = this.#file.save(this.#minutes).catch((error: Error) => {
      this.#complaints.warn('ERR_STATE', `what was counted for the objectives cannot be saved: ${error.message}`);
    });
  }
}
