// Weighted rendezvous hashing: every member scores every client network, the best score wins. A member that leaves
// moves only the networks it had won, and a shift of x % of the mass moves x % of the networks. Sources: D. Thaler and
// C. Ravishankar (1998); weights: base/hash.
// Nothing here depends on indexes, so that choices outlive a reload.

import type { Family } from '../base/address.ts';
import * as hashes from '../base/hash.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { mix32 } = hashes;

/** Seeds of the two halves of a 64-bit identity: with 32 bits, two members of a large fleet could hash alike. */
export const SEED_A = 0x6d657269;
export const SEED_B = 0x6469616e;

/** Hash of the first `prefixLen` bits of an address (4 or 16 octets at `offset`) and its family; the rest does not matter. */
export function hashNetwork(octets: Uint8Array, offset: number, family: Family, prefixLen: number): number {
  let hash: number = family;
  for (let bits = prefixLen, at = offset; bits > 0; bits -= 32, at += 4) {
    const word = (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
    hash = mix32(hash, bits >= 32 ? word : word & (-1 << (32 - bits)));
  }
  return hash;
}
