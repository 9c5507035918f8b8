// The recursive resolvers of the world, as caches: each asks a DNS server with the real steering code when its answer has run
// out, and sends its share of a region's clients to whatever site that names. A resolver that sends ECS has a cache entry for
// each network if answers hold for single networks only, and one for all of them if they hold for all.

import type { Scenario } from '../config/scenario.ts';
import { CELL_UNKNOWN } from '../model/place.ts';
import type { SteeringImage } from '../steering/image.ts';
import { type Cursors, PICK, type Picked, pick } from '../steering/pick.ts';
import { REGIONS } from './population.ts';
import type { SimRandom } from './random.ts';

/** Caches of a region: about the square root of its people, two at least. */
const CACHES_PER_ROOT = 1.6;
const LEAST_CACHES = 4;
const MOST_CACHES = 40;
/** Depth of the geographic trie's leaves, as far as the simulator is concerned: a country's networks are short prefixes. */
const LEAF_DEPTH = 12;
const NO_SITE = -1;

/** One of several equal DNS servers. */
export interface SimServer {
  image: SteeringImage;
  readonly cursors: Cursors;
  isCut: boolean;
}

interface Cache {
  readonly region: number;
  /** Of the region's clients. */
  readonly share: number;
  readonly octets: Uint8Array;
  /** Other caches of the same ECS resolver: they have one entry as long as answers hold for all. */
  readonly family: readonly Cache[];
  readonly keepsMs: number;
  expiresMs: number;
  site: number;
}

export class Resolvers {
  readonly #caches: Cache[] = [];
  readonly #random: SimRandom;
  readonly #ttlMs: number;
  readonly #siteOfMember: readonly number[];
  readonly #out: Picked;

  constructor(scenario: Scenario, random: SimRandom, siteOfMember: readonly number[], out: Picked) {
    this.#random = random;
    this.#ttlMs = scenario.ttl;
    this.#siteOfMember = siteOfMember;
    this.#out = out;
    for (const [region, { country, millions }] of REGIONS.entries()) this.#populate(scenario, region, country, millions);
  }

  #populate({ resolvers }: Scenario, region: number, country: string, millions: number): void {
    const { ecs, violators, keep, concentrated } = resolvers;
    let open = 1;
    const add = (share: number, family: Cache[]): void => {
      const octets = Uint8Array.from({ length: 4 }, () => Math.floor(this.#random.next() * 256));
      const keepsMs = this.#random.next() * 100 < violators ? keep : 0;
      const cache: Cache = {
        region,
        share,
        octets,
        family,
        keepsMs,
        expiresMs: this.#random.next() * this.#ttlMs,
        site: NO_SITE,
      };
      family.push(cache);
      this.#caches.push(cache);
    };
    if (concentrated?.country === country) {
      for (let i = 0; i < concentrated.caches; i++) add(concentrated.share / 100 / concentrated.caches, []);
      open -= concentrated.share / 100;
    }
    const count = Math.min(MOST_CACHES, Math.max(LEAST_CACHES, Math.round(CACHES_PER_ROOT * Math.sqrt(millions))));
    // unequal shares, as resolvers are: the first has several times what the last has
    const weights = Array.from({ length: count }, (_, i) => 1 / (i + 3));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const weight of weights) add((open * (1 - ecs / 100) * weight) / total, []);
    // two ECS resolvers, each with so many networks behind it
    for (let r = 0; r < 2 && ecs > 0; r++) {
      const family: Cache[] = [];
      for (let i = 0; i < count; i++) add((open * (ecs / 100)) / (2 * count), family);
    }
  }

  /** Renews what has run out. `queries` counts by region; servers that are cut off count for themselves only. */
  renew(nowMs: number, servers: readonly SimServer[], cells: readonly number[], queries: Float64Array): void {
    for (const cache of this.#caches) {
      if (cache.expiresMs > nowMs) continue;
      const server = servers[Math.floor(this.#random.next() * servers.length)]!;
      const out = this.#out;
      pick(server.image, server.cursors, 0, cells[cache.region] ?? CELL_UNKNOWN, LEAF_DEPTH, 4, 4, cache.octets, 0, out);
      if (!server.isCut) queries[cache.region]!++;
      const site = out.kind === PICK.ADDRESSES ? this.#siteOfMember[out.member[0]!]! : NO_SITE;
      // clients come a little later than answers run out, the sooner the more there are
      const expiresMs = nowMs + Math.max(this.#ttlMs, cache.keepsMs) + this.#random.next() * 2000;
      const isShared = out.scope <= LEAF_DEPTH;
      for (const member of isShared ? cache.family : [cache]) {
        member.site = site;
        member.expiresMs = expiresMs;
      }
    }
  }

  /** Adds the load of every cache to its site; returns what no site got. */
  spread(demand: Float64Array, load: Float64Array, byRegionAndSite: Float64Array): number {
    let nowhere = 0;
    const sites = load.length;
    for (const { region, share, site } of this.#caches) {
      const amount = demand[region]! * share;
      if (site === NO_SITE) nowhere += amount;
      else {
        load[site]! += amount;
        byRegionAndSite[region * sites + site]! += amount;
      }
    }
    return nowhere;
  }
}
