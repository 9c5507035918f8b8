// How much of the load each priority gets, and whether its health is believed. The first priority keeps everything while its
// healthy weight, times a factor, is all of its weight; only what it lacks goes on to the next. Source: Envoy's priority levels,
// with the same defaults: factor 1.4, panic below 50 %.

/** Weight of all servers of a priority, and of those that are healthy. */
export interface PriorityWeight {
  readonly total: number;
  readonly healthy: number;
}

export interface PriorityShare {
  /** 0..1; those of all priorities add up to 1, or to 0 if nobody can be chosen. */
  readonly share: number;
  /** Whether servers are chosen whether healthy or not. */
  readonly isPanic: boolean;
}

/** Shares of priorities, first choice first. `overflowFactor` >= 1; `panicPercent` 0 = health is always believed. */
export function priorityShares(
  priorities: readonly PriorityWeight[],
  overflowFactor: number,
  panicPercent: number,
): readonly PriorityShare[] {
  const fitness = priorities.map(({ total, healthy }) => (total === 0 ? 0 : Math.min(1, (overflowFactor * healthy) / total)));
  const sum = fitness.reduce((all, one) => all + one, 0);
  const isPanic = ({ total, healthy }: PriorityWeight): boolean => sum < 1 && total > 0 && healthy * 100 < panicPercent * total;
  if (sum === 0) {
    // Nobody is healthy anywhere: all or nothing.
    const everybody = panicPercent === 0 ? 0 : priorities.reduce((all, { total }) => all + total, 0);
    return priorities.map((one) => ({ share: everybody === 0 ? 0 : one.total / everybody, isPanic: isPanic(one) }));
  }
  let rest = Math.min(1, sum);
  const whole = rest;
  return priorities.map((one, i) => {
    const taken = Math.min(fitness[i]!, rest);
    rest -= taken;
    return { share: taken / whole, isPanic: isPanic(one) };
  });
}
