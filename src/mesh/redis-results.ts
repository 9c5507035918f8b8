// Results on their way to aggregators: one stream for each aggregator, which only it reads, bounded in length, in octets and in
// life. What does not get through in time is lost: the next result tells the same.

import { type Peer, RESULT_BATCH_MAX_SIZE } from '../model/mesh.ts';
import { isCount, isText, MAX_PROCESS_ID_LENGTH } from './decode.ts';
import { NUDGE } from './redis-keys.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, listOf, type Part, type Round } from './redis-part.ts';

/** Batches that a stream keeps: 16 MB at the very most. */
const STREAM_LENGTH = 512;
/** A stream is gone so long after the last batch. */
const LIFE_MS = 30_000;
/** Batches kept while a round is under way; beyond that the oldest are lost. */
const MAX_QUEUED = 256;
/** Batches in one read: 4 MB at most. */
const READ_COUNT = 128;

interface Queued {
  readonly fleet: string;
  readonly batch: Uint8Array;
  readonly isUrgent: boolean;
}

export interface ResultsOptions {
  readonly self: Peer;
  isConnected(): boolean;
  onResults(prober: string, epoch: number, batch: Uint8Array): void;
}

export class RedisResults implements Part {
  readonly #desk: Desk;
  readonly #options: ResultsOptions;
  #queue: Queued[] = [];
  #sent = 0;
  /** Whether we are an aggregator. */
  #isReader: boolean;
  /** Null = what is there is from before our time: only its end is looked up. */
  #lastId: string | null = null;
  #isDue = false;
  #asked: 'end' | 'batches' | null = null;

  constructor(desk: Desk, options: ResultsOptions) {
    this.#desk = desk;
    this.#options = options;
    this.#isReader = options.self.roles.includes('fleet');
  }

  readonly isReady = true;

  get isHungry(): boolean {
    return this.#queue.length > 0 || (this.#isReader && this.#isDue);
  }

  announce({ roles }: Peer): void {
    this.#isReader = roles.includes('fleet');
  }

  /** Something may have come for us; true if that concerns us. */
  due(): boolean {
    this.#isDue = this.#isReader;
    return this.#isReader;
  }

  send(fleet: string, batch: Uint8Array, isUrgent: boolean): void {
    if (batch.length > RESULT_BATCH_MAX_SIZE) this.#desk.complaints.ignore('batch of results', 'what we send ourselves');
    else if (this.#options.isConnected()) {
      if (this.#queue.length >= MAX_QUEUED) this.#queue.shift();
      this.#queue.push({ fleet, batch, isUrgent });
      this.#desk.kick();
    }
  }

  ask({ isBeat }: Round): readonly Command[] {
    const commands = this.#reading(isBeat);
    const expiring = new Set<string>();
    for (const { fleet, batch } of this.#queue) {
      const key = this.#desk.keys.results(fleet);
      const { id, epoch } = this.#options.self;
      expiring.add(key);
      const octets = Buffer.from(batch.buffer, batch.byteOffset, batch.length);
      commands.push(['XADD', key, 'MAXLEN', STREAM_LENGTH, '*', 'p', id, 'e', epoch, 'b', octets]);
    }
    for (const key of expiring) commands.push(['PEXPIRE', key, LIFE_MS]);
    if (this.#queue.some(({ isUrgent }) => isUrgent)) commands.push(['PUBLISH', this.#desk.keys.nudge, NUDGE.RESULTS]);
    this.#sent = commands.length - (this.#asked === null ? 0 : 1);
    this.#queue = [];
    return commands;
  }

  /** What to send when we go: the last batches. */
  farewell(): readonly Command[] {
    this.#isReader = false;
    return this.ask({ isBeat: false, sentMs: 0, receivedMs: 0 });
  }

  take(replies: readonly Reply[]): void {
    const asked = this.#asked;
    this.#asked = null;
    if (asked !== null) this.#takeBatches(asked, replies[0]);
    const sent = replies.slice(asked === null ? 0 : 1).map(errorOf);
    if (this.#sent > 0) this.#desk.report('results sent', sent.find((error) => error !== null) ?? null);
  }

  lost(): void {
    this.#asked = null;
    this.#lastId = null;
    this.#queue = [];
  }

  #reading(isBeat: boolean): Command[] {
    const key = this.#desk.keys.results(this.#options.self.id);
    const isRead = this.#isReader && (isBeat || this.#isDue || this.#lastId === null);
    this.#isDue = false;
    this.#asked = isRead ? (this.#lastId === null ? 'end' : 'batches') : null;
    if (this.#asked === null) return [];
    if (this.#asked === 'end') return [[{ forOctets: 'XREVRANGE' }, key, '+', '-', 'COUNT', 1]];
    return [[{ forOctets: 'XREAD' }, 'COUNT', READ_COUNT, 'STREAMS', key, this.#lastId!]];
  }

  #takeBatches(asked: 'end' | 'batches', reply: Reply | undefined): void {
    this.#desk.report('results', errorOf(reply));
    if (reply?.ok !== true) return;
    const list = listOf(reply) ?? [];
    if (asked === 'end') {
      this.#lastId = textOf(Array.isArray(list[0]) ? list[0][0] : undefined) ?? '0-0';
      this.#isDue = true;
      return;
    }
    const [stream] = list;
    const entries = Array.isArray(stream) && Array.isArray(stream[1]) ? (stream[1] as readonly unknown[]) : [];
    this.#isDue = entries.length >= READ_COUNT;
    for (const entry of entries) this.#takeEntry(entry);
  }

  #takeEntry(entry: unknown): void {
    const [id, fields] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
    this.#lastId = textOf(id) ?? this.#lastId;
    const [p, prober, e, epoch, b, batch] = Array.isArray(fields) ? (fields as readonly unknown[]) : [];
    const from = textOf(prober);
    const since = Number(textOf(epoch));
    const isWhole = textOf(p) === 'p' && textOf(e) === 'e' && textOf(b) === 'b' && batch instanceof Uint8Array;
    if (!isWhole || !isText(from, MAX_PROCESS_ID_LENGTH) || !isCount(since) || batch.length > RESULT_BATCH_MAX_SIZE) {
      this.#desk.complaints.ignore('batch of results', this.#desk.keys.results(this.#options.self.id));
      return;
    }
    this.#options.onResults(from, since, batch);
  }
}

const textOf = (octets: unknown): string | undefined =>
  octets instanceof Uint8Array ? Buffer.from(octets).toString() : undefined;
