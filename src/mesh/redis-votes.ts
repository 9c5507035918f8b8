// Everybody's votes out of Redis. A joiner reads the hashes of all probers at once; from then on only new entries of the log are
// read. Entries carry numbers: a hole (we were away for longer than the log reaches back) or a number that goes back (Redis came
// back empty or with old data) means to read the hashes again. What is not news is filtered out later (known-votes.ts).

import type { Vote } from '../model/verdict.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, listOf, type Part, pairsOf, type Round } from './redis-part.ts';
import { decodeHead, decodeVote, HEAD_FIELD, type VotesHead } from './vote-record.ts';

/** Entries in one read: at most 5 MB. */
const READ_COUNT = 256;
/** Hashes in one round: each is as large as a prober's votes. */
const HASHES_AT_ONCE = 8;

export interface VotesOptions {
  /** Votes of one prober, and what its head says of withdrawn ones. */
  onVotes(head: VotesHead, votes: readonly Vote[]): void;
}

type Step = 'start' | 'hashes' | 'live';

export class RedisVotes implements Part {
  readonly #desk: Desk;
  readonly #options: VotesOptions;
  #step: Step = 'start';
  #isAsked = false;
  #isNudged = true;
  /** Probers whose hash is still to be read. */
  #probers: string[] = [];
  #asked: readonly string[] = [];
  #lastId = '0-0';
  #number = 0;
  /** What the number was when the round was sent, and what Redis says it is. */
  #numberBefore = 0;
  #isMore = false;

  constructor(desk: Desk, options: VotesOptions) {
    this.#desk = desk;
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#step === 'live';
  }

  get isHungry(): boolean {
    return this.#step !== 'live' || this.#isNudged || this.#isMore;
  }

  nudged(): void {
    this.#isNudged = true;
  }

  /** All votes once more: some that were turned away may count now. */
  readAgain(): void {
    if (this.#step === 'live') this.#step = 'start';
  }

  /** Redis says that this is the newest number of the log; said after everything else of the round has been taken. */
  checkNumber(number: number): void {
    if (this.#step === 'live' && !this.#isMore && (number > this.#number || number < this.#numberBefore)) this.#step = 'start';
  }

  ask({ isBeat }: Round): readonly Command[] {
    const { keys, clock } = this.#desk;
    this.#isAsked = true;
    this.#numberBefore = this.#number;
    switch (this.#step) {
      case 'start':
        return [
          ['XREVRANGE', keys.log, '+', '-', 'COUNT', 1],
          ['HGET', keys.state, 'log'],
          ['ZRANGEBYSCORE', keys.voters, clock.nowMs(), '+inf'],
        ];
      case 'hashes':
        this.#asked = this.#probers.slice(0, HASHES_AT_ONCE);
        return this.#asked.map((prober): Command => ['HGETALL', keys.votes(prober)]);
      case 'live':
        this.#isAsked = isBeat || this.isHungry;
        this.#isNudged = false;
        return this.#isAsked ? [['XREAD', 'COUNT', READ_COUNT, 'STREAMS', keys.log, this.#lastId]] : [];
    }
  }

  take(replies: readonly Reply[]): void {
    if (!this.#isAsked) return;
    if (this.#step === 'start') this.#takeStart(replies);
    else if (this.#step === 'hashes') this.#takeHashes(replies);
    else this.#takeLog(replies[0]);
  }

  lost(): void {
    this.#step = 'start';
    this.#isAsked = false;
    this.#isMore = false;
  }

  #takeStart([newest, number, voters]: readonly Reply[]): void {
    this.#desk.report('log', errorOf(newest) ?? errorOf(number));
    this.#desk.report('voters', errorOf(voters));
    const entries = listOf(newest);
    const ids = listOf(voters);
    if (entries === undefined || ids === undefined || number?.ok !== true) return;
    const entry = entryOf(entries[0]);
    this.#lastId = idOf(entries[0]) ?? '0-0';
    this.#number = entry?.number ?? Number(number.value ?? 0);
    this.#probers = ids.map(String);
    this.#step = this.#probers.length > 0 ? 'hashes' : 'live';
    this.#isNudged = true; // what has come since
  }

  #takeHashes(replies: readonly Reply[]): void {
    for (const [i, prober] of this.#asked.entries()) {
      const key = this.#desk.keys.votes(prober);
      const list = listOf(replies[i]);
      this.#desk.report(`votes of ${prober}`, errorOf(replies[i]));
      if (list !== undefined && list.length > 0) this.#decode(prober, list, key);
    }
    this.#probers = this.#probers.slice(this.#asked.length);
    this.#asked = [];
    if (this.#probers.length === 0) this.#step = 'live';
  }

  #takeLog(reply: Reply | undefined): void {
    this.#desk.report('log', errorOf(reply));
    if (reply?.ok !== true) {
      this.#step = 'start';
      return;
    }
    const streams = listOf(reply) ?? [];
    const entries = Array.isArray(streams[0]) && Array.isArray(streams[0][1]) ? (streams[0][1] as readonly unknown[]) : [];
    this.#isMore = entries.length >= READ_COUNT;
    let hasHole = false;
    for (const raw of entries) {
      const entry = entryOf(raw);
      this.#lastId = idOf(raw) ?? this.#lastId;
      if (entry === undefined) {
        this.#desk.complaints.ignore('log entry', this.#desk.keys.log);
        continue;
      }
      hasHole ||= entry.number !== this.#number + 1;
      this.#number = entry.number;
      this.#decode(entry.prober, entry.fields, this.#desk.keys.log);
    }
    if (hasHole) this.#step = 'start';
  }

  #decode(prober: string, fields: readonly unknown[], where: string): void {
    const { complaints } = this.#desk;
    const pairs = pairsOf(fields);
    const head = decodeHead(prober, pairs.find(([field]) => field === HEAD_FIELD)?.[1]);
    if (head === undefined) {
      complaints.ignore('set of votes', where);
      return;
    }
    const votes = pairs.flatMap(([target, record]) => {
      if (target === HEAD_FIELD) return [];
      const vote = decodeVote(head, target, record);
      if (vote === undefined) complaints.ignore('vote', where);
      return vote ?? [];
    });
    this.#options.onVotes(head, votes);
  }
}

const idOf = (raw: unknown): string | undefined => (Array.isArray(raw) && typeof raw[0] === 'string' ? raw[0] : undefined);

interface Entry {
  readonly number: number;
  readonly prober: string;
  readonly fields: readonly unknown[];
}

/** `[id, ['#', number, 'p', prober, '@', head, target, vote, ...]]`; undefined if it is not that. */
function entryOf(raw: unknown): Entry | undefined {
  if (!Array.isArray(raw) || !Array.isArray(raw[1])) return undefined;
  const [sign, number, p, prober, ...fields] = raw[1] as readonly unknown[];
  if (sign !== '#' || p !== 'p' || typeof prober !== 'string' || !/^\d{1,15}$/.test(String(number))) return undefined;
  return { number: Number(number), prober, fields };
}
