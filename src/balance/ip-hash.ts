// IP hash: a client network always gets the same server, by weighted rendezvous hashing: every server scores every key, the best
// score wins. A server that leaves moves only the keys that it had; one that is full lends a key to its second best. Shares are
// exact in weight and need no table, at a cost in proportion to the servers. Sources: D. Thaler and C. Ravishankar (1998);
// weights by C. Schindelhauer and G. Schomaker (2005): score = weight / -ln(u).

import * as hashes from '../base/hash.ts';
import type { Candidates } from './candidates.ts';
import { type Chooser, NONE } from './chooser.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { hashPair, rendezvousScore } = hashes;

export class IpHash implements Chooser {
  readonly #candidates: Candidates;

  constructor(candidates: Candidates) {
    this.#candidates = candidates;
  }

  update(): void {}

  choose(key: number): number {
    const { slots, weights, size, table } = this.#candidates;
    const { identityA, identityB, active, limit } = table.columns;
    let best = NONE;
    let bestScore = -1;
    let bestHash = -1;
    let bestWeight = 0;
    for (let at = 0; at < size; at++) {
      const slot = slots[at]!;
      if (active[slot]! >= limit[slot]!) continue;
      const hash = hashPair(key, identityA[slot]!, identityB[slot]!);
      // No more weight and no higher hash is no higher score: spares nearly all logarithms.
      if (weights[at]! <= bestWeight && hash <= bestHash) continue;
      const score = rendezvousScore(hash, weights[at]!);
      if (score > bestScore) {
        bestScore = score;
        bestHash = hash;
        bestWeight = weights[at]!;
        best = slot;
      }
    }
    return best;
  }
}
