// Numbers for decided trees, without making them: the shape of a policy for a place is a number that is equal for two
// places exactly if decide.ts gives them the same tree (paths aside). A classifier asks for every place of a database,
// so trees are compiled to nodes that know their rules and rankings, and subtrees without geography to a constant.

import type { Place } from '../model/place.ts';
import type { PolicyNode } from '../model/steering.ts';
import type { Decider } from './decide.ts';
import { EMPTY, type ListNumbers } from './intern.ts';
import { childrenOf, type MapRules } from './map.ts';
import type { SiteRanking } from './nearest.ts';

/** The place in question, reused. */
export class Viewpoint {
  place: Place;
  /** By site index, null for a place without a position. */
  distancesKm: Float64Array | null = null;
  /** Counts the places, so that a ranking knows whether it has been made for this one. */
  serial = 0;
  /** Country and square of the place, for policies that spill. */
  ground = 0;

  constructor(place: Place) {
    this.place = place;
  }
}

/** A compiled node. `constant` is its shape if that is the same for all places, else null. */
export interface ShapeNode {
  readonly constant: number | null;
  shape(from: Viewpoint): number;
}

/** First element of the list that stands for a decided node. */
const TAG = { pool: 0, nearest: 1, failover: 2, weighted: 3 } as const;

export class ShapeCompiler {
  readonly #decider: Decider;
  readonly #lists: ListNumbers;
  readonly #rankings = new Map<SiteRanking, RankingNumber>();

  constructor(decider: Decider, lists: ListNumbers) {
    this.#decider = decider;
    this.#lists = lists;
  }

  compile(node: PolicyNode): ShapeNode {
    switch (node.kind) {
      case 'pool':
        return new Constant(this.#list(TAG.pool, node.pool));
      case 'nearest':
        return new Nearest(this.#lists, this.#list(TAG.nearest, node.pool), this.#rankingNumber(node));
      case 'map': {
        const children = new Map(childrenOf(node).map((child) => [child, this.compile(child)]));
        return new Choice(this.#decider.rulesOf(node), children);
      }
      case 'failover':
        return this.#sequence(
          TAG.failover,
          node.children.map((child) => this.compile(child)),
        );
      case 'weighted':
        return this.#sequence(
          TAG.weighted,
          node.children.flatMap(({ weight, child }) => [new Constant(weight), this.compile(child)]),
        );
    }
  }

  #list(...elements: number[]): number {
    return elements.reduce((left, element) => this.#lists.append(left, element), EMPTY);
  }

  #sequence(tag: number, elements: readonly ShapeNode[]): ShapeNode {
    const constants = elements.map(({ constant }) => constant).filter((constant) => constant !== null);
    if (constants.length === elements.length) return new Constant(this.#list(tag, ...constants));
    return new Sequence(this.#lists, this.#list(tag), elements);
  }

  /** One for all nodes that share a ranking, so that it is made once per place. */
  #rankingNumber(node: Extract<PolicyNode, { kind: 'nearest' }>): RankingNumber {
    const ranking = this.#decider.rankingOf(node);
    const known = this.#rankings.get(ranking) ?? new RankingNumber(ranking, this.#lists);
    this.#rankings.set(ranking, known);
    return known;
  }
}

class Constant implements ShapeNode {
  readonly constant: number;

  constructor(constant: number) {
    this.constant = constant;
  }

  shape(): number {
    return this.constant;
  }
}

class Nearest implements ShapeNode {
  readonly constant = null;
  readonly #lists: ListNumbers;
  readonly #prefix: number;
  readonly #ranking: RankingNumber;

  constructor(lists: ListNumbers, prefix: number, ranking: RankingNumber) {
    this.#lists = lists;
    this.#prefix = prefix;
    this.#ranking = ranking;
  }

  shape(from: Viewpoint): number {
    return this.#lists.append(this.#prefix, this.#ranking.groups(from));
  }
}

class Choice implements ShapeNode {
  readonly constant = null;
  readonly #rules: MapRules;
  readonly #children: ReadonlyMap<PolicyNode, ShapeNode>;

  constructor(rules: MapRules, children: ReadonlyMap<PolicyNode, ShapeNode>) {
    this.#rules = rules;
    this.#children = children;
  }

  shape(from: Viewpoint): number {
    return this.#children.get(this.#rules.choose(from.place))!.shape(from);
  }
}

class Sequence implements ShapeNode {
  readonly constant = null;
  readonly #lists: ListNumbers;
  readonly #prefix: number;
  readonly #elements: readonly ShapeNode[];

  constructor(lists: ListNumbers, prefix: number, elements: readonly ShapeNode[]) {
    this.#lists = lists;
    this.#prefix = prefix;
    this.#elements = elements;
  }

  shape(from: Viewpoint): number {
    let number = this.#prefix;
    for (const element of this.#elements) number = this.#lists.append(number, element.shape(from));
    return number;
  }
}

/** The number of the list of a ranking's tie groups: site indexes plus one, with a zero between groups. */
class RankingNumber {
  readonly #ranking: SiteRanking;
  readonly #lists: ListNumbers;
  #serial = 0;
  #groups = EMPTY;

  constructor(ranking: SiteRanking, lists: ListNumbers) {
    this.#ranking = ranking;
    this.#lists = lists;
  }

  groups(from: Viewpoint): number {
    if (this.#serial === from.serial) return this.#groups;
    const { order, groups } = this.#ranking;
    this.#ranking.rank(from.distancesKm);
    let number = EMPTY;
    for (let i = 0; i < order.length; i++) {
      if (i > 0 && groups[i] !== groups[i - 1]) number = this.#lists.append(number, 0);
      number = this.#lists.append(number, order[i]! + 1);
    }
    this.#serial = from.serial;
    this.#groups = number;
    return number;
  }
}
