// A set of things over Redis: overrides, notes. Every process keeps the newest set it knows (in memory and in the state directory) and compares it with
// Redis's at each heartbeat; book-history.ts says which counts. An older set in Redis is replaced, a fork is merged, both by
// compare-and-set on the revision that was read. A change is the same compare-and-set, asked for by a person or a tool.

import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Book, type BookKind, decodeBook, EMPTY_BOOK, encodeBook, type Item } from './book.ts';
import { checkItems, conflict, meshProblem } from './book-check.ts';
import { change, merge, relate } from './book-history.ts';
import type { Journal } from './journal.ts';
import { markOf, newMark } from './mesh-files.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, listOf, type Part, type Round } from './redis-part.ts';
import { REPLACE_BOOK } from './redis-scripts.ts';

export interface RedisBookOptions<T extends Item> {
  readonly kind: BookKind<T>;
  /** Hash: `version`, `mark`, `book`. */
  readonly key: string;
  /** What others are told when it has changed. */
  readonly nudge: string;
  /** Looked at with one heartbeat in so many: changes are told by nudges, this is for those that got lost. */
  readonly everyBeats: number;
  readonly file: Journal<T> | null;
  /** Told of another set. */
  readonly onBook: (book: Book<T>) => void;
  /** Replicas that must confirm a change, and how long they have. */
  readonly confirmingReplicas: number;
  readonly confirmTimeoutMs: number;
}

interface Request<T extends Item> {
  readonly expectedVersion: number;
  readonly items: readonly T[];
  resolve(result: Result<Book<T>, Problem>): void;
}

/** Version and mark as Redis holds them; null where there is none. */
type Found = readonly [version: unknown, mark: unknown];

type Step<T extends Item> =
  | { readonly kind: 'check' | 'fetch' | 'rest' }
  | { readonly kind: 'replace'; readonly found: Found; readonly next: Book<T>; readonly request: Request<T> | null }
  | { readonly kind: 'confirm'; readonly next: Book<T>; readonly request: Request<T>; readonly untilMs: number };

const LOST = 'the connection to redis broke';

/** WAIT blocks the connection, votes and heartbeats too: it is asked again and again instead, for this long each time. */
const CONFIRM_STEP_MS = 50;

export class RedisBook<T extends Item> implements Part {
  readonly #desk: Desk;
  readonly #options: RedisBookOptions<T>;
  #book: Book<T> = EMPTY_BOOK;
  #step: Step<T> = { kind: 'check' };
  #asked: Step<T> | null = null;
  #beats = 0;
  #isReady = false;
  /** What Redis held when it could not be understood: not read again until it changes. */
  #unreadable: string | null = null;
  #requests: Request<T>[] = [];

  constructor(desk: Desk, options: RedisBookOptions<T>) {
    this.#desk = desk;
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isHungry(): boolean {
    return this.#step.kind !== 'rest';
  }

  get book(): Book<T> {
    return this.#book;
  }

  /** What the state directory holds, before the first round. */
  async load(): Promise<void> {
    const book = await this.#options.file?.load();
    if (book === undefined || book.version <= this.#book.version) return;
    this.#book = book;
    this.#options.onBook(book);
  }

  nudged(): void {
    if (this.#step.kind === 'rest') this.#step = { kind: 'check' };
  }

  change(expectedVersion: number, items: readonly T[]): Promise<Result<Book<T>, Problem>> {
    const problem = checkItems(items, this.#options.kind);
    if (problem !== undefined) return Promise.resolve(err(problem));
    if (!this.#isReady) return Promise.resolve(err(meshProblem('ERR_MESH_UNAVAILABLE', 'redis does not answer')));
    return new Promise((resolve) => {
      this.#requests.push({ expectedVersion, items, resolve });
      this.nudged();
      this.#desk.kick();
    });
  }

  ask({ isBeat }: Round): readonly Command[] {
    if (isBeat && this.#beats++ % this.#options.everyBeats === 0) this.nudged();
    this.#asked = this.#step;
    const { key, kind, nudge } = this.#options;
    switch (this.#step.kind) {
      case 'rest':
        return [];
      case 'check':
        return [['HMGET', key, 'version', 'mark']];
      case 'fetch':
        return [['HMGET', key, 'version', 'mark', 'book']];
      case 'replace': {
        const { found, next } = this.#step;
        const before = found.map((value) => (value === null ? '' : String(value)));
        const after = [next.version, next.mark, encodeBook(next, kind), this.#desk.keys.nudge, nudge];
        return [[REPLACE_BOOK, key, ...before, ...after]];
      }
      case 'confirm':
        return [['WAIT', this.#options.confirmingReplicas, CONFIRM_STEP_MS]];
    }
  }

  take(replies: readonly Reply[], { receivedMs }: Round): void {
    const asked = this.#asked;
    this.#asked = null;
    if (asked === null || asked.kind === 'rest') return;
    if (asked.kind === 'confirm') {
      this.#takeConfirm(asked, replies[0], receivedMs);
      return;
    }
    const error = errorOf(replies[0]);
    this.#desk.report(this.#options.kind.name, error);
    if (error !== null) {
      this.#step = { kind: 'rest' };
      this.#isReady ||= error.message.startsWith('WRONGTYPE'); // the rest of the mesh works
      if (asked.kind === 'replace') this.#refuse(asked.request, error.message);
      this.#refuseAll(error.message);
    } else if (asked.kind === 'replace') this.#takeReplace(asked, replies[0], receivedMs);
    else {
      const [version, mark, book] = listOf(replies[0]) ?? [];
      if (asked.kind === 'check') this.#takeCheck([version, mark]);
      else this.#takeFetch([version, mark], book);
    }
  }

  lost(): void {
    const step = this.#step;
    if (step.kind === 'confirm' || (step.kind === 'replace' && this.#asked === step)) {
      const message = 'the connection to redis broke before the change was confirmed';
      step.request?.resolve(err(meshProblem('ERR_MESH_UNCERTAIN', message)));
    } else if (step.kind === 'replace') this.#refuse(step.request, LOST);
    this.#asked = null;
    this.#isReady = false;
    this.#step = { kind: 'check' };
    this.#refuseAll(LOST);
  }

  #takeCheck(found: Found): void {
    const { version, mark } = this.#book;
    if (isEmpty(found) ? version === 0 : found[0] === String(version) && found[1] === mark) this.#settled(found);
    else if (this.#unreadable === JSON.stringify(found)) this.#notUnderstood(found);
    else this.#step = { kind: 'fetch' };
  }

  #takeFetch(found: Found, text: unknown): void {
    const theirs: Book<T> | undefined = isEmpty(found) ? EMPTY_BOOK : decodeBook(text, this.#options.kind);
    if (theirs === undefined || (!isEmpty(found) && (String(theirs.version) !== found[0] || theirs.mark !== found[1]))) {
      this.#desk.complaints.ignore(`set of ${this.#options.kind.name}`, this.#options.key);
      this.#notUnderstood(found);
      return;
    }
    const relation = relate(this.#book, theirs);
    if (relation === 'same' || relation === 'older') {
      if (relation === 'older') void this.#adopt(theirs);
      this.#settled(found);
      return;
    }
    const next = relation === 'newer' ? this.#book : merge(this.#book, theirs, markOf);
    const verb = relation === 'newer' ? 'restored' : 'merged';
    this.#desk.complaints.info(
      `${this.#options.kind.name} ${verb}: redis had version ${theirs.version}, we ${this.#book.version}, now ${next.version}`,
    );
    this.#step = { kind: 'replace', found, next, request: null };
  }

  #takeReplace({ next, request }: Extract<Step<T>, { kind: 'replace' }>, reply: Reply | undefined, receivedMs: number): void {
    this.#step = { kind: 'check' };
    if (reply?.ok !== true || reply.value !== 1) {
      if (request !== null) this.#requests.unshift(request); // somebody was faster: the next check tells the conflict
      return;
    }
    const saved = this.#adopt(next);
    if (request === null) return;
    if (this.#options.confirmingReplicas === 0) void saved.then(() => request.resolve(ok(next)));
    else this.#step = { kind: 'confirm', next, request, untilMs: receivedMs + this.#options.confirmTimeoutMs };
  }

  #takeConfirm(step: Extract<Step<T>, { kind: 'confirm' }>, reply: Reply | undefined, receivedMs: number): void {
    const { next, request, untilMs } = step;
    const { confirmingReplicas, confirmTimeoutMs } = this.#options;
    const confirmed = reply?.ok === true ? Number(reply.value) : 0;
    if (confirmed < confirmingReplicas && receivedMs < untilMs) return; // once more
    this.#step = { kind: 'check' };
    if (confirmed >= confirmingReplicas) request.resolve(ok(next));
    else {
      const message = `the change is made as version ${next.version}, but only ${confirmed} of ${confirmingReplicas} replicas confirmed it`;
      request.resolve(err(meshProblem('ERR_MESH_UNCERTAIN', `${message} in ${confirmTimeoutMs} ms`)));
    }
  }

  /** Redis holds what we know: the next change can be made. */
  #settled(found: Found): void {
    this.#isReady = true;
    this.#unreadable = null;
    this.#step = { kind: 'rest' };
    while (this.#requests.length > 0) {
      const request = this.#requests.shift()!;
      if (request.expectedVersion === this.#book.version) {
        const next = change(this.#book, request.items, newMark());
        this.#step = { kind: 'replace', found, next, request };
        return;
      }
      request.resolve(err(conflict(this.#options.kind, request.expectedVersion, this.#book.version)));
    }
  }

  #notUnderstood(found: Found): void {
    const { kind, key } = this.#options;
    const message = `${key} holds what this version does not understand`;
    this.#isReady = true;
    this.#unreadable = JSON.stringify(found);
    this.#step = { kind: 'rest' };
    this.#desk.report(kind.name, new Error(message));
    this.#refuseAll(message);
  }

  #adopt(book: Book<T>): Promise<void> {
    this.#book = book;
    this.#options.onBook(book);
    const saved = this.#options.file?.save(book) ?? Promise.resolve();
    return saved.then(
      () => this.#desk.report(`${this.#options.kind.name} file`, null),
      (error: Error) => this.#desk.report(`${this.#options.kind.name} file`, error),
    );
  }

  #refuseAll(message: string): void {
    for (const request of this.#requests.splice(0)) this.#refuse(request, message);
  }

  #refuse(request: Request<T> | null, message: string): void {
    request?.resolve(err(meshProblem('ERR_MESH_UNAVAILABLE', message)));
  }
}

const isEmpty = ([version, mark]: Found): boolean => (version ?? null) === null && (mark ?? null) === null;
