// A 32-bit hash with full avalanche over address octets, for placing clients (rendezvous hashing). Not for secrets:
// whoever needs an unforgeable hash takes siphash. Mixing constants are those of MurmurHash3 (public domain, A. Appleby).

/** One round over a 32-bit word. */
export function mix32(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  let h = hash ^ Math.imul(k, 0x1b873593);
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}

/** Finishes a hash: every input bit changes every output bit with probability one half. Result is unsigned. */
export function finish32(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Unsigned hash of a text, such as an id; `seed` sets independent hashes apart. */
export function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = mix32(hash, text.charCodeAt(i));
  return finish32(hash);
}

/** Unsigned hash of whoever may have a key, by the two halves of its identity, and the key: the higher one has it. */
export const hashPair = (key: number, identityA: number, identityB: number): number =>
  finish32(mix32(mix32(key, identityA), identityB));

/**
 * Score of hashPair() and a weight, in weighted rendezvous hashing (C. Schindelhauer and G. Schomaker, 2005: weight / -ln(u)). Higher
 * is better, never negative; of two equal weights the higher hash wins.
 */
export const rendezvousScore = (hash: number, weight: number): number => weight / -Math.log((hash + 0.5) / 4294967296);
