// A binary heap of moves between two sites, cheapest first; of equal cost the one from the slot with the lower number. In columns
// of plain numbers: a step of a large world has hundred thousands of moves, and as many objects would keep the collector busy for
// longer than all the rest of the step takes.

/** Slots are counted up to this: two of their numbers fit into one that is still exact. */
const MOST_SLOTS = 2 ** 26;

export class EdgeHeap {
  readonly #costs: number[] = [];
  readonly #moves: number[] = [];

  get isEmpty(): boolean {
    return this.#costs.length === 0;
  }

  /** Of the cheapest move; not to be asked of an empty heap. */
  get cost(): number {
    return this.#costs[0]!;
  }

  get from(): number {
    return Math.floor(this.#moves[0]! / MOST_SLOTS);
  }

  get to(): number {
    return this.#moves[0]! % MOST_SLOTS;
  }

  push(cost: number, from: number, to: number): void {
    const costs = this.#costs;
    const moves = this.#moves;
    const move = from * MOST_SLOTS + to;
    let at = costs.push(cost) - 1;
    moves.push(move);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (cost > costs[parent]! || (cost === costs[parent] && move >= moves[parent]!)) break;
      costs[at] = costs[parent]!;
      moves[at] = moves[parent]!;
      at = parent;
    }
    costs[at] = cost;
    moves[at] = move;
  }

  /** Takes the cheapest move away; nothing happens to an empty heap. */
  pop(): void {
    const costs = this.#costs;
    const moves = this.#moves;
    const cost = costs.pop();
    const move = moves.pop();
    if (cost === undefined || move === undefined || costs.length === 0) return;
    let at = 0;
    for (let child = 1; child < costs.length; child = 2 * at + 1) {
      if (child + 1 < costs.length && isBefore(costs[child + 1]!, moves[child + 1]!, costs[child]!, moves[child]!)) child++;
      if (isBefore(cost, move, costs[child]!, moves[child]!)) break;
      costs[at] = costs[child]!;
      moves[at] = moves[child]!;
      at = child;
    }
    costs[at] = cost;
    moves[at] = move;
  }
}

const isBefore = (costA: number, moveA: number, costB: number, moveB: number): boolean =>
  costA < costB || (costA === costB && moveA < moveB);
