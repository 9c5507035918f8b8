// A binary heap of moves between two sites, cheapest first; of equal cost the one from the slot with the lower number.

export interface Edge {
  readonly cost: number;
  readonly from: number;
  readonly to: number;
}

export class EdgeHeap {
  readonly #edges: Edge[] = [];

  push(cost: number, from: number, to: number): void {
    const edges = this.#edges;
    const edge = { cost, from, to };
    let at = edges.push(edge) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(edge, edges[parent]!)) break;
      edges[at] = edges[parent]!;
      at = parent;
    }
    edges[at] = edge;
  }

  peek(): Edge | undefined {
    return this.#edges[0];
  }

  pop(): void {
    const edges = this.#edges;
    const last = edges.pop();
    if (last === undefined || edges.length === 0) return;
    let at = 0;
    for (let child = 1; child < edges.length; child = 2 * at + 1) {
      if (child + 1 < edges.length && isBefore(edges[child + 1]!, edges[child]!)) child++;
      if (isBefore(last, edges[child]!)) break;
      edges[at] = edges[child]!;
      at = child;
    }
    edges[at] = last;
  }
}

const isBefore = (a: Edge, b: Edge): boolean => a.cost < b.cost || (a.cost === b.cost && a.from < b.from);
