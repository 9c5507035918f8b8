// Verdicts for those who join later. All servers come to the same verdicts, so one of them writes: it holds a lease, in the hash
// itself, and sends only what has changed since its last write. Each process also keeps its own in the state directory, for a
// start while Redis is out.

import type { Verdict } from '../model/verdict.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, listOf, type Part, pairsOf, type Round } from './redis-part.ts';
import { SAVE_VERDICTS } from './redis-scripts.ts';
import type { StateFile } from './state-file.ts';
import { decodeVerdict, encodeVerdict } from './verdict-record.ts';

export interface VerdictsOptions {
  /** Tells us from other writers, and from our former self. */
  readonly writer: string;
  /** How long after its last write the writer keeps others from writing. */
  readonly leaseMs: number;
  readonly file: StateFile<readonly Verdict[]> | null;
}

type Texts = ReadonlyMap<string, string>;

export class RedisVerdicts implements Part {
  readonly #desk: Desk;
  readonly #options: VerdictsOptions;
  /** To be written; null = nothing. */
  #unsaved: Texts | null = null;
  /** What Redis has from us, and the number of that write; null = unknown. */
  #written: { readonly texts: Texts; readonly number: number } | null = null;
  #asked: { readonly texts: Texts | null; readonly isReading: boolean } | null = null;
  #readers: ((verdicts: readonly Verdict[] | undefined) => void)[] = [];

  constructor(desk: Desk, options: VerdictsOptions) {
    this.#desk = desk;
    this.#options = options;
  }

  readonly isReady = true;

  get isHungry(): boolean {
    return this.#readers.length > 0;
  }

  /** Goes to Redis with the next heartbeat; resolves when the state directory has it. */
  async save(verdicts: readonly Verdict[]): Promise<void> {
    this.#unsaved = new Map(verdicts.map((verdict) => [verdict.target, encodeVerdict(verdict)]));
    await this.#options.file?.save(verdicts).then(
      () => this.#desk.report('verdicts file', null),
      (error: Error) => this.#desk.report('verdicts file', error),
    );
  }

  /** Those of Redis; those of the state directory if Redis has none or does not answer. */
  async load(isConnected: boolean): Promise<readonly Verdict[]> {
    const shared = isConnected ? await this.#read() : undefined;
    if (shared !== undefined && shared.length > 0) return shared;
    return (await this.#options.file?.load()) ?? [];
  }

  ask({ isBeat }: Round): readonly Command[] {
    const { verdicts } = this.#desk.keys;
    const commands: Command[] = [];
    const isReading = this.#readers.length > 0;
    const texts = isBeat ? this.#unsaved : null;
    if (texts !== null) commands.push(this.#save(texts));
    if (isReading) commands.push(['HGETALL', verdicts]);
    this.#asked = { texts, isReading };
    return commands;
  }

  take(replies: readonly Reply[]): void {
    const asked = this.#asked;
    this.#asked = null;
    if (asked === null) return;
    if (asked.texts !== null) this.#takeSave(asked.texts, replies[0]);
    if (asked.isReading) this.#takeVerdicts(replies.at(-1));
  }

  lost(): void {
    this.#asked = null;
    this.#written = null; // unknown: the last write may or may not have arrived
    this.#answer(undefined);
  }

  #save(texts: Texts): Command {
    const { writer, leaseMs } = this.#options;
    const base = this.#written;
    const changed = [...texts].filter(([target, text]) => base?.texts.get(target) !== text).flat();
    const forgotten = base === null ? [] : [...base.texts.keys()].filter((target) => !texts.has(target));
    const rest = [writer, leaseMs, base?.number ?? 0, base === null ? 1 : 0, forgotten.length];
    return [SAVE_VERDICTS, this.#desk.keys.verdicts, ...rest, ...forgotten, ...changed];
  }

  #takeSave(texts: Texts, reply: Reply | undefined): void {
    this.#desk.report('verdicts', errorOf(reply));
    if (reply?.ok !== true || typeof reply.value !== 'number') return;
    const number = reply.value;
    this.#written = number > 0 ? { texts, number } : null;
    const isDone = number !== -2; // -2: once more, all of it
    if (isDone && this.#unsaved === texts) this.#unsaved = null;
  }

  #read(): Promise<readonly Verdict[] | undefined> {
    return new Promise((resolve) => {
      this.#readers.push(resolve);
      this.#desk.kick();
    });
  }

  #takeVerdicts(reply: Reply | undefined): void {
    this.#desk.report('verdicts', errorOf(reply));
    const { verdicts: key } = this.#desk.keys;
    const verdicts = pairsOf(listOf(reply) ?? []).flatMap(([target, text]) => {
      if (String(target).startsWith('@')) return [];
      const verdict = decodeVerdict(target, text);
      if (verdict === undefined) this.#desk.complaints.ignore('verdict', key);
      return verdict ?? [];
    });
    this.#answer(verdicts);
  }

  #answer(verdicts: readonly Verdict[] | undefined): void {
    for (const resolve of this.#readers.splice(0)) resolve(verdicts);
  }
}
