// Votes over Redis, ours and those of others: each is told once, whichever way it came; what a prober has withdrawn is told as such.

import type { Peer } from '../model/mesh.ts';
import type { Vote } from '../model/verdict.ts';
import { KnownVotes } from './known-votes.ts';
import { RedisOwnVotes } from './redis-own-votes.ts';
import type { Desk, Part } from './redis-part.ts';
import { RedisVotes } from './redis-votes.ts';
import { decodeVote, encodeVote, type VotesHead } from './vote-record.ts';

export class RedisBallots {
  readonly #desk: Desk;
  readonly #self: Peer;
  readonly #known = new KnownVotes();
  readonly #others: RedisVotes;
  readonly #own: RedisOwnVotes;
  readonly parts: readonly Part[];

  constructor(desk: Desk, self: Peer) {
    this.#desk = desk;
    this.#self = self;
    this.#others = new RedisVotes(desk, { onVotes: (head, votes) => this.#read(head, votes) });
    this.#own = new RedisOwnVotes(desk, self);
    this.parts = [this.#others, this.#own];
  }

  publish(votes: readonly Vote[]): void {
    const ours = votes.filter((vote) => this.#isGood(vote) && this.#own.publish(vote));
    this.#tell(ours);
    if (this.#own.isHungry) this.#desk.kick();
  }

  withdraw(): void {
    const { id, epoch } = this.#self;
    const upTo = this.#own.withdraw();
    if (this.#known.withdraw(id, epoch, upTo, this.#desk.clock.nowMs()) !== undefined) this.#desk.box.withdrawn(id, epoch, upTo);
    this.#desk.kick();
  }

  readonly farewell: RedisOwnVotes['farewell'] = () => this.#own.farewell();

  nudged(): void {
    this.#others.nudged();
  }

  /** Of the newest entry in the log. */
  checkNumber(number: number): void {
    this.#others.checkNumber(number);
  }

  /** What a prober said before it was known to live must be read once more. */
  seen(peers: readonly Peer[]): void {
    for (const { id, epoch } of peers) if (this.#known.seen(id, epoch)) this.#others.readAgain();
  }

  /** Once a heartbeat, by the clock of the mesh. */
  tick(nowMs: number): void {
    this.#own.expire(nowMs);
    this.#known.sweep(nowMs);
  }

  /** A vote that others would not understand, or that is not ours, must not get in. */
  #isGood(vote: Vote): boolean {
    const { id, region, epoch } = this.#self;
    const head = { prober: id, region, epoch, withdrawn: 0, write: 0 };
    const isGood = vote.prober === id && vote.epoch === epoch && decodeVote(head, vote.target, encodeVote(vote)) !== undefined;
    if (!isGood) this.#desk.complaints.ignore('vote', 'what we publish ourselves');
    return isGood;
  }

  #read({ prober, epoch, withdrawn }: VotesHead, votes: readonly Vote[]): void {
    const { box, clock } = this.#desk;
    const remaining = this.#known.withdraw(prober, epoch, withdrawn, clock.nowMs());
    if (remaining !== undefined) {
      box.withdrawn(prober, epoch, withdrawn);
      box.votes(remaining);
    }
    this.#tell(votes);
  }

  #tell(votes: readonly Vote[]): void {
    this.#desk.box.votes(this.#known.take(votes, this.#desk.clock.nowMs()));
  }
}
