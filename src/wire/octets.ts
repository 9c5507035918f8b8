// Unsigned integers in network order at an offset (RFC 1035 section 2.3.2). The caller has checked the bounds.

export const readU16 = (octets: Uint8Array, at: number): number => (octets[at]! << 8) | octets[at + 1]!;

export const readU32 = (octets: Uint8Array, at: number): number => ((readU16(octets, at) << 16) | readU16(octets, at + 2)) >>> 0;
