// Folds databases, operator maps and policy networks into one image for geo/lookup. All sources are descended together,
// one address bit at a time; on the way up, halves of the same cell merge, so that the depth of a leaf is the exact ECS
// scope (RFC 7871 section 7.2.1) and memory holds only what remains. No list of networks is ever made.

import type { Family } from '../base/address.ts';
import { finish32, mix32 } from '../base/hash.ts';
import { CELL_PRIVATE, CELL_UNKNOWN, type Place } from '../model/place.ts';
import { NO_FACTS } from './facts.ts';
import {
  FIRST_LIKELY_LEAF,
  FIRST_NODE,
  FIRST_ROOT,
  HEADER_WORDS,
  IMAGE_MAGIC,
  LIKELY_LEAVES,
  LIKELY_WORDS,
  MAX_CELLS,
  ROOT_BITS,
  ROOT_WORDS,
} from './lookup.ts';
import type { GeoDatabase } from './mmdb.ts';
import { NO_NODE, Overlay } from './overlay.ts';
import { composePlace, type GeoSources } from './place.ts';
import { databaseCap, majorityBelow, sourcesFor } from './sources.ts';

export interface GeoInput extends GeoSources {
  /** Cell of a place: an integer from 2 for places of their own, or CELL_UNKNOWN. Asked a few times at most for one place. */
  cellOf(place: Place): number;
}

export interface GeoStatistics {
  readonly nodes: number;
  readonly imageOctets: number;
  /** How often cellOf was asked. */
  readonly asked: number;
}

/** Never a real cell: stands in IPv6 where lookups go to the IPv4 half, and merges with nothing else. */
const CELL_EMBEDDED = MAX_CELLS - 1;
const LEAF = 0x80000000;
/** Left by build() where the root table already holds what was found. */
const SETTLED = 0;
/** Of the nodes of a database so many are left, where it tells countries. */
const KEPT_PART = 0.3;
/** Room that is made at once. */
const LEAST_NODES = 1 << 15;
const MOST_NODES = 1 << 21;
/** End of a way with no facts: position of an absent database. */
const NO_POSITION = ~0;

/** Compiles an image. Throws if cellOf returns what is not a cell. */
export function compileGeo(input: GeoInput): { buffer: SharedArrayBuffer; statistics: GeoStatistics } {
  const words = new Words(KEPT_PART * input.databases.reduce((sum, { nodeCount }) => sum + nodeCount, 0));
  const asked =
    new FamilyBuilder(input, 4, words, FIRST_ROOT).build() + new FamilyBuilder(input, 6, words, FIRST_ROOT + ROOT_WORDS).build();
  const buffer = words.toShared();
  for (const table of [0, 1]) numberLikelyLeaves(buffer, table);
  const nodes = (words.length - FIRST_NODE) / 2;
  return { buffer, statistics: { nodes, imageOctets: buffer.byteLength, asked } };
}

/** Gives the leaves that stand most often in a root table their octets; of those as frequent, the lower word goes first. */
function numberLikelyLeaves(buffer: SharedArrayBuffer, table: number): void {
  const words = new Int32Array(buffer);
  const root = words.subarray(FIRST_ROOT + table * ROOT_WORDS).subarray(0, ROOT_WORDS);
  const counts = new Map<number, number>();
  for (const word of root) if (word < 0) counts.set(word, (counts.get(word) ?? 0) + 1);
  const leaves = [...counts].sort(([a, countA], [b, countB]) => countB - countA || a - b).slice(0, LIKELY_LEAVES - 1);
  const numbers = new Map(leaves.map(([word], i) => [word, i + 1]));
  for (const [word, number] of numbers) words[FIRST_LIKELY_LEAF + table * LIKELY_LEAVES + number] = word;
  const octets = new Uint8Array(buffer, 4 * (HEADER_WORDS + table * LIKELY_WORDS), ROOT_WORDS);
  for (let index = 0; index < ROOT_WORDS; index++) octets[index] = numbers.get(root[index]!) ?? 0;
}

/** The image while it grows. Subtrees that are alike are stored once: most of them end in the same few pairs of cells. */
class Words {
  length = FIRST_NODE;
  #words: Int32Array;
  /** Open addressing; positions of nodes, 0 = free. */
  #slots: Int32Array;
  #isUsedUpAt: number; // half full: two words a node

  /** `nodes`: how many there will be, about; finding room for more later costs time. */
  constructor(nodes: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * Math.min(Math.max(nodes, LEAST_NODES), MOST_NODES)));
    this.#words = new Int32Array(FIRST_NODE + slots);
    this.#slots = new Int32Array(slots);
    this.#isUsedUpAt = FIRST_NODE + slots;
  }

  /** Position of the node with these two words. */
  node(left: number, right: number): number {
    let slot = this.#slotOf(left, right);
    if (this.#slots[slot] !== 0) return this.#slots[slot]!;
    if (this.length === this.#isUsedUpAt) {
      this.#growSlots();
      slot = this.#slotOf(left, right);
    }
    if (this.length + 2 > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    const node = this.length;
    this.#words[node] = left;
    this.#words[node + 1] = right;
    this.#slots[slot] = node;
    this.length += 2;
    return node;
  }

  fill(word: number, start: number, count: number): void {
    this.#words.fill(word, start, start + count);
  }

  toShared(): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(this.length * 4);
    const image = new Int32Array(buffer);
    image.set(this.#words.subarray(0, this.length));
    image[0] = IMAGE_MAGIC;
    return buffer;
  }

  /** Slot of the node with these words, or the free one where it belongs. */
  #slotOf(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    let slot = finish32(mix32(left, right)) & mask;
    for (;;) {
      const node = this.#slots[slot]!;
      if (node === 0 || (this.#words[node] === left && this.#words[node + 1] === right)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#isUsedUpAt = FIRST_NODE + this.#slots.length;
    for (let node = FIRST_NODE; node < this.length; node += 2) {
      this.#slots[this.#slotOf(this.#words[node]!, this.#words[node + 1]!)] = node;
    }
  }
}

class FamilyBuilder {
  readonly #input: GeoInput;
  readonly #words: Words;
  readonly #rootTable: number;
  readonly #places: GeoDatabase | undefined;
  readonly #asns: GeoDatabase | undefined;
  readonly #family: Family;
  readonly #cap: number;
  readonly #overlay: Overlay;
  /** For each context, the cell of each pair of facts met there; the key is place * asnCount + asn. */
  readonly #cells: Map<number, number>[];
  readonly #asnCount: number;
  #asked = 0;

  constructor(input: GeoInput, family: Family, words: Words, rootTable: number) {
    const { places, asns } = sourcesFor(input.databases, family);
    this.#input = input;
    this.#words = words;
    this.#rootTable = rootTable;
    this.#places = places;
    this.#asns = asns;
    this.#family = family;
    this.#cap = databaseCap(family);
    this.#overlay = new Overlay(input, family);
    this.#cells = this.#overlay.contexts.map(() => new Map());
    this.#asnCount = asns?.facts.length ?? 1;
  }

  /** Writes root table and nodes; returns how often cellOf was asked. */
  build(): number {
    const place = this.#places?.root(this.#family) ?? NO_POSITION;
    const asn = this.#asns?.root(this.#family) ?? NO_POSITION;
    this.#settle(this.#subtree(0, 0, place, asn, 0, 0), 0, 0);
    return this.#asked;
  }

  /**
   * Word for the network of `depth` bits at these positions of the sources. `index` is the network's first ROOT_BITS bits,
   * right-aligned to the depth.
   */
  #subtree(depth: number, index: number, place: number, asn: number, said: number, inherited: number): number {
    const context = said === NO_NODE ? inherited : this.#overlay.contextOf(said);
    const isCapped = depth === this.#cap;
    const here = isCapped && place >= 0 ? majorityBelow(this.#places!, place) : place;
    const asnHere = isCapped && asn >= 0 ? majorityBelow(this.#asns!, asn) : asn;
    if (here < 0 && asnHere < 0 && said === NO_NODE) return this.#leaf(~here, ~asnHere, context);
    const left = this.#half(0, depth, index, here, asnHere, said, context);
    const right = this.#half(1, depth, index, here, asnHere, said, context);
    if (left < 0 && left === right) return left; // the scope gets one bit shorter
    if (depth >= ROOT_BITS) return this.#words.node(left, right);
    this.#settle(left, depth + 1, 2 * index);
    this.#settle(right, depth + 1, 2 * index + 1);
    return SETTLED;
  }

  #half(bit: number, depth: number, index: number, place: number, asn: number, said: number, context: number): number {
    const nextPlace = place >= 0 ? this.#places!.child(place, bit) : place;
    const nextAsn = asn >= 0 ? this.#asns!.child(asn, bit) : asn;
    const nextSaid = said === NO_NODE ? NO_NODE : this.#overlay.child(said, bit);
    const nextIndex = depth < ROOT_BITS ? 2 * index + bit : index;
    return this.#subtree(depth + 1, nextIndex, nextPlace, nextAsn, nextSaid, context);
  }

  /** Writes a word for a network of at most ROOT_BITS bits into all its entries of the root table; leaves take their depth. */
  #settle(word: number, depth: number, index: number): void {
    if (word === SETTLED) return;
    const span = ROOT_BITS - depth;
    this.#words.fill(word < 0 ? word | depth : word, this.#rootTable + (index << span), 1 << span);
  }

  #leaf(place: number, asn: number, context: number): number {
    const cells = this.#cells[context]!;
    const key = place * this.#asnCount + asn;
    let cell = cells.get(key);
    if (cell === undefined) {
      cell = this.#ask(place, asn, context);
      cells.set(key, cell);
    }
    return (cell << 8) | LEAF;
  }

  #ask(placeIndex: number, asnIndex: number, contextIndex: number): number {
    const { lines, networks, isPrivate, isEmbedded } = this.#overlay.contexts[contextIndex]!;
    if (isEmbedded) return CELL_EMBEDDED;
    const isUnsaid = lines.length === 0 && networks.length === 0;
    if (isPrivate && isUnsaid) return CELL_PRIVATE;
    const location = isPrivate ? NO_FACTS : (this.#places?.facts[placeIndex] ?? NO_FACTS);
    const asn = isPrivate ? null : (this.#asns?.facts[asnIndex]?.asn ?? location.asn);
    if (isUnsaid && location === NO_FACTS && asn === null) return CELL_UNKNOWN;
    const cell = this.#input.cellOf(composePlace(location, asn, lines, networks));
    this.#asked++;
    if (!Number.isInteger(cell) || cell < 0 || cell >= CELL_EMBEDDED) throw new RangeError(`not a cell: ${cell}`);
    return cell;
  }
}
