// First half of steering: a policy tree and a place become a decided tree, in which geography is settled: `map` nodes
// are replaced by the child they chose and `nearest` nodes list their members by tie group. It does not depend on
// health, so it is made once per class of places (classes.ts); evaluate.ts is the second half.

import { type Cidr, formatCidr } from '../base/address.ts';
import type { Place } from '../model/place.ts';
import type { PolicyNode, SteeringModel } from '../model/steering.ts';
import { type MapNode, MapRules, networksOf } from './map.ts';
import { measure, type NearestNode, SiteRanking } from './nearest.ts';
import type { Trace } from './trace.ts';

/** A policy tree without geography. Plain data that can be sent between threads. Children keep the order of the policy. */
export type Decided =
  | { readonly kind: 'pool'; readonly path: string; readonly pool: number }
  | {
      readonly kind: 'nearest';
      readonly path: string;
      readonly pool: number;
      /** Member indexes by tie group, nearest group first. */
      readonly groups: readonly (readonly number[])[];
    }
  | { readonly kind: 'failover'; readonly path: string; readonly children: readonly Decided[] }
  | {
      readonly kind: 'weighted';
      readonly path: string;
      readonly weights: readonly number[];
      readonly children: readonly Decided[];
    };

export class Decider {
  /** Every network named in a policy; Place.networks holds indexes into it. */
  readonly networks: readonly Cidr[];
  readonly #model: SteeringModel;
  readonly #indexOfNetwork: ReadonlyMap<string, number>;
  readonly #maps = new Map<MapNode, MapRules>();
  /** By what a ranking depends on, so that nodes which order the same sites alike are ranked once per place. */
  readonly #rankings = new Map<string, SiteRanking>();
  readonly #rankingOf = new Map<NearestNode, SiteRanking>();
  readonly #distancesKm: Float64Array;

  constructor(model: SteeringModel) {
    this.#model = model;
    this.networks = networksOf(model);
    this.#indexOfNetwork = new Map(this.networks.map((cidr, i) => [formatCidr(cidr), i]));
    this.#distancesKm = new Float64Array(model.sites.length);
  }

  /** Distances from the place by site index, null if it has no position. The array is overwritten by the next call. */
  measure(place: Place): Float64Array | null {
    return measure(this.#model, place, this.#distancesKm) ? this.#distancesKm : null;
  }

  /** The tree with geography settled. `distancesKm` is what measure(place) gave. */
  decide(node: PolicyNode, place: Place, distancesKm: Float64Array | null, trace?: Trace, depth = 0): Decided {
    trace?.enter(node, depth);
    const settle = (child: PolicyNode): Decided => this.decide(child, place, distancesKm, trace, depth + 1);
    const { path } = node;
    switch (node.kind) {
      case 'pool':
        return { kind: 'pool', path, pool: node.pool };
      case 'nearest': {
        const ranking = this.rankingOf(node);
        ranking.rank(distancesKm);
        trace?.ranked(path, ranking.describe(distancesKm));
        return { kind: 'nearest', path, pool: node.pool, groups: ranking.memberGroups(node.pool) };
      }
      case 'map':
        return settle(this.childOf(node, place, trace));
      case 'failover':
        return { kind: 'failover', path, children: node.children.map(settle) };
      case 'weighted': {
        const weights = node.children.map(({ weight }) => weight);
        return { kind: 'weighted', path, weights, children: node.children.map(({ child }) => settle(child)) };
      }
    }
  }

  /** The child that a map chooses for a place. */
  childOf(node: MapNode, place: Place, trace?: Trace): PolicyNode {
    const rules = this.rulesOf(node);
    const child = rules.choose(place);
    if (trace !== undefined) {
      const rung = rules.rungOf(place);
      const passed: string[] = [];
      for (let above = 0; above < rung; above++) {
        const fact = rules.describe(above, place);
        if (fact !== null) passed.push(fact);
      }
      trace.matched(node.path, rules.describe(rung, place)!, child.path, passed);
    }
    return child;
  }

  rulesOf(node: MapNode): MapRules {
    let rules = this.#maps.get(node);
    if (rules === undefined) {
      rules = new MapRules(node, this.networks, this.#indexOfNetwork);
      this.#maps.set(node, rules);
    }
    return rules;
  }

  /** The ranking of a node; nodes over the same sites with the same bias and band share one. */
  rankingOf(node: NearestNode): SiteRanking {
    let ranking = this.#rankingOf.get(node);
    if (ranking === undefined) {
      const fresh = new SiteRanking(this.#model, node);
      const biases = fresh.sites.map((site) => node.biasPercent[site] ?? 0);
      const key = `${node.tieBandKm}|${fresh.sites.join()}|${biases.join()}`;
      ranking = this.#rankings.get(key) ?? fresh;
      this.#rankings.set(key, ranking);
      this.#rankingOf.set(node, ranking);
    }
    return ranking;
  }
}
