// Says what spills, where to and why, from the outcome of a step: plain data, and a sentence for each site that gives load away.

import type { SpillOutlook } from './spill-outlook.ts';

export interface SpillMove {
  /** The clients, such as `GB 54,-2`. */
  readonly cell: string;
  readonly to: string;
  /** Of the clients of the cell, 0..100. */
  readonly percent: number;
  readonly load: number;
  /** Beyond the nearest site that the policy would have chosen. */
  readonly extraKm: number;
  /** Milliseconds of the clock that all servers share. */
  readonly sinceMs: number;
}

export interface SpillReason {
  /** The site whose clients go elsewhere. */
  readonly site: string;
  /** What it would carry if nothing spilled, what it will carry, and what it should at most; in the unit of the sites. */
  readonly wanted: number;
  readonly load: number;
  readonly target: number;
  /** The largest first. */
  readonly moves: readonly SpillMove[];
}

type Outlook = Pick<SpillOutlook, 'state' | 'demand' | 'flow' | 'loadAfter' | 'target'>;

/** One for each site that gives load away, that which gives most first. */
export function spillReasons({ state, demand, flow, loadAfter, target }: Outlook): SpillReason[] {
  const { map } = state;
  const idOf = (rank: number): string => map.model.sites[map.siteOfRank[rank]!]!.id;
  const byRank = new Map<number, SpillMove[]>();
  const wanted = loadAfter.slice();
  for (let item = 0; item < map.itemCount; item++) {
    if (demand[item] === 0) continue;
    const home: { rank: number; lack: number }[] = [];
    for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
      const lack = map.natural[slot]! * demand[item]! - flow[slot]!;
      wanted[map.site[slot]!]! += lack;
      if (lack > 0) home.push({ rank: map.site[slot]!, lack });
    }
    if (state.sinceMs[item] === 0 || home.length === 0) continue;
    const from = home.reduce((most, site) => (site.lack > most.lack ? site : most)).rank;
    for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
      const load = flow[slot]! - map.natural[slot]! * demand[item]!;
      const percent = (100 * load) / demand[item]!;
      if (percent < 0.05) continue;
      const move: SpillMove = {
        cell: map.labels[item]!,
        to: idOf(map.site[slot]!),
        percent,
        load,
        extraKm: map.extraKm[slot]!,
        sinceMs: state.sinceMs[item]!,
      };
      byRank.set(from, [...(byRank.get(from) ?? []), move]);
    }
  }
  const total = (moves: readonly SpillMove[]): number => moves.reduce((sum, { load }) => sum + load, 0);
  return [...byRank]
    .sort(([a, x], [b, y]) => total(y) - total(x) || a - b)
    .map(([rank, moves]) => ({
      site: idOf(rank),
      wanted: wanted[rank]!,
      load: loadAfter[rank]!,
      target: target[rank]!,
      moves: moves.sort((a, b) => b.load - a.load || (a.cell < b.cell ? -1 : 1)),
    }));
}

/** `london over target by 12 %: 8 % of GB 54,-2 to paris, extra 340 km`, with the largest moves first. */
export function reasonToText({ site, wanted, target, moves }: SpillReason, mostMoves = 3): string {
  const over = target > 0 ? (100 * wanted) / target - 100 : Number.POSITIVE_INFINITY;
  // a site may also give load away to make room for clients who would lose more by leaving their own
  const why =
    over >= 0.5 ? `over target by ${Number.isFinite(over) ? `${over.toFixed(0)} %` : 'all of it'}` : 'makes room for others';
  const parts = moves
    .slice(0, mostMoves)
    .map(
      ({ cell, percent, to, extraKm }) =>
        `${percent.toFixed(percent < 10 ? 1 : 0)} % of ${cell} to ${to}, extra ${extraKm.toFixed(0)} km`,
    );
  const more = moves.length > mostMoves ? `; and ${moves.length - mostMoves} more` : '';
  return `${site} ${why}: ${parts.join('; ')}${more}`;
}
