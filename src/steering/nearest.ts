// Orders the sites of a pool by biased great-circle distance and cuts the order into tie groups. The ranking of a
// client without a position is one group of all sites. Only the groups matter for steering, so within a group sites
// stand by index: two places with the same groups give the same ranking, whatever the distances.

import { distanceKm } from '../geo/distance.ts';
import type { Place } from '../model/place.ts';
import type { PolicyNode, SteeringModel } from '../model/steering.ts';
import type { RankedSite } from './trace.ts';

export type NearestNode = Extract<PolicyNode, { kind: 'nearest' }>;

/** One `nearest` node, prepared. rank() overwrites `order` and `groups`; read them before the next call. */
export class SiteRanking {
  /** Distinct sites of the pool, ascending. */
  readonly sites: readonly number[];
  /** Site indexes, best group first. */
  readonly order: Uint32Array;
  /** Group of each entry of `order`, counting from 0. */
  readonly groups: Uint32Array;
  readonly #tieBandKm: number;
  /** Factor on the distance to order[i]'s site, by site index. */
  readonly #factors: Float64Array;
  readonly #bias: NearestNode['biasPercent'];
  readonly #model: SteeringModel;
  readonly #biasedKm: Float64Array;
  readonly #lists = new Map<number, readonly number[]>();

  constructor(model: SteeringModel, node: NearestNode) {
    const sites = new Set(model.pools[node.pool]!.members.map((member) => model.members[member]!.site));
    this.sites = [...sites].sort((a, b) => a - b);
    this.order = new Uint32Array(this.sites.length);
    this.groups = new Uint32Array(this.sites.length);
    this.#tieBandKm = node.tieBandKm;
    this.#bias = node.biasPercent;
    this.#model = model;
    this.#biasedKm = new Float64Array(model.sites.length);
    this.#factors = Float64Array.from(model.sites, (site) => {
      const bias = node.biasPercent[site.index] ?? 0;
      return bias >= 0 ? 1 - bias / 100 : 1 / (1 + bias / 100);
    });
  }

  /** `distancesKm` by site index, for a place with a position; null for one without. */
  rank(distancesKm: Float64Array | null): void {
    this.order.set(this.sites);
    this.groups.fill(0);
    if (distancesKm === null) return;
    for (const site of this.sites) this.#biasedKm[site] = distancesKm[site]! * this.#factors[site]!;
    this.#sort(0, this.order.length, this.#biasedKm);
    let group = 0;
    let start = 0;
    for (let i = 1; i <= this.order.length; i++) {
      const ends =
        i === this.order.length || this.#biasedKm[this.order[i]!]! > this.#biasedKm[this.order[start]!]! + this.#tieBandKm;
      if (!ends) continue;
      this.groups.fill(group++, start, i);
      this.#sort(start, i, null);
      start = i;
    }
  }

  /** The last ranking in words and numbers, nearest site first. `distancesKm` as given to rank(). */
  describe(distancesKm: Float64Array | null): RankedSite[] {
    const ranked = Array.from(this.order, (site, i) => ({
      site,
      distanceKm: distancesKm === null ? null : distancesKm[site]!,
      biasPercent: this.#bias[site] ?? 0,
      biasedKm: distancesKm === null ? null : this.#biasedKm[site]!,
      group: this.groups[i]!,
    }));
    return ranked.sort((a, b) => a.group - b.group || (a.biasedKm ?? 0) - (b.biasedKm ?? 0) || a.site - b.site);
  }

  /** Insertion sort of order[from..to) by key, then by site index: the lists are short and often nearly sorted. */
  #sort(from: number, to: number, key: Float64Array | null): void {
    const order = this.order;
    for (let i = from + 1; i < to; i++) {
      const site = order[i]!;
      let at = i;
      for (; at > from; at--) {
        const other = order[at - 1]!;
        const difference = key === null ? 0 : key[other]! - key[site]!;
        if (difference < 0 || (difference === 0 && other < site)) break;
        order[at] = other;
      }
      order[at] = site;
    }
  }

  /** Members of the pool by group, each group ascending by member index. Groups of one member are the same list wherever they are. */
  memberGroups(pool: number): (readonly number[])[] {
    const groups: number[][] = [];
    const groupOfSite = new Map<number, number>();
    this.order.forEach((site, i) => {
      groupOfSite.set(site, this.groups[i]!);
      groups[this.groups[i]!] = [];
    });
    const members = [...this.#model.pools[pool]!.members].sort((a, b) => a - b);
    for (const member of members) groups[groupOfSite.get(this.#model.members[member]!.site)!]!.push(member);
    return groups.map((group) => (group.length === 1 ? this.#alone(group[0]!) : group.slice()));
  }

  /** A list that grew takes the room of seventeen: in a large world, gigabytes. */
  #alone(member: number): readonly number[] {
    let list = this.#lists.get(member);
    if (list === undefined) {
      list = [member];
      this.#lists.set(member, list);
    }
    return list;
  }
}

/** Fills `out` (by site index) with the distances from a place; false if the place has no position. */
export function measure(model: SteeringModel, place: Place, out: Float64Array): boolean {
  const { latitude, longitude } = place;
  if (latitude === null || longitude === null) return false;
  for (const site of model.sites) out[site.index] = distanceKm(latitude, longitude, site.latitude, site.longitude);
  return true;
}
