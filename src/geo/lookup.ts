// Client address to cell and exact ECS scope in one walk over a compiled image; allocates nothing.
// Image: words of 32 bits; HEADER_WORDS of header, one root table of 65,536 words per family (indexed by the first 16
// address bits), then nodes of two words, shared between like subtrees. A word below zero is a leaf: its low 31 bits are
// cell * 256, plus the depth in a root table (below, the walk counts it). Any other word is the position of a node, whose
// word 0 or 1 the next address bit selects. geo/compile writes images.

import type { Family } from '../base/address.ts';

export const IMAGE_MAGIC = 0x4d47454f; // "MGEO"
export const HEADER_WORDS = 4;
export const ROOT_BITS = 16;
export const ROOT_WORDS = 1 << ROOT_BITS;
export const FIRST_NODE = HEADER_WORDS + 2 * ROOT_WORDS;
/** Cells must fit beside the depth in the 31 bits of a leaf. */
export const MAX_CELLS = 1 << 23;

export const NOT_EMBEDDED = 0;
/** Added to the position of an embedded IPv4 address whose bits are inverted (Teredo). */
export const INVERTED = 256;

// Constants that are not exported are folded into the machine code: see responder/responder.ts.
const rootV4 = HEADER_WORDS;
const rootV6 = HEADER_WORDS + ROOT_WORDS;
const rootBits = ROOT_BITS;
const notEmbedded = NOT_EMBEDDED;
const inverted = INVERTED;

/** A compiled map of the whole address space, shared by all threads. */
export class GeoImage {
  readonly words: Int32Array;

  /** Throws if the buffer is not what compileGeo made: that is a bug, never an operator's mistake. */
  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
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
  if (family === 4) return walk(image.words, rootV4, octets, offset, 0);
  const embedded = embeddedIpv4(octets, offset);
  if (embedded === notEmbedded) return walk(image.words, rootV6, octets, offset, 0);
  const bits = embedded & 255;
  return walk(image.words, rootV4, octets, offset + (bits >> 3), embedded >= inverted ? 255 : 0) + bits;
}

function walk(words: Int32Array, root: number, octets: Uint8Array, offset: number, invert: number): number {
  let word = words[root + (((octets[offset]! ^ invert) << 8) | (octets[offset + 1]! ^ invert))]!;
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
