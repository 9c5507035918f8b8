// Where in the present reply each name of the zone image already stands, so that compression (RFC 1035 section 4.1.4)
// compares integers, never octets: name ids lead to message offsets, 0 = not written yet. A reply touches few of a zone's
// names, so they are remembered and reset one by one; nothing is cleared in bulk, however large the zone.

import * as constants from '../wire/constants.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { POINTER_LIMIT } = constants;

export class NameOffsets {
  #offset: Uint16Array = new Uint16Array(0);
  /** Ids with an offset, oldest first. Each stands at a label of at least two octets below POINTER_LIMIT, so these suffice. */
  readonly #ids: Uint32Array = new Uint32Array(POINTER_LIMIT / 2);
  #count = 0;

  /** Makes room for name ids below `nameCount`, and forgets all. Allocates: to be called when images change. */
  reserve(nameCount: number): void {
    this.forget(0);
    if (nameCount > this.#offset.length) this.#offset = new Uint16Array(nameCount);
  }

  /** Number of names known; forget() with it undoes what was learned since. */
  get count(): number {
    return this.#count;
  }

  /** Message offset of a name with this id, or 0. */
  of(id: number): number {
    return this.#offset[id]!;
  }

  /** Notes that the name stands at `offset` of the message, unless no pointer can reach there. */
  learn(id: number, offset: number): void {
    if (offset >= POINTER_LIMIT) return;
    this.#offset[id] = offset;
    this.#ids[this.#count++] = id;
  }

  /** Forgets all names but the first `keep`. */
  forget(keep: number): void {
    while (this.#count > keep) this.#offset[this.#ids[--this.#count]!] = 0;
  }
}
