// Numbers for lists of numbers: equal lists get equal numbers, without building a string for each. A list is folded
// from the left, pair by pair: of [a, b] it is append(append(EMPTY, a), b). Pairs stand in an open-addressing table
// (linear probing, load at most 1/2), because classification asks some hundred times for every place of a database.

import { finish32 } from '../base/hash.ts';

/** The number of the empty list. */
export const EMPTY = 0;

const FIRST_SIZE = 1024;

export class ListNumbers {
  /** Slots of three words: left, element, number; number 0 marks a free slot. */
  #slots = new Uint32Array(3 * FIRST_SIZE);
  #mask = FIRST_SIZE - 1;
  #count = 0;

  /** The number of the list numbered `left` with `element` (0..2^32-1) appended. */
  append(left: number, element: number): number {
    const slots = this.#slots;
    const at = this.#find(left, element);
    if (slots[at + 2] !== 0) return slots[at + 2]!;
    slots[at] = left;
    slots[at + 1] = element;
    slots[at + 2] = ++this.#count;
    if (2 * this.#count > this.#mask) this.#grow();
    return this.#count;
  }

  /** Word offset of the slot of a pair, or of the free slot where it belongs. */
  #find(left: number, element: number): number {
    const slots = this.#slots;
    let slot = finish32(Math.imul(left, 0x9e3779b1) ^ element) & this.#mask;
    while (slots[3 * slot + 2] !== 0 && !(slots[3 * slot] === left && slots[3 * slot + 1] === element)) {
      slot = (slot + 1) & this.#mask;
    }
    return 3 * slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    this.#mask = 2 * this.#mask + 1;
    for (let at = 0; at < old.length; at += 3) {
      if (old[at + 2] !== 0) this.#slots.set(old.subarray(at, at + 3), this.#find(old[at]!, old[at + 1]!));
    }
  }
}
