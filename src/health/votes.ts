// The newest vote of each prober on each target. Facts may come in any order and any number of times: a vote counts if its
// (epoch, seq) is the greatest known of that target and prober, and greater than what its prober has taken back. So two tables
// that have heard the same facts hold the same votes.

import type { Vote } from '../model/verdict.ts';

type Order = Pick<Vote, 'epoch' | 'seq'>;

interface Votes {
  readonly byProber: Map<string, Vote>;
  revision: number;
}

export class VoteTable {
  readonly #byTarget = new Map<string, Votes>();
  #revision = 0;
  /** By prober: votes up to this one are void. */
  readonly #void = new Map<string, Order>();

  /** Takes a vote; says whether the table changed. */
  add(vote: Vote): boolean {
    const taken = this.#void.get(vote.prober);
    if (taken !== undefined && !isNewer(vote, taken)) return false;
    let votes = this.#byTarget.get(vote.target);
    if (votes === undefined) {
      votes = { byProber: new Map(), revision: 0 };
      this.#byTarget.set(vote.target, votes);
    }
    const known = votes.byProber.get(vote.prober);
    if (known !== undefined && !isNewer(vote, known)) return false;
    votes.byProber.set(vote.prober, vote);
    votes.revision = ++this.#revision;
    return true;
  }

  /** The prober takes back its votes: those up to (epoch, seq) never count again. */
  withdraw(prober: string, epoch: number, seq: number): void {
    const taken = { epoch, seq };
    const known = this.#void.get(prober);
    if (known !== undefined && !isNewer(taken, known)) return;
    this.#void.set(prober, taken);
    this.#forget((vote) => vote.prober === prober && !isNewer(vote, taken));
  }

  /** Votes on a target that count at this moment, by prober. */
  fresh(target: string, nowMs: number): Vote[] {
    const votes = [...(this.#byTarget.get(target)?.byProber.values() ?? [])].filter((vote) => vote.expiresMs > nowMs);
    return votes.sort((a, b) => (a.prober < b.prober ? -1 : 1));
  }

  /** Another number after each change to the votes on a target; 0 = there are none. */
  revisionOf(target: string): number {
    return this.#byTarget.get(target)?.revision ?? 0;
  }

  /** Frees the memory of votes that expired before `beforeMs`, which lies so far back that none of them comes again. */
  sweep(beforeMs: number): void {
    this.#forget((vote) => vote.expiresMs < beforeMs);
  }

  /** Votes held, fresh or not. */
  get size(): number {
    let size = 0;
    for (const { byProber } of this.#byTarget.values()) size += byProber.size;
    return size;
  }

  #forget(isGone: (vote: Vote) => boolean): void {
    for (const [target, votes] of this.#byTarget) {
      for (const vote of votes.byProber.values()) {
        if (!isGone(vote)) continue;
        votes.byProber.delete(vote.prober);
        votes.revision = ++this.#revision;
      }
      if (votes.byProber.size === 0) this.#byTarget.delete(target);
    }
  }
}

function isNewer(vote: Order, known: Order): boolean {
  return vote.epoch > known.epoch || (vote.epoch === known.epoch && vote.seq > known.seq);
}
