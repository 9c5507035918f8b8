// Names to small integers: every distinct name gets the next id, and knows its parent's. Ancestors are entered before
// their descendants, so a parent's id is below its child's and one ascending pass sees every parent first.
// Typed arrays only: a million names cost 24 octets each and no object. Open addressing with linear probing, load <= 1/2.

import { MAX_LABELS } from '../wire/constants.ts';
import { hashLabel, namesEqual, ROOT_HASH } from '../wire/name.ts';
import { NO_NAME } from './image.ts';

const MIN_SLOTS = 8;

/** The smallest power of two that holds `count` names at a load of at most one half. */
export function slotCount(count: number): number {
  let slots = MIN_SLOTS;
  while (slots < 2 * count) slots *= 2;
  return slots;
}

export class NameTable {
  /** Number of names; ids are 0..count-1 and index the columns. */
  count = 0;
  /** Where the name stands in the octets given to the constructor. */
  offset: Uint32Array;
  /** Id of the parent name; NO_NAME if that has fewer than `minLabels` labels. */
  parent: Uint32Array;
  /** Names of fewer labels are not entered: 1 leaves out the root, 0 takes it in. */
  minLabels: number;
  /** Labels of the deepest name entered. */
  maxLabels = 0;
  /** Pairs of hash and id + 1; 0 marks an empty slot. */
  slots: Int32Array;
  #mask: number;
  readonly #octets: Uint8Array;
  /** Per label of the name at hand: its offset, and the hash of the suffix that starts there. */
  readonly #label = new Uint32Array(MAX_LABELS + 1);
  readonly #hash = new Int32Array(MAX_LABELS + 1);

  /** `octets` holds every name that will be entered, as uncompressed wire octets; `expected` names fit without growing. */
  constructor(octets: Uint8Array, minLabels: number, expected: number) {
    const slots = slotCount(expected);
    this.#octets = octets;
    this.minLabels = minLabels;
    this.slots = new Int32Array(2 * slots);
    this.#mask = slots - 1;
    this.offset = new Uint32Array(slots / 2);
    this.parent = new Uint32Array(slots / 2);
  }

  /** Id of the name at `at`, entered with its ancestors if it is new; NO_NAME if it has fewer than `minLabels` labels. */
  intern(at: number): number {
    const octets = this.#octets;
    const label = this.#label;
    const hash = this.#hash;
    let labels = 0;
    let end = at;
    for (; octets[end] !== 0; end += octets[end]! + 1) label[labels++] = end;
    label[labels] = end;
    hash[labels] = ROOT_HASH;
    for (let k = labels - 1; k >= 0; k--) hash[k] = hashLabel(hash[k + 1]!, octets, label[k]!);

    // Up to the closest ancestor that is known, then down again entering what was not.
    let id = NO_NAME;
    let k = 0;
    for (; labels - k >= this.minLabels; k++) {
      id = this.#find(hash[k]!, label[k]!);
      if (id !== NO_NAME) break;
    }
    if (k > 0 && labels > this.maxLabels) this.maxLabels = labels;
    while (k > 0) {
      k--;
      id = this.#enter(hash[k]!, label[k]!, id);
    }
    return id;
  }

  #find(hash: number, at: number): number {
    const slots = this.slots;
    for (let i = hash & this.#mask; slots[2 * i + 1] !== 0; i = (i + 1) & this.#mask) {
      if (slots[2 * i] !== hash) continue;
      const id = slots[2 * i + 1]! - 1;
      if (namesEqual(this.#octets, this.offset[id]!, this.#octets, at)) return id;
    }
    return NO_NAME;
  }

  #enter(hash: number, at: number, parent: number): number {
    if (this.count === this.offset.length) this.#grow();
    const id = this.count++;
    this.offset[id] = at;
    this.parent[id] = parent;
    this.#place(hash, id + 1);
    return id;
  }

  #place(hash: number, idPlus1: number): void {
    const slots = this.slots;
    let i = hash & this.#mask;
    while (slots[2 * i + 1] !== 0) i = (i + 1) & this.#mask;
    slots[2 * i] = hash;
    slots[2 * i + 1] = idPlus1;
  }

  #grow(): void {
    const old = this.slots;
    this.slots = new Int32Array(2 * old.length);
    this.#mask = old.length - 1;
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] !== 0) this.#place(old[i]!, old[i + 1]!);
    const offset = new Uint32Array(2 * this.offset.length);
    offset.set(this.offset);
    this.offset = offset;
    const parent = new Uint32Array(2 * this.parent.length);
    parent.set(this.parent);
    this.parent = parent;
  }
}
