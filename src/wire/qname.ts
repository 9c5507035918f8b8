// The name asked for, prepared once per query: validated, lower-cased, its labels located and the hash of each of its
// suffixes computed. One instance per responder, overwritten by each query, so that nothing is allocated.
// RFC 1035 section 3.1 and 4.1.4; a compression pointer in a question is refused (nothing precedes it to point to).

import { MAX_LABELS, MAX_NAME_SIZE } from './constants.ts';
import { hashLabel, LOWER, ROOT_HASH } from './name.ts';

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
    let labels = 0;
    let position = 0;
    for (;;) {
      const from = at + position;
      if (from >= end) return 0;
      const length = message[from]!;
      if (length === 0) break;
      if (length > 63 || position + length + 2 > MAX_NAME_SIZE || from + length >= end) return 0;
      this.offset[labels++] = position;
      this.octets[position] = length;
      for (let i = 1; i <= length; i++) this.octets[position + i] = LOWER[message[from + i]!]!;
      position += length + 1;
    }
    this.octets[position] = 0;
    this.offset[labels] = position;
    this.labels = labels;
    this.size = position + 1;
    let hash = ROOT_HASH;
    this.hash[labels] = hash;
    for (let k = labels - 1; k >= 0; k--) {
      hash = hashLabel(hash, this.octets, this.offset[k]!);
      this.hash[k] = hash;
    }
    return this.size;
  }
}
