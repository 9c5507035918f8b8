// The stateless place of a key among servers that are given one by one: weighted rendezvous hashing, as in ip-hash.ts, for the few cases
// in which another algorithm chooses as a rule.

import { hashPair, rendezvousScore } from '../base/hash.ts';
import { NONE } from './chooser.ts';
import type { ServerTable } from './table.ts';

/** Of `slots` the one where the key belongs, by their configured weights; NONE = none has any. */
export function rendezvous(key: number, slots: Iterable<number>, { columns }: ServerTable): number {
  const { weight, identityA, identityB } = columns;
  let best = NONE;
  let bestScore = 0;
  for (const slot of slots) {
    const score = rendezvousScore(hashPair(key, identityA[slot]!, identityB[slot]!), weight[slot]!);
    if (score <= bestScore) continue;
    best = slot;
    bestScore = score;
  }
  return best;
}
