// A set of things that all members of the memory mesh share and that is replaced whole: overrides, notes. One change at a time, and a
// change counts once it is on the disk.

import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Book, type BookKind, EMPTY_BOOK, type Item } from './book.ts';
import { checkItems, conflict, meshProblem } from './book-check.ts';
import { change } from './book-history.ts';
import type { Complaints } from './complaints.ts';
import type { Journal } from './journal.ts';
import { newMark } from './mesh-files.ts';

export interface HubBookOptions<T extends Item, S> {
  readonly kind: BookKind<T>;
  /** Null = nothing survives. */
  readonly file: Journal<T> | null;
  readonly toSet: (book: Book<T>) => S;
  readonly onChange: (set: S) => void;
  readonly complaints: Complaints;
}

export class HubBook<T extends Item, S> {
  readonly #options: HubBookOptions<T, S>;
  #book: Book<T> = EMPTY_BOOK;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: HubBookOptions<T, S>) {
    this.#options = options;
  }

  get set(): S {
    return this.#options.toSet(this.#book);
  }

  async load(): Promise<void> {
    this.#book = (await this.#options.file?.load()) ?? this.#book;
  }

  /** ERR_MESH_CONFLICT, ERR_MESH_UNAVAILABLE, or what is wrong with the items; then nothing has changed. */
  change(expectedVersion: number, items: readonly T[]): Promise<Result<S, Problem>> {
    const done = this.#changing.then(() => this.#change(expectedVersion, items));
    this.#changing = done;
    return done;
  }

  async #change(expectedVersion: number, items: readonly T[]): Promise<Result<S, Problem>> {
    const { kind, file, complaints, onChange } = this.#options;
    const problem = checkItems(items, kind);
    if (problem !== undefined) return err(problem);
    if (expectedVersion !== this.#book.version) return err(conflict(kind, expectedVersion, this.#book.version));
    const next = change(this.#book, items, newMark());
    try {
      await file?.save(next);
    } catch (error) {
      const message = `the ${kind.name} cannot be saved: ${(error as Error).message}`;
      complaints.warn('ERR_MESH_FILE', message);
      return err(meshProblem('ERR_MESH_UNAVAILABLE', message));
    }
    this.#book = next;
    const { set } = this;
    onChange(set);
    return ok(set);
  }
}
