// What an explanation listens to while a place is decided and a plan is made. Every method is told by the code that
// makes the choice, at the moment it makes it, so that an explanation can never differ from the answer.

import type { PolicyNode } from '../model/steering.ts';

/** A site as a `nearest` node saw it. Distances are in kilometres, null if the client's position is unknown. */
export interface RankedSite {
  readonly site: number;
  readonly distanceKm: number | null;
  readonly biasPercent: number;
  /** The distance after bias: what the order is made from. */
  readonly biasedKm: number | null;
  /** Sites of one group are equally near; group 0 is preferred. */
  readonly group: number;
}

/** What became of a member or child: it gets mass, it stands by to fill an answer, or it gets nothing. */
export type Fate = 'kept' | 'reserve' | 'dropped';

export interface Trace {
  /** A node is about to be decided; nodes are entered parents first. */
  enter(node: PolicyNode, depth: number): void;
  /** A `map` node chose a rule; `passed` are the more specific facts about the client that no rule speaks of. */
  matched(path: string, rule: string, childPath: string, passed: readonly string[]): void;
  /** A `nearest` node ordered its sites, nearest first. */
  ranked(path: string, sites: readonly RankedSite[]): void;
  member(path: string, member: number, fate: Fate, why: string): void;
  /** `weight` is null where the kind of node has none. */
  child(path: string, childPath: string, weight: number | null, fate: Fate, why: string): void;
}
