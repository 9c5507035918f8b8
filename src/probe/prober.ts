// One prober: starts checks when the schedule says so and hands on what they found. One timer for all targets. What follows from
// a result, and when to look again, is decided elsewhere: `nextDelayMs` and `onResult` are ports for health/.

import type { Clock } from '../base/clock.ts';
import { type Checker, type CheckResult, OUTCOME, type Target } from '../model/probe.ts';
import { Schedule, type ScheduleLimits, type Turn } from './schedule.ts';

export interface ProberOptions {
  /** Our own id in the mesh: it spreads our starts apart from those of other probers. */
  readonly id: string;
  readonly checker: Checker;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly limits: ScheduleLimits;
  /** Time from the start of the check that gave this result to the start of the next. */
  readonly nextDelayMs: (target: Target, result: CheckResult) => number;
  /** Called before `nextDelayMs`, for every check that came to its end. `atMs` is the wall clock. */
  readonly onResult: (target: Target, result: CheckResult, atMs: number) => void;
  /** How late a check started, in milliseconds. */
  readonly onStart?: (lateMs: number) => void;
}

/** Longest sleep: the clock may be moved, and a timer that is wrong must not stay so. */
const MAX_SLEEP_MS = 1000;

export class Prober {
  readonly #options: ProberOptions;
  readonly #schedule: Schedule;
  /** Of checks under way, to give them up. */
  readonly #running = new Map<string, AbortController>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #onIdle: (() => void) | undefined;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#schedule = new Schedule(options.id, options.limits, options.random);
  }

  /** Replaces all targets: starts with new ones, gives up what is under way for those that are gone. */
  setTargets(targets: readonly Target[]): void {
    if (this.#isStopped) return;
    for (const key of this.#schedule.setTargets(targets, this.#options.clock.monotonicMs())) this.#running.get(key)?.abort();
    this.#tick();
  }

  /** Gives up everything; resolves when the last check has closed its sockets. No result is handed on any more. */
  stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const controller of this.#running.values()) controller.abort();
    if (this.#schedule.running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  readonly #tick = (): void => {
    const { clock } = this.#options;
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    for (;;) {
      const turn = this.#schedule.next(clock.monotonicMs());
      if (turn === undefined) break;
      void this.#check(turn);
    }
    const nowMs = clock.monotonicMs();
    const wakeMs = this.#schedule.wakeMs(nowMs);
    if (wakeMs !== undefined) this.#timer = setTimeout(this.#tick, Math.min(MAX_SLEEP_MS, Math.max(1, wakeMs - nowMs)));
  };

  async #check(turn: Turn): Promise<void> {
    const { checker, clock, onStart } = this.#options;
    // The turn may be given another target while the check is under way; the result is of this one.
    const { target } = turn;
    const controller = new AbortController();
    this.#running.set(target.key, controller);
    onStart?.(clock.monotonicMs() - turn.meantMs);
    const result = await checker.check(target, controller.signal);
    if (this.#running.get(target.key) === controller) this.#running.delete(target.key);
    const delayMs = controller.signal.aborted ? target.probe.cadence.intervalMs : this.#conclude(target, result);
    this.#schedule.finished(turn, result.outcome, delayMs, clock.monotonicMs());
    if (this.#isStopped) {
      if (this.#schedule.running === 0) this.#onIdle?.();
    } else this.#wake();
  }

  #conclude(target: Target, result: CheckResult): number {
    this.#options.onResult(target, result, this.#options.clock.wallMs());
    const delayMs = this.#options.nextDelayMs(target, result);
    // A prober out of descriptors does not get any by trying harder.
    return result.outcome >= OUTCOME.NOT_CHECKED ? Math.max(delayMs, target.probe.cadence.intervalMs) : delayMs;
  }

  /** Many checks end together: one look at the schedule for all of them. */
  #isWaking = false;

  #wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      this.#tick();
    });
  }
}
