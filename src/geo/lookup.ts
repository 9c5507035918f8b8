// Client address to cell and exact ECS scope in one walk over a compiled image; allocates nothing.
// Image: words of 32 bits. HEADER_WORDS of header; for each family LIKELY_WORDS with one octet for each value of the first 16
// address bits, then for each family LIKELY_LEAVES leaves that such an octet numbers; one root table of 65,536 words per family,
// indexed by the same 16 bits; then nodes of two words, shared between like subtrees. A word below zero is a leaf: its low 31 bits
// are cell * 256, plus the depth in a root table (below, the walk counts it). Any other word is the position of a node, whose
// word 0 or 1 the next address bit selects. geo/compile writes images.
//
// The octets say nothing that the root tables do not: five clients in six end there, and a quarter of the memory stays in a
// core's cache where the root table does not.

import type { Family } from '../base/address.ts';

export const IMAGE_MAGIC = 0x4d47454f; // "MGEO"
export const HEADER_WORDS = 4;
export const ROOT_BITS = 16;
export const ROOT_WORDS = 1 << ROOT_BITS;
/** Octets of one family, in words. */
export const LIKELY_WORDS = ROOT_WORDS / 4;
/** Leaves that an octet can number; number 0 stands for all others. */
export const LIKELY_LEAVES = 256;
export const FIRST_LIKELY_LEAF = HEADER_WORDS + 2 * LIKELY_WORDS;
export const FIRST_ROOT = FIRST_LIKELY_LEAF + 2 * LIKELY_LEAVES;
export const FIRST_NODE = FIRST_ROOT + 2 * ROOT_WORDS;
/** Cells must fit beside the depth in the 31 bits of a leaf. */
export const MAX_CELLS = 1 << 23;

export const NOT_EMBEDDED = 0;
/** Added to the position of an embedded IPv4 address whose bits are inverted (Teredo). */
export const INVERTED = 256;

// Constants that are not exported are folded into the machine code: see responder/responder.ts.
const likelyAt = HEADER_WORDS * 4;
const likelySize = LIKELY_WORDS * 4;
const likelyLeaf = FIRST_LIKELY_LEAF;
const likelyLeaves = LIKELY_LEAVES;
const firstRoot = FIRST_ROOT;
const rootWords = ROOT_WORDS;
const rootBits = ROOT_BITS;
const notEmbedded = NOT_EMBEDDED;
const inverted = INVERTED;

/** A compiled map of the whole address space, shared by all threads. */
export class GeoImage {
  readonly words: Int32Array;
  readonly octets: Uint8Array;

  /** Throws if the buffer is not what compileGeo made: that is a bug, never an operator's mistake. */
  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.octets = new Uint8Array(buffer);
    if (this.words[0] !== IMAGE_MAGIC || this.words.length < FIRST_NODE) throw new Error('not a geo image');
  }
}

/**
 * Bit position (16 or 96) at which an IPv6 address carries the IPv4 address of the client, plus INVERTED for Teredo;
 * NOT_EMBEDDED if it carries none. ::ffff:0:0/96 (RFC 4291), 64:ff9b::/96 (RFC 6052), 2002::/16 (RFC 3056),
 * 2001::/32 (RFC 4380).
 */
export function embeddedIpv4(octets: Uint8Array, offset: number): number {
  const head = (octets[offset]! << 8) | octets[offset + 1]!;
  if (head === 0x2002) return 16;
  const next = (octets[offset + 2]! << 8) | octets[offset + 3]!;
  if (head === 0x2001) return next === 0 ? 96 | inverted : notEmbedded;
  if (head !== 0 && (head !== 0x64 || next !== 0xff9b)) return notEmbedded;
  if (head === 0 && next !== 0) return notEmbedded;
  for (let i = offset + 4; i < offset + 10; i++) if (octets[i] !== 0) return notEmbedded;
  const last = (octets[offset + 10]! << 8) | octets[offset + 11]!;
  return last === (head === 0 ? 0xffff : 0) ? 96 : notEmbedded;
}

/**
 * Cell and depth of the address in `octets[offset..]` (4 or 16 octets), packed as cell * 256 + depth. The depth is the
 * prefix length, in the address's own family, of the largest network around it that lies wholly in this cell.
 */
export function lookupCell(image: GeoImage, family: Family, octets: Uint8Array, offset: number): number {
  if (family === 4) return walk(image, 0, octets, offset, 0);
  const embedded = embeddedIpv4(octets, offset);
  if (embedded === notEmbedded) return walk(image, 1, octets, offset, 0);
  const bits = embedded & 255;
  return walk(image, 0, octets, offset + (bits >> 3), embedded >= inverted ? 255 : 0) + bits;
}

/** `table`: 0 for IPv4, 1 for IPv6. */
function walk(image: GeoImage, table: number, octets: Uint8Array, offset: number, invert: number): number {
  const { words } = image;
  const index = ((octets[offset]! ^ invert) << 8) | (octets[offset + 1]! ^ invert);
  const likely = image.octets[likelyAt + table * likelySize + index]!;
  if (likely !== 0) return words[likelyLeaf + table * likelyLeaves + likely]! & 0x7fffffff;
  let word = words[firstRoot + table * rootWords + index]!;
  if (word < 0) return word & 0x7fffffff;
  let depth = rootBits;
  for (let at = offset + 2; word >= 0; at++) {
    const octet = octets[at]! ^ invert;
    for (let bit = 7; bit >= 0 && word >= 0; bit--) {
      word = words[word + ((octet >> bit) & 1)]!;
      depth++;
    }
  }
  return (word & 0x7fffffff) | depth;
}

export const cellOf = (packed: number): number => packed >>> 8;
export const depthOf = (packed: number): number => packed & 255;
