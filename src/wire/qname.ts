// The name asked for, prepared once per query: validated, lower-cased, its labels located and the hash of each of its
// suffixes computed. One instance per responder, overwritten by each query, so that nothing is allocated.
// RFC 1035 section 3.1 and 4.1.4; a compression pointer in a question is refused (nothing precedes it to point to).

import * as constants from './constants.ts';
import * as names from './name.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { MAX_LABEL_SIZE, MAX_LABELS, MAX_NAME_SIZE } = constants;
const { hashOctet, joinHash, LOWER, ROOT_HASH } = names;

export class QueryName {
  /** The name in lower case, root octet included; valid up to `size`. */
  readonly octets: Uint8Array = new Uint8Array(MAX_NAME_SIZE + 1);
  size = 0;
  /** Number of labels, the root not counted. */
  labels = 0;
  /** Offset in `octets` of the k-th label's length octet, leftmost first; `offset[labels]` is that of the root. */
  readonly offset: Uint8Array = new Uint8Array(MAX_LABELS + 1);
  /** Hash of the suffix that starts at label k; `hash[labels]` is that of the root. */
  readonly hash: Int32Array = new Int32Array(MAX_LABELS + 1);

  /**
   * Reads the uncompressed name at `at` of a message that ends before `end`.
   * Returns the octets consumed, or 0 if the name is malformed, compressed or cut off.
   */
  read(message: Uint8Array, at: number, end: number): number {
    const { octets, offset, hash } = this;
    let labels = 0;
    let position = 0;
    for (;;) {
      const from = at + position;
      if (from >= end) return 0;
      const length = message[from]!;
      if (length === 0) break;
      if (length > MAX_LABEL_SIZE || position + length + 2 > MAX_NAME_SIZE || from + length >= end) return 0;
      offset[labels] = position;
      octets[position] = length;
      let labelHash = length;
      for (let i = 1; i <= length; i++) {
        const octet = LOWER[message[from + i]!]!;
        octets[position + i] = octet;
        labelHash = hashOctet(labelHash, octet);
      }
      hash[labels++] = labelHash;
      position += length + 1;
    }
    octets[position] = 0;
    offset[labels] = position;
    this.labels = labels;
    this.size = position + 1;
    let nameHash = ROOT_HASH;
    hash[labels] = nameHash;
    for (let k = labels - 1; k >= 0; k--) {
      nameHash = joinHash(nameHash, hash[k]!);
      hash[k] = nameHash;
    }
    return position + 1;
  }

  /** Whether the octets `from..end)` of this name, which start with a label, stand at `at` of the valid name in `octets`. */
  isAt(from: number, end: number, octets: Uint8Array, at: number): boolean {
    const own = this.octets;
    const shift = at - from;
    // Length octets are their own lower case, so labels need not be told apart. Behind the root octet nothing is read.
    for (let i = from; i < end; i++) if (own[i] !== LOWER[octets[i + shift]!]) return false;
    return true;
  }
}
