// Messages on their way to one receiver: in order, one at a time, each tried again and again with a growing pause until it is
// delivered or has become too old. What cannot be delivered becomes a dead letter, never a loss without a trace.

import type { Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;

export interface Message {
  readonly id: string;
  /** Of the message without what is new at each attempt. */
  readonly body: string;
}

/** One attempt. Rejects if the receiver did not take it; `signal` ends it. */
export type Send = (message: Message, signal: AbortSignal) => Promise<void>;

export interface OutboxOptions {
  readonly receiver: string;
  readonly send: Send;
  readonly timeoutMs: number;
  readonly giveUpMs: number;
  readonly mostWaiting: number;
  readonly log: Logger;
  /** Takes what was not delivered, and why. Never rejects. */
  readonly bury: (receiver: string, message: Message, why: string) => Promise<void>;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** 1 unless given: pauses are so many times as long. */
  readonly pace?: number;
}

export interface OutboxCounts {
  readonly delivered: number;
  readonly failedAttempts: number;
  readonly dead: number;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #waiting: Message[] = [];
  readonly #end = new AbortController();
  #working: Promise<void> | null = null;
  #delivered = 0;
  #failedAttempts = 0;
  #dead = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get counts(): OutboxCounts {
    return { delivered: this.#delivered, failedAttempts: this.#failedAttempts, dead: this.#dead };
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Never waits. If too many wait, the oldest of them that is not under way becomes a dead letter. */
  post(message: Message): void {
    this.#waiting.push(message);
    if (this.#waiting.length > this.#options.mostWaiting) {
      const [oldest] = this.#waiting.splice(this.#waiting.length > 1 && this.#working !== null ? 1 : 0, 1);
      void this.#bury(oldest!, 'too many messages wait');
    }
    this.#working ??= this.#work();
  }

  /** What waits becomes dead letters: a server that starts again sees for itself what is wrong. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#working;
    for (const message of this.#waiting.splice(0)) await this.#bury(message, 'the server stopped');
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#end.signal.aborted) {
      const message = this.#waiting[0]!;
      const isDone = await this.#deliver(message);
      if (!isDone) break;
      const at = this.#waiting.indexOf(message);
      if (at >= 0) this.#waiting.splice(at, 1);
    }
    this.#working = null; // in the turn in which nothing waits any more
  }

  /** Whether it is delivered or buried; false = the outbox closes. */
  async #deliver(message: Message): Promise<boolean> {
    const { receiver, send, timeoutMs, giveUpMs, log, nowMs, pace = 1 } = this.#options;
    const startedMs = nowMs();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
      try {
        await this.#attempt(send, message, timeoutMs);
        this.#delivered++;
        return true;
      } catch (error) {
        if (this.#end.signal.aborted) return false;
        this.#failedAttempts++;
        const why = whyOf(error);
        log.warn({ code: 'ERR_ALERT_DELIVERY', receiver, id: message.id, message: why }, 'an alert was not delivered');
        if (nowMs() - startedMs + pauseMs * pace > giveUpMs) {
          await this.#bury(message, why);
          return true;
        }
      }
      await sleep(pauseMs * pace, this.#end.signal);
    }
  }

  /** With a timer of our own: one that only a combined signal holds (AbortSignal.any) is lost to the garbage collector in Node 20. */
  async #attempt(send: Send, message: Message, timeoutMs: number): Promise<void> {
    const { signal } = this.#end;
    const attempt = new AbortController();
    const end = (): void => attempt.abort(signal.reason);
    const timer = setTimeout(() => attempt.abort(new Error(`no reply within ${timeoutMs} ms`)), timeoutMs);
    signal.addEventListener('abort', end);
    try {
      await send(message, attempt.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }

  async #bury(message: Message, why: string): Promise<void> {
    const { receiver, bury, log } = this.#options;
    this.#dead++;
    log.error({ code: 'ERR_ALERT_DELIVERY', receiver, id: message.id, message: why }, 'an alert has become a dead letter');
    await bury(receiver, message, why);
  }
}

function whyOf(error: unknown): string {
  const { message, cause } = error as Error & { readonly cause?: Error };
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
