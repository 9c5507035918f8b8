// A change on trial: it is in force, the server is watched for a time, and if it does worse the change is taken back by itself. One at
// a time; whatever changes the same things meanwhile ends the trial, and stands.

import type { StagedState } from '../../admin/schemas/staged.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { type Vitals, worseBecause } from './vitals.ts';

const LOOK_MS = 1000;

export interface Trial {
  readonly what: StagedState['what'];
  /** In words, such as the name of a zone. */
  readonly subject: string;
  readonly actor: string;
  readonly watchSec: number;
  /** As it was when the change was made. */
  readonly before: Vitals;
  readonly look: () => Vitals;
  /** Rejects if the former state cannot be had again. */
  readonly rollBack: () => Promise<void>;
}

export interface StagedChangesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Told once for each trial, when it is over. */
  readonly onEnd: (state: StagedState) => void;
}

export class StagedChanges {
  readonly #options: StagedChangesOptions;
  #trial: Trial | null = null;
  #state: StagedState | null = null;
  #endsMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StagedChangesOptions) {
    this.#options = options;
  }

  /** The last one, whether it goes on or not; null = none since the start. */
  get state(): StagedState | null {
    return this.#state;
  }

  begin(trial: Trial): void {
    const { clock } = this.#options;
    this.superseded();
    const { what, subject, actor, watchSec } = trial;
    const startedMs = clock.wallMs();
    this.#trial = trial;
    this.#endsMs = clock.monotonicMs() + watchSec * 1000;
    this.#state = { what, subject, actor, phase: 'watching', startedMs, endsMs: startedMs + watchSec * 1000, reason: null };
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Looks at the server once. Its own timer calls this every second. */
  async look(): Promise<void> {
    const trial = this.#trial;
    if (trial === null) return;
    const worse = worseBecause(trial.before, trial.look());
    if (worse !== null) await this.#rollBack(trial, worse);
    else if (this.#options.clock.monotonicMs() >= this.#endsMs) this.#end('kept', 'nothing became worse');
  }

  /** Ends the trial now, either way. False if there is none. */
  async decide(isKept: boolean, by: string): Promise<boolean> {
    const trial = this.#trial;
    if (trial === null) return false;
    if (isKept) this.#end('kept', `${by} has decided`);
    else await this.#rollBack(trial, `${by} has decided`);
    return true;
  }

  /** Something else has changed, or is about to. */
  superseded(): void {
    if (this.#trial !== null) this.#end('superseded', 'another change came');
  }

  close(): void {
    clearInterval(this.#timer);
    this.#trial = null;
  }

  async #rollBack(trial: Trial, reason: string): Promise<void> {
    this.close(); // no second look meanwhile
    try {
      await trial.rollBack();
      this.#end('rolled-back', reason);
    } catch (error) {
      this.#end('stuck', `${reason}, but the former state cannot be had again: ${(error as Error).message}`);
    }
  }

  #end(phase: StagedState['phase'], reason: string): void {
    this.close();
    const state = { ...this.#state!, phase, reason, endsMs: this.#options.clock.wallMs() };
    this.#state = state;
    const isBad = phase === 'rolled-back' || phase === 'stuck';
    this.#options.log[isBad ? 'warn' : 'info']({ ...state }, 'a change on trial has ended');
    this.#options.onEnd(state);
  }
}
