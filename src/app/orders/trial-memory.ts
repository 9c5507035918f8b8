// What is on the disk of the trial that goes on here. Invariant: at every moment it is the newest change that was made on trial and
// has not ended, or one that is about to be made; a change that is refused leaves the trial before it remembered.

import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import { reasonOf } from '../../base/file-reason.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { RememberedTrial, TrialFile } from './trial-file.ts';

/** Tells that the change has been made, or refused. */
type Made = (isDone: boolean) => Promise<void>;

export type Remembered = Omit<RememberedTrial, 'startedMs'>;

export class TrialMemory {
  readonly #file: TrialFile | null;
  readonly #clock: Clock;
  #present: RememberedTrial | null = null;

  /** Without a file nothing is remembered. */
  constructor(file: TrialFile | null, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /**
   * Before a change is made; null = it is not on trial here alone. What it resolves to is to be called when the change has been made, or
   * refused. ERR_STATE if it cannot be written: the change must not be made then.
   */
  async begin(trial: Remembered | null): Promise<Result<Made, Problem>> {
    const former = this.#present;
    if (trial === null) {
      return ok(async (isDone) => {
        if (isDone) this.end();
      });
    }
    try {
      await this.#set({ ...trial, startedMs: this.#clock.wallMs() });
    } catch (error) {
      const message = `a change cannot be tried: what it would take to have the former state again cannot be written: ${reasonOf(error)}`;
      return err({ severity: 'error', code: 'ERR_STATE', message });
    }
    return ok(async (isDone: boolean) => {
      if (!isDone) await this.#set(former).catch(() => this.end());
    });
  }

  /** The trial is over. */
  end(): void {
    this.#present = null;
    this.#file?.clear();
  }

  async #set(trial: RememberedTrial | null): Promise<void> {
    if (trial === null) this.end();
    else {
      this.#present = trial;
      await this.#file?.write(trial);
    }
  }
}
