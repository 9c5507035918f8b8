// Edits of header fields: what is taken away, set and added.

import type { HttpHeaderEdits } from '../../model/site-http.ts';
import { type Fields, without } from './fields.ts';

export class Edits {
  readonly isNone: boolean;
  readonly #gone: readonly string[];
  readonly #new: Fields;

  constructor(edits: HttpHeaderEdits) {
    this.#gone = [...edits.remove, ...edits.set.map(({ name }) => name)];
    this.#new = [...edits.set, ...edits.add].flatMap(({ name, value }) => [name, value]);
    this.isNone = this.#gone.length === 0 && this.#new.length === 0;
  }

  /** The fields themselves if there is nothing to edit. */
  apply(fields: Fields): Fields {
    return this.isNone ? fields : [...without(fields, this.#gone), ...this.#new];
  }

  removes(name: string): boolean {
    return this.#gone.includes(name);
  }
}
