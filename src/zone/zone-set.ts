// The zones that are served, found by name: the closest enclosing zone is the one whose apex is the longest suffix of
// the query name (RFC 1034 section 4.3.2 step 2). Apexes stand in a small hash table; nothing is allocated by find().

import { MAX_LABELS } from '../wire/constants.ts';
import { QueryName } from '../wire/qname.ts';
import * as types from '../wire/rrtype.ts';
import type { ZoneImage } from './image.ts';
import * as layout from './image.ts';
import { slotCount } from './name-table.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { TYPE } = types;
const { APEX } = layout;

export class ZoneSet {
  readonly #images: readonly ZoneImage[];
  /** Pairs of the apex's hash and 1 + index of the zone; 0 marks an empty slot. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** Labels of the shortest and the longest apex. */
  #minLabels = MAX_LABELS;
  #maxLabels = 0;

  /** Of several images with the same apex the first is found. */
  constructor(images: readonly ZoneImage[]) {
    const slots = slotCount(images.length);
    this.#images = images;
    this.#slots = new Int32Array(2 * slots);
    this.#mask = slots - 1;
    const apex = new QueryName();
    for (const [index, image] of images.entries()) {
      apex.read(image.octets, image.nameOffset(APEX), image.octets.length);
      this.#minLabels = Math.min(this.#minLabels, apex.labels);
      this.#maxLabels = Math.max(this.#maxLabels, apex.labels);
      let slot = apex.hash[0]! & this.#mask;
      while (this.#slots[2 * slot + 1] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[2 * slot] = apex.hash[0]!;
      this.#slots[2 * slot + 1] = index + 1;
    }
  }

  /**
   * Index of the image that answers for `name`; -1 if none does. DS at an apex belongs to the parent zone
   * (RFC 4035 section 3.1.4.1): that one answers if it is served, else the zone itself.
   */
  find(name: QueryName, type: number): number {
    let own = -1;
    const last = name.labels - this.#minLabels;
    for (let k = Math.max(0, name.labels - this.#maxLabels); k <= last; k++) {
      const zone = this.#zoneAt(name, k);
      if (zone < 0) continue;
      if (k > 0 || type !== TYPE.DS) return zone;
      own = zone;
    }
    return own;
  }

  /** The zone whose apex is the suffix that starts at label `k`; -1 if there is none. */
  #zoneAt(name: QueryName, k: number): number {
    const slots = this.#slots;
    const hash = name.hash[k]!;
    for (let slot = hash & this.#mask; slots[2 * slot + 1] !== 0; slot = (slot + 1) & this.#mask) {
      if (slots[2 * slot] !== hash) continue;
      const zone = slots[2 * slot + 1]! - 1;
      const image = this.#images[zone]!;
      if (name.isAt(name.offset[k]!, name.size, image.octets, image.nameOffset(APEX))) return zone;
    }
    return -1;
  }
}
