// Our own votes: the newest on each target is all that is kept, sent or not, so that an engine that is out for an hour costs no
// more memory than one that is out for a second, and one that comes back empty can be given everything again.

import type { Peer } from '../model/mesh.ts';
import type { Vote } from '../model/verdict.ts';
import { HEAD_FIELD, type VotesHead } from './vote-record.ts';

/** A part of what is to be sent, in one write. */
export interface Batch {
  readonly votes: readonly Vote[];
  /** Targets whose vote has expired. */
  readonly forgotten: readonly string[];
  /** Everything of ours in the engine is deleted first. */
  readonly isFromScratch: boolean;
  /** Others should read it at once. */
  readonly isUrgent: boolean;
  /** Which time of beginning from scratch it belongs to. */
  readonly generation: number;
}

/** Votes in one write: it blocks the engine for well under a millisecond, and is one entry of the log of about 20 KB. */
const BATCH_SIZE = 200;
const MAX_BATCHES = 20;

export class VoteOutbox {
  readonly #self: Peer;
  readonly #own = new Map<string, Vote>();
  readonly #unsent = new Set<string>();
  readonly #forgotten = new Set<string>();
  #isFromScratch = true;
  #isUrgent = false;
  #isUsed = false;
  #generation = 0;
  #lastSeq = 0;
  #withdrawn = 0;
  #write = 0;

  constructor(self: Peer) {
    this.#self = self;
  }

  /** Whether there has ever been anything to send. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  get hasUnsent(): boolean {
    return this.#unsent.size > 0 || this.#forgotten.size > 0 || (this.#isFromScratch && this.#isUsed);
  }

  /** Whether something is waiting that others should know at once: everything but a vote that only says "still so". */
  get isUrgent(): boolean {
    return this.#isUrgent;
  }

  /** Milliseconds from `nowMs` until the last of our votes expires. */
  lifeMs(nowMs: number): number {
    let lastMs = nowMs;
    for (const { expiresMs } of this.#own.values()) if (expiresMs > lastMs) lastMs = expiresMs;
    return lastMs - nowMs;
  }

  /** Takes a vote over unless it is not ours, or not newer than the one we have. */
  add(vote: Vote): boolean {
    const { id, epoch } = this.#self;
    if (vote.prober !== id || vote.epoch !== epoch || vote.target === HEAD_FIELD || vote.seq <= this.#withdrawn) return false;
    const previous = this.#own.get(vote.target);
    if (previous !== undefined && previous.seq >= vote.seq) return false;
    if (previous === undefined || !isRenewal(previous, vote)) this.#isUrgent = true;
    this.#own.set(vote.target, vote);
    this.#unsent.add(vote.target);
    this.#forgotten.delete(vote.target);
    this.#lastSeq = Math.max(this.#lastSeq, vote.seq);
    this.#isUsed = true;
    return true;
  }

  /** Takes back all votes so far; the sequence number up to which they no longer count, 0 if there were none. */
  withdraw(): number {
    this.#withdrawn = this.#lastSeq;
    this.#own.clear();
    if (this.#isUsed) this.sendAgain();
    return this.#withdrawn;
  }

  /** Everything is to be sent once more: the engine does not hold what we sent last. */
  sendAgain(): void {
    this.#generation++;
    this.#isFromScratch = true;
    this.#isUrgent = true;
    this.#forgotten.clear();
    this.#unsent.clear();
    for (const target of this.#own.keys()) this.#unsent.add(target);
  }

  expire(nowMs: number): void {
    for (const [target, vote] of this.#own) {
      if (vote.expiresMs > nowMs) continue;
      this.#own.delete(target);
      this.#unsent.delete(target);
      this.#forgotten.add(target);
    }
  }

  /** The head of the next write. */
  nextHead(): VotesHead {
    const { id, region, epoch } = this.#self;
    return { prober: id, region, epoch, withdrawn: this.#withdrawn, write: ++this.#write };
  }

  /** What is to be sent, in parts; the rest comes next time. */
  batches(): readonly Batch[] {
    if (!this.hasUnsent) return [];
    const isUrgent = this.#isUrgent;
    this.#isUrgent = false;
    const targets = [...this.#unsent].slice(0, BATCH_SIZE * MAX_BATCHES);
    if (targets.length < this.#unsent.size) this.#isUrgent = isUrgent;
    const batches: Batch[] = [];
    for (let i = 0; i === 0 || i < targets.length; i += BATCH_SIZE) {
      const votes = targets.slice(i, i + BATCH_SIZE).map((target) => this.#own.get(target)!);
      const forgotten = i === 0 ? [...this.#forgotten].slice(0, BATCH_SIZE) : [];
      batches.push({ votes, forgotten, isFromScratch: i === 0 && this.#isFromScratch, isUrgent, generation: this.#generation });
    }
    return batches;
  }

  /** A part has not been taken: what was urgent still is. */
  failed(): void {
    this.#isUrgent = true;
  }

  /** The engine has taken this part. It counts for nothing if it has been decided since to begin from scratch. */
  sent(batch: Batch): void {
    if (batch.generation !== this.#generation) return;
    if (batch.isFromScratch) this.#isFromScratch = false;
    for (const target of batch.forgotten) this.#forgotten.delete(target);
    for (const vote of batch.votes) if (this.#own.get(vote.target) === vote) this.#unsent.delete(vote.target);
  }
}

/** Nothing new but the time: the same opinion, for the same reason, as settled as before. */
function isRenewal(previous: Vote, vote: Vote): boolean {
  return (
    previous.isUp === vote.isUp &&
    previous.outcome === vote.outcome &&
    previous.against === vote.against &&
    previous.needed === vote.needed
  );
}
