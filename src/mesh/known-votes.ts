// The newest vote of each prober on each target, as far as we know. Whatever the engine says, in whatever order and however often,
// only a vote with a greater (epoch, sequence number) than the known one is news; a withdrawn or expired one never is.

import type { Vote } from '../model/verdict.ts';

interface Prober {
  epoch: number;
  /** Votes up to this sequence number do not count. */
  withdrawn: number;
  votes: Map<string, Vote>;
  silentSinceMs: number;
}

/** What a prober withdrew is remembered for this long after its last vote: an engine with old data may bring it back. */
const FORGET_MS = 600_000;

export class KnownVotes {
  readonly #probers = new Map<string, Prober>();
  /** Epochs of former selves that were in the way: what the engine still has of them must not put them there again. */
  readonly #dead = new Map<string, number>();

  /** Those of `votes` that are news. */
  take(votes: readonly Vote[], nowMs: number): readonly Vote[] {
    return votes.filter((vote) => vote.expiresMs > nowMs && this.#isNews(vote, nowMs));
  }

  #isNews(vote: Vote, nowMs: number): boolean {
    const prober = this.#proberOf(vote.prober, vote.epoch, nowMs);
    if (prober === undefined || vote.seq <= prober.withdrawn) return false;
    const known = prober.votes.get(vote.target);
    if (known !== undefined && known.seq >= vote.seq) return false;
    prober.votes.set(vote.target, vote);
    return true;
  }

  /**
   * A prober has taken back its votes up to the sequence number `withdrawn`. Undefined if that is known; else its votes that still
   * count.
   */
  withdraw(id: string, epoch: number, withdrawn: number, nowMs: number): readonly Vote[] | undefined {
    const prober = this.#proberOf(id, epoch, nowMs);
    if (prober === undefined || withdrawn <= prober.withdrawn) return undefined;
    prober.withdrawn = withdrawn;
    for (const [target, vote] of prober.votes) if (vote.seq <= withdrawn || vote.expiresMs <= nowMs) prober.votes.delete(target);
    return [...prober.votes.values()];
  }

  /**
   * A process is alive with this epoch. If it is an earlier one than we know, its clock has been set back between two starts (a
   * process that lives is not overtaken by its former self): the later epoch is dead and no longer in the way. True if it was:
   * votes may have been turned away that count now.
   */
  seen(id: string, epoch: number): boolean {
    if (this.#dead.get(id) === epoch) return this.#dead.delete(id); // it has started since, and we had heard it first
    const known = this.#probers.get(id);
    if (known === undefined || known.epoch <= epoch) return false;
    this.#dead.set(id, known.epoch);
    return this.#probers.delete(id);
  }

  /** Forgets votes that have expired, and after a while those who cast them. */
  sweep(nowMs: number): void {
    for (const [id, prober] of this.#probers) {
      for (const [target, vote] of prober.votes) if (vote.expiresMs <= nowMs) prober.votes.delete(target);
      if (prober.votes.size > 0) prober.silentSinceMs = nowMs;
      else if (nowMs - prober.silentSinceMs > FORGET_MS) this.#probers.delete(id);
    }
  }

  /** The prober, begun anew if this is a later epoch; undefined if it is an earlier one, or a dead one. */
  #proberOf(id: string, epoch: number, nowMs: number): Prober | undefined {
    const known = this.#probers.get(id);
    if ((known !== undefined && known.epoch > epoch) || this.#dead.get(id) === epoch) return undefined;
    if (known !== undefined && known.epoch === epoch) return known;
    const prober: Prober = { epoch, withdrawn: 0, votes: new Map(), silentSinceMs: nowMs };
    this.#probers.set(id, prober);
    return prober;
  }
}
