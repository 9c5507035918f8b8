// Overrides over Redis. Every process keeps the newest set it knows (in memory and in the state directory) and compares it with
// Redis's at each heartbeat; override-history.ts says which counts. An older set in Redis is replaced, a fork is merged, both by
// compare-and-set on the revision that was read. A change is the same compare-and-set, asked for by a person or a tool.

import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { OverrideSet } from '../model/mesh.ts';
import type { Override } from '../model/verdict.ts';
import { markOf, newMark } from './mesh-files.ts';
import { checkOverrides, conflict, meshProblem } from './override-check.ts';
import { change, merge, relate } from './override-history.ts';
import { decodeBook, EMPTY_BOOK, encodeBook, type OverrideBook, toSet } from './override-record.ts';
import { NUDGE } from './redis-keys.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, listOf, type Part, type Round } from './redis-part.ts';
import { REPLACE_OVERRIDES } from './redis-scripts.ts';
import type { StateFile } from './state-file.ts';

export interface OverridesOptions {
  readonly file: StateFile<OverrideBook> | null;
  /** Replicas that must confirm a change, and how long they have. */
  readonly confirmingReplicas: number;
  readonly confirmTimeoutMs: number;
}

interface Request {
  readonly expectedVersion: number;
  readonly overrides: readonly Override[];
  resolve(result: Result<OverrideSet, Problem>): void;
}

/** Version and mark as Redis holds them; null where there is none. */
type Found = readonly [version: unknown, mark: unknown];

type Step =
  | { readonly kind: 'check' | 'fetch' | 'rest' }
  | { readonly kind: 'replace'; readonly found: Found; readonly next: OverrideBook; readonly request: Request | null }
  | { readonly kind: 'confirm'; readonly next: OverrideBook; readonly request: Request; readonly untilMs: number };

const LOST = 'the connection to redis broke';

/** WAIT blocks the connection, votes and heartbeats too: it is asked again and again instead, for this long each time. */
const CONFIRM_STEP_MS = 50;

export class RedisOverrides implements Part {
  readonly #desk: Desk;
  readonly #options: OverridesOptions;
  #book: OverrideBook = EMPTY_BOOK;
  #step: Step = { kind: 'check' };
  #asked: Step | null = null;
  #isReady = false;
  /** What Redis held when it could not be understood: not read again until it changes. */
  #unreadable: string | null = null;
  #requests: Request[] = [];

  constructor(desk: Desk, options: OverridesOptions) {
    this.#desk = desk;
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isHungry(): boolean {
    return this.#step.kind !== 'rest';
  }

  get set(): OverrideSet {
    return toSet(this.#book);
  }

  /** What the state directory holds, before the first round. */
  async load(): Promise<void> {
    const book = await this.#options.file?.load();
    if (book === undefined || book.version <= this.#book.version) return;
    this.#book = book;
    this.#desk.box.overrides(toSet(book));
  }

  nudged(): void {
    if (this.#step.kind === 'rest') this.#step = { kind: 'check' };
  }

  change(expectedVersion: number, overrides: readonly Override[]): Promise<Result<OverrideSet, Problem>> {
    const problem = checkOverrides(overrides);
    if (problem !== undefined) return Promise.resolve(err(problem));
    if (!this.#isReady) return Promise.resolve(err(meshProblem('ERR_MESH_UNAVAILABLE', 'redis does not answer')));
    return new Promise((resolve) => {
      this.#requests.push({ expectedVersion, overrides, resolve });
      this.nudged();
      this.#desk.kick();
    });
  }

  ask({ isBeat }: Round): readonly Command[] {
    if (isBeat) this.nudged();
    this.#asked = this.#step;
    const { keys } = this.#desk;
    switch (this.#step.kind) {
      case 'rest':
        return [];
      case 'check':
        return [['HMGET', keys.overrides, 'version', 'mark']];
      case 'fetch':
        return [['HMGET', keys.overrides, 'version', 'mark', 'book']];
      case 'replace': {
        const { found, next } = this.#step;
        const before = found.map((value) => (value === null ? '' : String(value)));
        const after = [next.version, next.mark, encodeBook(next), keys.nudge, NUDGE.OVERRIDES];
        return [[REPLACE_OVERRIDES, keys.overrides, ...before, ...after]];
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
    this.#desk.report('overrides', error);
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
    const theirs = isEmpty(found) ? EMPTY_BOOK : decodeBook(text);
    if (theirs === undefined || (!isEmpty(found) && (String(theirs.version) !== found[0] || theirs.mark !== found[1]))) {
      this.#desk.complaints.ignore('set of overrides', this.#desk.keys.overrides);
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
      `overrides ${verb}: redis had version ${theirs.version}, we ${this.#book.version}, now ${next.version}`,
    );
    this.#step = { kind: 'replace', found, next, request: null };
  }

  #takeReplace({ next, request }: Extract<Step, { kind: 'replace' }>, reply: Reply | undefined, receivedMs: number): void {
    this.#step = { kind: 'check' };
    if (reply?.ok !== true || reply.value !== 1) {
      if (request !== null) this.#requests.unshift(request); // somebody was faster: the next check tells the conflict
      return;
    }
    const saved = this.#adopt(next);
    if (request === null) return;
    if (this.#options.confirmingReplicas === 0) void saved.then(() => request.resolve(ok(toSet(next))));
    else this.#step = { kind: 'confirm', next, request, untilMs: receivedMs + this.#options.confirmTimeoutMs };
  }

  #takeConfirm(step: Extract<Step, { kind: 'confirm' }>, reply: Reply | undefined, receivedMs: number): void {
    const { next, request, untilMs } = step;
    const { confirmingReplicas, confirmTimeoutMs } = this.#options;
    const confirmed = reply?.ok === true ? Number(reply.value) : 0;
    if (confirmed < confirmingReplicas && receivedMs < untilMs) return; // once more
    this.#step = { kind: 'check' };
    if (confirmed >= confirmingReplicas) request.resolve(ok(toSet(next)));
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
        const next = change(this.#book, request.overrides, newMark());
        this.#step = { kind: 'replace', found, next, request };
        return;
      }
      request.resolve(err(conflict(request.expectedVersion, this.#book.version)));
    }
  }

  #notUnderstood(found: Found): void {
    const message = `${this.#desk.keys.overrides} holds what this version does not understand`;
    this.#isReady = true;
    this.#unreadable = JSON.stringify(found);
    this.#step = { kind: 'rest' };
    this.#desk.report('overrides', new Error(message));
    this.#refuseAll(message);
  }

  #adopt(book: OverrideBook): Promise<void> {
    this.#book = book;
    this.#desk.box.overrides(toSet(book));
    const saved = this.#options.file?.save(book) ?? Promise.resolve();
    return saved.then(
      () => this.#desk.report('overrides file', null),
      (error: Error) => this.#desk.report('overrides file', error),
    );
  }

  #refuseAll(message: string): void {
    for (const request of this.#requests.splice(0)) this.#refuse(request, message);
  }

  #refuse(request: Request | null, message: string): void {
    request?.resolve(err(meshProblem('ERR_MESH_UNAVAILABLE', message)));
  }
}

const isEmpty = ([version, mark]: Found): boolean => (version ?? null) === null && (mark ?? null) === null;
