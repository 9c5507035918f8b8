// Our votes into Redis: into our hash and, as one entry, into the log, by one script. With each heartbeat the head of the hash is
// compared with the one we wrote last; if Redis has lost it (flushed, restarted, failed over), everything is sent again.

import type { Peer } from '../model/mesh.ts';
import type { Vote } from '../model/verdict.ts';
import { NUDGE } from './redis-keys.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, type Part, type Round } from './redis-part.ts';
import { VOTE } from './redis-scripts.ts';
import { type Batch, VoteOutbox } from './vote-outbox.ts';
import { encodeHead, encodeVote, HEAD_FIELD } from './vote-record.ts';

/** Entries that the log keeps: 512 of at most about 20 KB. Readers come at least once a heartbeat; who misses some reads the hashes. */
const LOG_LENGTH = 512;
/** The hash outlives its last vote by this, for the sake of what it says about withdrawn ones. */
const MIN_LIFE_MS = 60_000;

interface Write {
  readonly number: number;
  readonly head: string;
  readonly batch: Batch;
}

export class RedisOwnVotes implements Part {
  readonly #desk: Desk;
  readonly #self: Peer;
  readonly #outbox: VoteOutbox;
  #writtenHead: string | null = null;
  /** Number of our newest write that Redis is known to have. */
  #written = 0;
  #asked: Write[] = [];
  #isChecking = false;
  #mayHurry = true;

  constructor(desk: Desk, self: Peer) {
    this.#desk = desk;
    this.#self = self;
    this.#outbox = new VoteOutbox(self);
  }

  readonly isReady = true;

  get isHungry(): boolean {
    return this.#mayHurry && this.#outbox.isUrgent;
  }

  /** Whether the vote is ours and newer than the one we have. */
  publish(vote: Vote): boolean {
    return this.#outbox.add(vote);
  }

  withdraw(): number {
    return this.#outbox.withdraw();
  }

  expire(nowMs: number): void {
    this.#outbox.expire(nowMs);
  }

  ask({ isBeat }: Round): readonly Command[] {
    const commands: Command[] = [];
    this.#isChecking = isBeat && this.#outbox.isUsed;
    if (this.#isChecking) commands.push(['HGET', this.#desk.keys.votes(this.#self.id), HEAD_FIELD]);
    this.#asked = isBeat || this.isHungry ? this.#writeAll(commands) : [];
    return commands;
  }

  take(replies: readonly Reply[]): void {
    const rest = [...replies];
    const expected = this.#writtenHead;
    const found = this.#isChecking ? rest.shift() : undefined;
    if (found !== undefined) this.#desk.report('own votes', errorOf(found));
    this.#mayHurry = true;
    for (const write of this.#asked) this.#takeWrite(rest.shift(), write);
    if (found?.ok === true && expected !== null && found.value !== expected) this.#outbox.sendAgain();
  }

  lost(): void {
    if (this.#asked.length > 0) this.#outbox.failed();
    this.#asked = [];
    this.#mayHurry = true;
  }

  /** What to send when we go: all our votes are taken back. */
  farewell(): readonly Command[] {
    if (!this.#outbox.isUsed) return [];
    this.#outbox.withdraw();
    const commands: Command[] = [];
    this.#writeAll(commands);
    return commands;
  }

  #writeAll(commands: Command[]): Write[] {
    let previous = this.#written;
    return this.#outbox.batches().map((batch) => {
      const write = this.#write(batch, previous, commands);
      previous = write.number;
      return write;
    });
  }

  #write(batch: Batch, previous: number, commands: Command[]): Write {
    const { keys, clock } = this.#desk;
    const { id, epoch } = this.#self;
    const next = this.#outbox.nextHead();
    const head = encodeHead(next);
    const lifeMs = Math.max(MIN_LIFE_MS, this.#outbox.lifeMs(clock.nowMs()));
    const votes = batch.votes.flatMap((vote) => [vote.target, encodeVote(vote)]);
    commands.push([
      VOTE,
      ...[keys.votes(id), keys.voters, keys.state, keys.log, keys.peers],
      ...[id, epoch, next.write, previous, head, lifeMs, LOG_LENGTH, batch.isFromScratch ? 1 : 0],
      ...[keys.nudge, batch.isUrgent ? NUDGE.VOTES : '', batch.forgotten.length, ...batch.forgotten, ...votes],
    ]);
    return { number: next.write, head, batch };
  }

  #takeWrite(reply: Reply | undefined, { number, head, batch }: Write): void {
    this.#desk.report('own votes', errorOf(reply));
    const code = reply?.ok === true ? reply.value : undefined;
    if (code !== 1 && code !== 2) {
      this.#mayHurry = false; // with the next heartbeat, not at once
      this.#outbox.failed();
      return;
    }
    this.#outbox.sent(batch);
    this.#written = number;
    this.#writtenHead = head;
    if (code === 2) this.#outbox.sendAgain();
  }
}
