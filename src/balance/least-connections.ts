// Least connections: the server with the least under way for its weight, (active + 1) / weight. Among equals in turn, so that
// an idle service is spread evenly. Candidates of equal weight make it plain least connections; a server that starts slowly
// counts as a smaller one, and so does not get every new connection because it has none yet.

import type { Candidates } from './candidates.ts';
import { type Chooser, NONE } from './chooser.ts';

export class LeastConnections implements Chooser {
  readonly #candidates: Candidates;
  /** Where looking begins: behind the last choice. */
  #from = 0;

  constructor(candidates: Candidates) {
    this.#candidates = candidates;
  }

  update(): void {
    if (this.#from >= this.#candidates.size) this.#from = 0;
  }

  choose(): number {
    const { slots, weights, size, table } = this.#candidates;
    const { active, limit } = table.columns;
    let best = NONE;
    let bestActive = 0;
    let bestWeight = 0;
    for (let i = 0, at = this.#from; i < size; i++) {
      const slot = slots[at]!;
      const would = active[slot]! + 1;
      if (would <= limit[slot]! && (best === NONE || would * bestWeight < bestActive * weights[at]!)) {
        best = at;
        bestActive = would;
        bestWeight = weights[at]!;
      }
      if (++at === size) at = 0;
    }
    if (best !== NONE) this.#from = best + 1 === size ? 0 : best + 1;
    return this.#candidates.slotAt(best);
  }
}
