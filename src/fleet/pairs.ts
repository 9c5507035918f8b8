// What an aggregator keeps of each (target, prober) pair beside the kernel: since when the prober is of its opinion, and the
// outcome that shows it. Both are for people and for the dating of verdicts; the kernel needs neither. Its threads may be at
// work, so all of this is touched between passes only.

import { OPINION } from '../health/damping.ts';
import { OUTCOME } from '../model/probe.ts';
import type { FleetColumns } from './fleet.ts';

export class PairNotes {
  /** Since when the opinion is what it is, in ms; 0 = unknown. */
  readonly sinceMs: Float64Array;
  readonly outcome: Uint8Array;
  /** What the opinion and the streak were after the last pass. */
  readonly #opinion: Uint8Array;
  readonly #streak: Uint8Array;
  /** 1 = the coming pass has a result of the pair already. */
  readonly #isQueued: Uint8Array;

  constructor(pairs: number) {
    this.sinceMs = new Float64Array(pairs);
    this.outcome = new Uint8Array(pairs);
    this.#opinion = new Uint8Array(pairs);
    this.#streak = new Uint8Array(pairs);
    this.#isQueued = new Uint8Array(pairs);
  }

  /** One result of a pair for each pass: a second one would hide what the first one changed. */
  isQueued(pair: number): boolean {
    return this.#isQueued[pair] === 1;
  }

  queue(pair: number): void {
    this.#isQueued[pair] = 1;
  }

  unqueue(pair: number): void {
    this.#isQueued[pair] = 0;
  }

  /** Takes the columns as they are for the last word on the pair. */
  note(pair: number, columns: FleetColumns, sinceMs: number, outcome: number): void {
    this.#opinion[pair] = columns.opinion[pair]!;
    this.#streak[pair] = columns.streak[pair]!;
    this.sinceMs[pair] = sinceMs;
    this.outcome[pair] = outcome;
  }

  /** What a result of the last pass has come to; whether it changed what a vote would say. */
  settle(pair: number, columns: FleetColumns, outcome: number, atMs: number): boolean {
    if (outcome >= OUTCOME.NOT_CHECKED) return false;
    const opinion = columns.opinion[pair]!;
    const streak = columns.streak[pair]!;
    const before = this.#opinion[pair]!;
    const hasOutcome = this.#takeOutcome(pair, opinion, outcome);
    if (opinion === before && !hasOutcome && streak === this.#streak[pair]) return false;
    // A held pair that gains or loses credit is of the opinion that it was.
    if (Math.min(opinion, OPINION.HELD) !== Math.min(before, OPINION.HELD)) this.sinceMs[pair] = atMs;
    this.#opinion[pair] = opinion;
    this.#streak[pair] = streak;
    return true;
  }

  /** Of a target that is down, the failure that shows it stays, not the first success on its way up; that is kept for the guard. */
  #takeOutcome(pair: number, opinion: number, outcome: number): boolean {
    const before = this.outcome[pair]!;
    const isRising = opinion === OPINION.DOWN && outcome === OUTCOME.OK;
    if (before === outcome || (isRising && before !== OUTCOME.OK)) return false;
    this.outcome[pair] = outcome;
    return true;
  }

  /** Takes over a pair of other notes. */
  copy(pair: number, from: PairNotes, fromPair: number): void {
    this.sinceMs[pair] = from.sinceMs[fromPair]!;
    this.outcome[pair] = from.outcome[fromPair]!;
    this.#opinion[pair] = from.#opinion[fromPair]!;
    this.#streak[pair] = from.#streak[fromPair]!;
  }
}
