// What a client is known by, as the key that hashing algorithms place: a hash of its network, or of a text such as a cookie, a
// header or a path. Not for secrets: a client that knows the constants can choose where it is placed.

import { finish32, hashText, mix32 } from '../base/hash.ts';

const SEED = 0x6b657973;

/** Unsigned hash of the first `prefixLen` bits of an address (4 or 16 octets). */
export function addressKey(octets: Uint8Array, prefixLen: number): number {
  let hash = mix32(SEED, octets.length);
  for (let bits = prefixLen, at = 0; bits > 0; bits -= 32, at += 4) {
    const word = (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
    hash = mix32(hash, bits >= 32 ? word : word & (-1 << (32 - bits)));
  }
  return finish32(hash);
}

export const textKey = (text: string): number => hashText(text, SEED);

/** Another key from a key, for a further try or an independent decision; the same for the same salt. */
export const saltedKey = (key: number, salt: number): number => finish32(mix32(mix32(SEED, key), salt));
