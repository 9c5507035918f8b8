// The frame of every check: one deadline for all of it, a shorter one for connecting, a signal to give up, and a list of what
// to close. Whatever ends it first wins, everything is closed at once, and what comes later is not heard.

import { OUTCOME, type Outcome } from '../model/probe.ts';
import { type Finding, finding, messageOf, notChecked } from './finding.ts';

export interface Limits {
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal;
}

export class Attempt {
  readonly #limits: Limits;
  readonly #resolve: (result: Finding) => void;
  readonly #cleanups: (() => void)[] = [];
  readonly #expiry: NodeJS.Timeout;
  readonly #deadlineMs: number;
  #connecting: NodeJS.Timeout | undefined;
  #lastTurn: NodeJS.Immediate | undefined;
  #stage = 'starting';
  #isOver = false;

  constructor(limits: Limits, resolve: (result: Finding) => void) {
    this.#limits = limits;
    this.#resolve = resolve;
    this.#deadlineMs = performance.now() + limits.timeoutMs;
    this.#expiry = setTimeout(() => this.#expire(limits.timeoutMs), limits.timeoutMs);
    if (limits.signal.aborted) this.#abort();
    else limits.signal.addEventListener('abort', this.#abort);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get remainingMs(): number {
    return Math.max(1, this.#deadlineMs - performance.now());
  }

  /** What is under way, for the message if the time runs out meanwhile. */
  stage(text: string): void {
    this.#stage = text;
  }

  /** Starts the shorter deadline; `connected` ends it. */
  connecting(): void {
    const { connectTimeoutMs, timeoutMs } = this.#limits;
    this.stage('connecting');
    clearTimeout(this.#connecting);
    if (this.#isOver || connectTimeoutMs >= timeoutMs) return;
    this.#connecting = setTimeout(() => this.#expire(connectTimeoutMs), connectTimeoutMs);
  }

  connected(): void {
    clearTimeout(this.#connecting);
  }

  /** Runs at the end, or now if that was before. Must not throw. */
  onEnd(cleanup: () => void): void {
    if (this.#isOver) cleanup();
    else this.#cleanups.push(cleanup);
  }

  finish(outcome: Outcome, detail: string): void {
    this.end(finding(outcome, detail));
  }

  end(result: Finding): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#expiry);
    clearTimeout(this.#connecting);
    clearImmediate(this.#lastTurn);
    this.#limits.signal.removeEventListener('abort', this.#abort);
    // The newest first: a session is closed before the connection under it.
    for (const cleanup of this.#cleanups.reverse()) cleanup();
    this.#resolve(result);
  }

  readonly #abort = (): void => this.end(notChecked('given up'));

  /** Behind the reads that are due: what came in time must not be missed because this process was held up. */
  #expire(limitMs: number): void {
    this.#lastTurn ??= setImmediate(() => this.finish(OUTCOME.TIMEOUT, `${this.#stage}: nothing within ${limitMs} ms`));
  }
}

/** Runs `body` inside an attempt. A bug in it is the prober's own fault, not the target's. */
export function attempt(limits: Limits, body: (attempt: Attempt) => void): Promise<Finding> {
  return new Promise((resolve) => {
    const frame = new Attempt(limits, resolve);
    if (frame.isOver) return;
    try {
      body(frame);
    } catch (error) {
      frame.end(notChecked(messageOf(error)));
    }
  });
}
