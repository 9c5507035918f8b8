// Reads names with compression pointers (RFC 1035 section 4.1.4). Each pointer must lead to before the labels that led to
// it, so a loop cannot happen and the work is bounded by the size of a name. For messages in object form only: the
// server itself follows no pointer.

import { MAX_NAME_SIZE } from './constants.ts';

export interface NameRead {
  /** The name without compression. */
  readonly name: Uint8Array;
  /** Offset of the octet behind the name as it stands in the message. */
  readonly next: number;
}

/** The name at `at` of a message that ends before `end`, or a sentence on what is wrong. */
export function readCompressedName(message: Uint8Array, at: number, end: number): NameRead | string {
  const name = new Uint8Array(MAX_NAME_SIZE);
  let size = 0;
  let next = -1;
  let runStart = at;
  for (let from = at; from < end; ) {
    const length = message[from]!;
    if (length >= 0xc0) {
      if (from + 1 >= end) break;
      const target = ((length & 0x3f) << 8) | message[from + 1]!;
      if (next < 0) next = from + 2;
      if (target >= runStart) return 'a compression pointer does not lead backwards';
      runStart = target;
      from = target;
      continue;
    }
    if (length >= 0x40) return `a label begins with 0x${length.toString(16)}, which is neither a length nor a pointer`;
    if (size + length + 1 > MAX_NAME_SIZE) return `a name is longer than ${MAX_NAME_SIZE} octets`;
    if (from + length >= end) break;
    name.set(message.subarray(from, from + length + 1), size);
    size += length + 1;
    from += length + 1;
    if (length === 0) return { name: name.slice(0, size), next: next < 0 ? from : next };
  }
  return 'a name is cut off';
}
