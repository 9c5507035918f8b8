// Second half of steering: a decided tree and the standing of the members become a distribution. Every kind of node is
// a function from the distributions of its children (or the members of its pool) to one distribution:
//
//   pool      members that are up, by weight
//   nearest   the first tie group with a member that is up, by weight; the later groups stand by in their order
//   failover  the first child with mass; later children get nothing, not even the extra places of a longer answer
//   weighted  the children with mass, by weight
//
// Weight 0 means: nothing, unless all that has weight is down; then those of weight 0 share equally.

import type { SteeringModel } from '../model/steering.ts';
import type { Decided } from './decide.ts';
import { type Distribution, mix, NO_MASS, reduce } from './share.ts';
import { STANDING } from './standing.ts';
import type { Fate, Trace } from './trace.ts';

export interface Facts {
  readonly model: SteeringModel;
  /** STANDING by member index (standing.ts). Blank members take part: plan.ts drops them in the end. */
  readonly standing: Uint8Array;
}

export interface Outcome {
  /** No member means that the node is dead. */
  readonly distribution: Distribution;
  /** Members outside the distribution that may fill an answer of several, best first. */
  readonly reserve: readonly number[];
}

const DEAD: Outcome = { distribution: NO_MASS, reserve: [] };

export function evaluate(decided: Decided, facts: Facts, trace?: Trace): Outcome {
  switch (decided.kind) {
    case 'pool':
      return evaluateGroups(decided.path, [facts.model.pools[decided.pool]!.members], facts, trace);
    case 'nearest':
      return evaluateGroups(decided.path, decided.groups, facts, trace);
    case 'failover':
      return evaluateFailover(decided, facts, trace);
    case 'weighted':
      return evaluateWeighted(decided, facts, trace);
  }
}

/** The members of one pool in groups, of which the first with a usable member gets all the mass. */
function evaluateGroups(path: string, groups: readonly (readonly number[])[], facts: Facts, trace?: Trace): Outcome {
  const { model, standing } = facts;
  const isUp = (member: number): boolean => standing[member] !== STANDING.DOWN;
  const hasWeight = (member: number): boolean => model.members[member]!.weight > 0;
  const someWeightUp = groups.some((group) => group.some((member) => isUp(member) && hasWeight(member)));
  const isUsable = (member: number): boolean => isUp(member) && (hasWeight(member) || !someWeightUp);
  let distribution = NO_MASS;
  const reserve: number[] = [];
  groups.forEach((group, g) => {
    const usable = group.filter(isUsable);
    const isFirst = distribution.members.length === 0 && usable.length > 0;
    if (isFirst) {
      const weights = someWeightUp ? reduce(usable.map((member) => model.members[member]!.weight)) : usable.map(() => 1);
      distribution = { members: usable, weights };
    } else reserve.push(...usable.sort((a, b) => model.members[b]!.weight - model.members[a]!.weight || a - b));
    if (trace === undefined) return;
    for (const member of group) {
      if (!isUp(member)) trace.member(path, member, 'dropped', 'down');
      else if (!isUsable(member)) trace.member(path, member, 'dropped', 'weight 0 while others are up');
      else
        trace.member(
          path,
          member,
          isFirst ? 'kept' : 'reserve',
          isFirst ? keptBecause(g, facts, member) : 'a nearer group is up',
        );
    }
  });
  return { distribution, reserve };
}

function keptBecause(group: number, facts: Facts, member: number): string {
  const place = group === 0 ? 'up' : 'up, and every nearer group is down';
  return facts.standing[member] === STANDING.BLANK ? `${place}; has no address of this family, so its share is dropped` : place;
}

function evaluateFailover(decided: Extract<Decided, { kind: 'failover' }>, facts: Facts, trace?: Trace): Outcome {
  let chosen = DEAD;
  for (const child of decided.children) {
    let fate: Fate = 'dropped';
    let why = 'an earlier child is up';
    if (chosen === DEAD) {
      const outcome = evaluate(child, facts, trace);
      const isAlive = outcome.distribution.members.length > 0;
      if (isAlive) chosen = outcome;
      fate = isAlive ? 'kept' : 'dropped';
      why = isAlive ? 'the first child that is up' : 'nothing in it is up';
    }
    trace?.child(decided.path, child.path, null, fate, why);
  }
  return chosen;
}

function evaluateWeighted(decided: Extract<Decided, { kind: 'weighted' }>, facts: Facts, trace?: Trace): Outcome {
  const children = decided.children.map((child, i) => ({
    child,
    weight: decided.weights[i]!,
    outcome: evaluate(child, facts, trace),
  }));
  const alive = children.filter(({ outcome }) => outcome.distribution.members.length > 0);
  const someWeightUp = alive.some(({ weight }) => weight > 0);
  const used = alive.filter(({ weight }) => weight > 0 || !someWeightUp);
  for (const entry of trace === undefined ? [] : children) {
    const isUsed = used.includes(entry);
    const why = isUsed ? 'up' : alive.includes(entry) ? 'weight 0 while others are up' : 'nothing in it is up';
    trace?.child(decided.path, entry.child.path, entry.weight, isUsed ? 'kept' : 'dropped', why);
  }
  if (used.length === 0) return DEAD;
  return {
    distribution: mix(
      used.map(({ weight, outcome }) => ({ weight: someWeightUp ? weight : 1, distribution: outcome.distribution })),
    ),
    reserve: used.flatMap(({ outcome }) => outcome.reserve),
  };
}
