// What spill remembers from step to step, in columns of a map; and the same by name, for another map (after a change of health
// or a reload), another server or a restart. A server that takes over the record of another one goes on exactly as that would.

import { ADMIT_ALL } from './spill-limits.ts';
import type { SpillMap } from './spill-map.ts';

export interface SpillState {
  readonly map: SpillMap;
  /** When the step was made, in milliseconds of the clock that all servers share. */
  readonly atMs: number;
  /** By slot: what the site takes of what it would take (spill-limits.ts). */
  readonly admit: Uint32Array;
  /** By slot: the share of the item's clients whose answer, not yet run out, names this site. */
  readonly held: Float64Array;
  /** By slot: `held` as the smoothed reports show it: averaged as they are. */
  readonly seen: Float64Array;
  /** By item: queries a second, smoothed. */
  readonly queries: Float64Array;
  /** By item: load that comes with a query a second; 0 = not known. */
  readonly loadPerQuery: Float64Array;
  /** By item: since when it spills, 0 = it does not. */
  readonly sinceMs: Float64Array;
  /** By rank: load as reported, smoothed; NaN = no believable report. */
  readonly load: Float64Array;
  /** By rank: what may still be shed at once, as a share of the load. */
  readonly allowance: Float64Array;
  /** When plans were last compared with better ones, and whether they are on their way to such. */
  readonly reviewedMs: number;
  readonly isImproving: boolean;
}

/** A state by name. Plain data: fit for JSON. */
export interface SpillRecord {
  readonly atMs: number;
  readonly reviewedMs: number;
  readonly isImproving: boolean;
  /** By key of the item; `slots` by site id, `#2` behind the second of one site; absent = open, and nobody holds it. */
  readonly items: Readonly<Record<string, ItemRecord>>;
  /** By site id. */
  readonly sites: Readonly<Record<string, { readonly load: number | null; readonly allowance: number }>>;
}

interface ItemRecord {
  readonly queries: number;
  readonly loadPerQuery: number;
  readonly sinceMs: number;
  readonly slots: Readonly<Record<string, readonly [admit: number, held: number, seen: number]>>;
}

export function recordOf(state: SpillState): SpillRecord {
  const { map } = state;
  const items: Record<string, ItemRecord> = {};
  for (let item = 0; item < map.itemCount; item++) {
    const names = slotNames(map, item);
    const first = map.first[item]!;
    items[map.keys[item]!] = {
      queries: state.queries[item]!,
      loadPerQuery: state.loadPerQuery[item]!,
      sinceMs: state.sinceMs[item]!,
      slots: Object.fromEntries(
        names.flatMap((name, i) => {
          const values = [state.admit[first + i]!, state.held[first + i]!, state.seen[first + i]!] as const;
          return values[0] === ADMIT_ALL && values[1] === 0 && values[2] === 0 ? [] : [[name, values] as const];
        }),
      ),
    };
  }
  const sites = Object.fromEntries(
    map.siteOfRank.map((site, rank) => {
      const load = state.load[rank]!;
      const record = {
        load: Number.isNaN(load) ? null : load,
        allowance: state.allowance[rank]!,
      };
      return [map.model.sites[site]!.id, record];
    }),
  );
  return { atMs: state.atMs, reviewedMs: state.reviewedMs, isImproving: state.isImproving, items, sites };
}

/**
 * The state for a map: as recorded for items and sites of the same name, at rest otherwise. Where the sites that an item
 * prefers are others than when the record was made, farther sites that were closed to it are open again.
 */
export function stateFrom(map: SpillMap, record: SpillRecord | undefined, nowMs: number): SpillState {
  const state: SpillState = {
    map,
    atMs: record?.atMs ?? nowMs,
    admit: new Uint32Array(map.site.length).fill(ADMIT_ALL),
    held: Float64Array.from(map.natural),
    seen: Float64Array.from(map.natural),
    queries: new Float64Array(map.itemCount),
    loadPerQuery: new Float64Array(map.itemCount),
    sinceMs: new Float64Array(map.itemCount),
    load: new Float64Array(map.siteOfRank.length).fill(Number.NaN),
    allowance: new Float64Array(map.siteOfRank.length).fill(1),
    reviewedMs: record?.reviewedMs ?? nowMs,
    isImproving: record?.isImproving ?? false,
  };
  for (let item = 0; item < map.itemCount; item++) {
    const known = record?.items[map.keys[item]!];
    if (known !== undefined) adopt(state, item, known);
  }
  for (const [rank, site] of map.siteOfRank.entries()) {
    const known = record?.sites[map.model.sites[site]!.id];
    if (known === undefined) continue;
    state.load[rank] = known.load ?? Number.NaN;
    state.allowance[rank] = known.allowance;
  }
  return state;
}

function adopt(state: SpillState, item: number, known: ItemRecord): void {
  const { map } = state;
  state.queries[item] = known.queries;
  state.loadPerQuery[item] = known.loadPerQuery;
  const first = map.first[item]!;
  const names = slotNames(map, item);
  const isChanged = names.some((name, i) => known.slots[name] === undefined && map.natural[first + i]! > 0);
  let limited = false;
  for (const [i, name] of names.entries()) {
    const slot = first + i;
    const [admit, held, seen] = known.slots[name] ?? [ADMIT_ALL, 0, 0];
    state.held[slot] = held;
    state.seen[slot] = seen;
    if (isChanged && map.natural[slot] === 0) continue;
    state.admit[slot] = admit;
    limited ||= admit !== ADMIT_ALL;
  }
  state.sinceMs[item] = limited ? known.sinceMs : 0;
}

function slotNames({ model, first, site, siteOfRank }: SpillMap, item: number): string[] {
  const seen = new Map<number, number>();
  const names: string[] = [];
  for (let slot = first[item]!; slot < first[item + 1]!; slot++) {
    const rank = site[slot]!;
    const nth = (seen.get(rank) ?? 0) + 1;
    seen.set(rank, nth);
    names.push(`${model.sites[siteOfRank[rank]!]!.id}${nth > 1 ? `#${nth}` : ''}`);
  }
  return names;
}
