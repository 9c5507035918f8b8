// A change on trial: it is in force, the server is watched for a time, and if it does worse the change is taken back by itself. One at
// a time; whatever changes the same things meanwhile ends the trial, and stands.

import type { StagedState } from '../../admin/schemas/staged.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { type Vitals, worseBecause } from './vitals.ts';

const LOOK_MS = 1000;

/** Under which terms the others take a change over. */
export interface SpreadTerms {
  /** Whoever refuses or is away is left out. */
  readonly isForced: boolean;
  /** In words why it is not wanted any more; null = it is. */
  readonly cancelled: () => string | null;
}

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
  /** Has all others take it over once it has proved itself. Null = they have it; else why nobody is to have it. */
  readonly spread?: (terms: SpreadTerms) => Promise<string | null>;
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
  #spreading: { cancelledBy: string | null } | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StagedChangesOptions) {
    this.#options = options;
  }

  /** The last one, whether it goes on or not; null = none since the start. */
  get state(): StagedState | null {
    return this.#state;
  }

  get isUnderWay(): boolean {
    return this.#trial !== null;
  }

  begin(trial: Trial): void {
    const { clock } = this.#options;
    this.superseded();
    const { what, subject, actor, watchSec } = trial;
    const startedMs = clock.wallMs();
    this.#trial = trial;
    this.#endsMs = clock.monotonicMs() + watchSec * 1000;
    this.#state = {
      what,
      subject,
      actor,
      phase: 'watching',
      startedMs,
      endsMs: startedMs + watchSec * 1000,
      reason: null,
      scope: trial.spread === undefined ? 'server' : 'all',
      server: null,
      servers: [],
    };
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Looks at the server once. Its own timer calls this every second. */
  async look(): Promise<void> {
    const trial = this.#trial;
    if (trial === null || this.#spreading !== null) return;
    const worse = worseBecause(trial.before, trial.look());
    if (worse !== null) await this.#rollBack(trial, worse);
    else if (this.#options.clock.monotonicMs() >= this.#endsMs) await this.#keep(trial, 'nothing became worse', false);
  }

  /** Ends the trial now, either way; forced, also if other servers refuse to take it over. False if there is none. */
  async decide(isKept: boolean, by: string, isForced = false): Promise<boolean> {
    const trial = this.#trial;
    if (trial === null) return false;
    if (this.#spreading !== null) {
      if (!isKept) this.#spreading.cancelledBy ??= by;
    } else if (isKept) await this.#keep(trial, `${by} has decided`, isForced);
    else await this.#rollBack(trial, `${by} has decided`);
    return true;
  }

  /** One that a former process began has ended. */
  recall(state: StagedState): void {
    this.#state = state;
    this.#options.onEnd(state);
  }

  /** Something else has changed, or is about to. */
  superseded(): void {
    if (this.#trial !== null) this.#end('superseded', 'another change came');
  }

  close(): void {
    clearInterval(this.#timer);
    this.#trial = null;
  }

  async #keep(trial: Trial, reason: string, isForced: boolean): Promise<void> {
    if (trial.spread === undefined) {
      this.#end('kept', reason);
      return;
    }
    clearInterval(this.#timer);
    const spreading = { cancelledBy: null as string | null };
    this.#spreading = spreading;
    this.#state = { ...this.#state!, phase: 'applying' };
    const cancelled = (): string | null => spreading.cancelledBy && `${spreading.cancelledBy} has decided`;
    const obstacle = await trial.spread({ isForced, cancelled }).catch((error: Error) => error.message);
    this.#spreading = null;
    if (this.#trial !== trial) return; // closed meanwhile
    if (obstacle === null) this.#end('kept', `${reason}, and all servers have it`);
    else await this.#rollBack(trial, obstacle);
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
