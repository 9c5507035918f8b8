// What is wrong at the moment, by what it is about; the status shows one line of it.

import type { Complaints } from './complaints.ts';
import { formatTrouble, type Trouble } from './redis-trouble.ts';

export class TroubleBoard {
  readonly #complaints: Complaints;
  readonly #onChange: () => void;
  readonly #troubles = new Map<string, Trouble>();

  constructor(complaints: Complaints, onChange: () => void) {
    this.#complaints = complaints;
    this.#onChange = onChange;
  }

  /** The oldest trouble that lasts, as one line; null = none. */
  get line(): string | null {
    const [first] = this.#troubles.values();
    return first === undefined ? null : formatTrouble(first);
  }

  set(what: string, trouble: Trouble | null): void {
    const before = this.line;
    if (trouble === null) this.#troubles.delete(what);
    else {
      this.#troubles.set(what, trouble);
      this.#complaints.warn(trouble.code, trouble.text);
    }
    if (this.line !== before) this.#onChange();
  }
}
