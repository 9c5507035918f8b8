// Brings clients back: load that stands at a farther slot than it need goes to the nearest one whose site is under its low mark,
// where that saves most first, until the site is halfway between its low mark and its ceiling.

import type { Flows } from './spill-flow.ts';

interface Homecoming {
  readonly saving: number;
  readonly from: number;
  readonly to: number;
}

/** `part`: at most so much of its ceiling comes back to a site. `returning` is brought up to date. All but `part` by rank. */
export function returnHome(flows: Flows, low: Float64Array, ceiling: Float64Array, returning: Uint8Array, part: number): void {
  const { load, isBounded } = flows;
  // a site whose capacity nobody knows any more keeps nobody away
  const fill = low.map((mark, rank) => (isBounded[rank] === 0 ? Number.POSITIVE_INFINITY : (mark + ceiling[rank]!) / 2));
  const budget = ceiling.map((value, rank) => (isBounded[rank] === 0 ? Number.POSITIVE_INFINITY : Math.floor(value * part)));
  for (let rank = 0; rank < load.length; rank++) {
    if (isBounded[rank] === 0) returning[rank] = 1;
    else if (load[rank]! >= fill[rank]!) returning[rank] = 0;
    else if (load[rank]! < low[rank]!) returning[rank] = 1;
  }
  const homecomings = homecomingsOf(flows, returning);
  homecomings.sort((a, b) => b.saving - a.saving || a.from - b.from || a.to - b.to);
  for (const { from, to } of homecomings) {
    const rank = flows.map.site[to]!;
    // twice, as beyond the natural share of either slot the price is another
    for (let turn = 0; turn < 2 && flows.leaving(from) > flows.entering(to); turn++) {
      const room = Math.min(Math.floor(fill[rank]! - load[rank]!), budget[rank]!, flows.flow[from]!);
      const amount = Math.min(room, flows.amount(from, to));
      if (amount < 1) break;
      flows.move(from, to, amount);
      budget[rank]! -= amount;
    }
  }
}

function homecomingsOf(flows: Flows, returning: Uint8Array): Homecoming[] {
  const { map, flow } = flows;
  const { first, site } = map;
  const found: Homecoming[] = [];
  for (let item = 0; item < map.itemCount; item++) {
    const start = first[item]!;
    const end = first[item + 1]!;
    for (let from = start; from < end; from++) {
      if (flow[from] === 0 || flows.leaving(from) === 0) continue;
      for (let to = start; to < end; to++) {
        if (returning[site[to]!] === 0 || site[to] === site[from]) continue;
        const saving = flows.leaving(from) - flows.entering(to);
        if (saving > 0) found.push({ saving, from, to });
      }
    }
  }
  return found;
}
