// The plan of a policy for one class of places and one address family: who may be answered, with which share, who
// stands by, and, when nothing that the policy may choose is up, what its last resort makes of that.

import type { LastResort, Policy, SteeringModel } from '../model/steering.ts';
import type { Decided } from './decide.ts';
import { evaluate, type Outcome } from './evaluate.ts';
import { reduce } from './share.ts';
import { STANDING } from './standing.ts';
import type { Trace } from './trace.ts';

/** A time to the next change that nobody foresees. */
export const NO_CHANGE_FORESEEN = 0xffffffff;

export interface Plan {
  /** `nodata`: the name exists, but nobody has an address of this family. */
  readonly kind: 'answer' | 'nodata' | 'servfail';
  /** The last resort that was needed; null = the policy found something up. */
  readonly lastResort: LastResort['kind'] | null;
  /** By falling weight, then by index. */
  readonly members: readonly number[];
  /** Whole numbers without a common divisor, in parallel to members. */
  readonly weights: readonly number[];
  /** Members with an address of this family that may fill an answer of several, best first. */
  readonly reserve: readonly number[];
  /** Seconds until the facts under this plan could change. */
  readonly ttlSec: number;
}

export interface PlanFacts {
  readonly model: SteeringModel;
  readonly standing: Uint8Array;
  /** The standing if every member were up. */
  readonly standingIfUp: Uint8Array;
}

/**
 * Makes the plan. `lastGood` finds the plan last made for the same policy, class and family while something was up.
 * The trace hears about the attempt with the true standing, not about what a last resort tried after it.
 */
export function makePlan(
  policy: Policy,
  decided: Decided,
  facts: PlanFacts,
  lastGood: () => Plan | undefined,
  trace?: Trace,
): Plan {
  const outcome = evaluate(decided, facts, trace);
  if (outcome.distribution.members.length > 0) return planOf(outcome, policy, facts, null);
  const everythingUp = { model: facts.model, standing: facts.standingIfUp };
  const serveAll = (): Plan => planOf(evaluate(decided, everythingUp), policy, facts, 'serve-all');
  const resort = policy.lastResort;
  switch (resort.kind) {
    case 'serve-all':
      return serveAll();
    case 'last-good': {
      const last = lastGood();
      return last === undefined ? serveAll() : { ...last, lastResort: 'last-good' };
    }
    case 'fallback': {
      const pool: Decided = { kind: 'pool', path: `${policy.id}.fallback`, pool: resort.pool };
      const up = evaluate(pool, facts);
      return planOf(up.distribution.members.length > 0 ? up : evaluate(pool, everythingUp), policy, facts, 'fallback');
    }
    case 'nodata':
    case 'servfail':
      return { ...NOTHING, kind: resort.kind, lastResort: resort.kind };
  }
}

const NOTHING: Plan = { kind: 'nodata', lastResort: null, members: [], weights: [], reserve: [], ttlSec: NO_CHANGE_FORESEEN };

/** Drops blank members, whose mass goes to the others in proportion, and brings the rest into a fixed order. */
function planOf(outcome: Outcome, policy: Policy, facts: PlanFacts, lastResort: Plan['lastResort']): Plan {
  const isBlank = (member: number): boolean => facts.standingIfUp[member] === STANDING.BLANK;
  const { members, weights } = outcome.distribution;
  const entries = members.map((member, i) => ({ member, weight: weights[i]! })).filter(({ member }) => !isBlank(member));
  if (entries.length === 0) return { ...NOTHING, lastResort };
  entries.sort((a, b) => b.weight - a.weight || a.member - b.member);
  const kept = entries.map(({ member }) => member);
  return {
    kind: 'answer',
    lastResort,
    members: kept,
    weights: reduce(entries.map(({ weight }) => weight)),
    reserve: policy.answers === 1 ? [] : reserveOf(outcome, kept, isBlank, facts.model),
    ttlSec: NO_CHANGE_FORESEEN,
  };
}

/** An alias cannot stand beside addresses, so it is no reserve. */
function reserveOf(outcome: Outcome, kept: readonly number[], isBlank: (m: number) => boolean, model: SteeringModel): number[] {
  const seen = new Set(kept);
  return outcome.reserve.filter((member) => {
    if (seen.has(member) || isBlank(member) || model.members[member]!.target.kind === 'alias') return false;
    seen.add(member);
    return true;
  });
}
