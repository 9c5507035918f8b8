// The slots of one item while a map is made, in columns that are used again for the next: of a hundred thousand classes nearly all
// have choices that another one has already, and leave nothing behind but their hash.

import { mix32 } from '../base/hash.ts';
import { SEED_A, SEED_B } from './rendezvous.ts';

/** Shares that differ by less are the same choice. */
const SHARE_GRAIN = 2 ** 30;
const FIRST_ROOM = 64;

/** By slot; see SpillMap. */
export interface SlotColumns {
  readonly site: Uint16Array;
  readonly group: Uint16Array;
  readonly share: Float64Array;
  readonly natural: Float64Array;
  readonly costKm: Int32Array;
  readonly extraKm: Float64Array;
}

const columnsFor = (room: number): SlotColumns => ({
  site: new Uint16Array(room),
  group: new Uint16Array(room),
  share: new Float64Array(room),
  natural: new Float64Array(room),
  costKm: new Int32Array(room),
  extraKm: new Float64Array(room),
});

export class SlotList {
  count = 0;
  #columns = columnsFor(FIRST_ROOM);
  #paths: string[] = [];
  /** By path, then by number: lists in which every slot is of that leaf. */
  readonly #sole = new Map<string, (readonly string[])[]>();

  clear(): void {
    this.count = 0;
    this.#paths.length = 0;
  }

  push(path: string, rank: number, group: number, share: number, natural: number, costKm: number, extraKm: number): void {
    if (this.count === this.#columns.site.length) this.#grow();
    const columns = this.#columns;
    const at = this.count++;
    this.#paths.push(path);
    columns.site[at] = rank;
    columns.group[at] = group;
    columns.share[at] = share;
    columns.natural[at] = natural;
    columns.costKm[at] = costKm;
    columns.extraKm[at] = extraKm;
  }

  /** Makes the natural shares sum to one. */
  normalise(): void {
    const { natural } = this.#columns;
    let total = 0;
    for (let at = 0; at < this.count; at++) total += natural[at]!;
    for (let at = 0; at < this.count; at++) natural[at]! /= total;
  }

  /** Path of the leaf by slot; equal lists are one. */
  paths(): readonly string[] {
    const [path] = this.#paths;
    if (path === undefined || this.#paths.some((other) => other !== path)) return this.#paths.slice();
    let lists = this.#sole.get(path);
    if (lists === undefined) {
      lists = [];
      this.#sole.set(path, lists);
    }
    lists[this.count] ??= this.#paths.slice();
    return lists[this.count]!;
  }

  columns(): SlotColumns {
    const { site, group, share, natural, costKm, extraKm } = this.#columns;
    const { count } = this;
    return {
      site: site.slice(0, count),
      group: group.slice(0, count),
      share: share.slice(0, count),
      natural: natural.slice(0, count),
      costKm: costKm.slice(0, count),
      extraKm: extraKm.slice(0, count),
    };
  }

  /** Two hashes of all that a step looks at: items with equal choices are one. */
  choice(priority: number): string {
    const { site, group, share, costKm } = this.#columns;
    let a = mix32(SEED_A, priority);
    let b = mix32(SEED_B, priority);
    for (let at = 0; at < this.count; at++) {
      const part = Math.round(share[at]! * SHARE_GRAIN);
      a = mix32(mix32(mix32(mix32(a, site[at]!), group[at]!), part), costKm[at]!);
      b = mix32(mix32(mix32(mix32(b, site[at]!), group[at]!), part), costKm[at]!);
    }
    return `${this.count} ${a} ${b}`;
  }

  #grow(): void {
    const before = this.#columns;
    const next = columnsFor(2 * before.site.length);
    next.site.set(before.site);
    next.group.set(before.group);
    next.share.set(before.share);
    next.natural.set(before.natural);
    next.costKm.set(before.costKm);
    next.extraKm.set(before.extraKm);
    this.#columns = next;
  }
}
