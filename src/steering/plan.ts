// The plan of a policy for one class of places and one address family: who may be answered, with which share, who
// stands by, and, when nothing that the policy may choose is up, what its last resort makes of that.

import type { LastResort, Policy, SteeringModel } from '../model/steering.ts';
import type { Decided } from './decide.ts';
import { evaluate, type Outcome } from './evaluate.ts';
import { reduce } from './share.ts';
import { type ClassLimits, coarsen } from './spill-limits.ts';
import { STANDING, type Standings } from './standing.ts';
import type { Trace } from './trace.ts';

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
  /** Spill parts the class: answers hold for networks no wider than the policy's granularity, or the shares could not be met. */
  readonly isSplit: boolean;
}

export interface PlanFacts {
  readonly model: SteeringModel;
  /** As things are. */
  readonly standings: Standings;
  /** As if every member were up, except those that people or tools took out. */
  readonly ordersOnly: Standings;
  /** As if every member were up. */
  readonly everythingUp: Standings;
}

/**
 * Makes the plan. `lastGood` finds the plan last made for the same policy, class and family while something was up.
 * A last resort ignores what was seen of the members before it ignores what was ordered about them.
 * The trace hears about the attempt with the true standing, not about what a last resort tried after it.
 */
export function makePlan(
  policy: Policy,
  decided: Decided,
  facts: PlanFacts,
  lastGood: () => Plan | undefined,
  trace?: Trace,
  limits?: ClassLimits,
): Plan {
  const { model } = facts;
  // limits that leave nobody are void: what they counted on has gone since
  const limited = limits !== undefined && isAlive(evaluate(decided, { ...facts, limits })) ? limits : undefined;
  const attempt = evaluate(decided, { ...facts, limits: limited }, trace);
  if (limited !== undefined) return planOf(attempt, policy, facts, null, attempt, true);
  if (isAlive(attempt)) return planOf(attempt, policy, facts, null, attempt);
  const unseen = (tree: Decided): Outcome => {
    const outcome = evaluate(tree, { model, standings: facts.ordersOnly });
    return isAlive(outcome) ? outcome : evaluate(tree, { model, standings: facts.everythingUp });
  };
  const resort = policy.lastResort;
  switch (resort.kind) {
    case 'serve-all':
      return planOf(unseen(decided), policy, facts, 'serve-all', attempt);
    case 'last-good': {
      const last = withoutOrderedOut(lastGood(), facts.ordersOnly);
      if (last === undefined) return planOf(unseen(decided), policy, facts, 'serve-all', attempt);
      return { ...last, lastResort: 'last-good', ttlSec: ttlOf(attempt, policy) };
    }
    case 'fallback': {
      const pool: Decided = { kind: 'pool', path: `${policy.id}.fallback`, pool: resort.pool };
      const up = evaluate(pool, facts);
      const ttlSec = Math.min(attempt.ttlSec, up.ttlSec);
      return planOf(isAlive(up) ? up : unseen(pool), policy, facts, 'fallback', { ...attempt, ttlSec });
    }
    case 'nodata':
    case 'servfail':
      return { ...NOBODY, kind: resort.kind, lastResort: resort.kind, ttlSec: ttlOf(attempt, policy) };
  }
}

const NOBODY: Omit<Plan, 'ttlSec'> = {
  kind: 'nodata',
  lastResort: null,
  members: [],
  weights: [],
  reserve: [],
  isSplit: false,
};

const isAlive = ({ distribution }: Outcome): boolean => distribution.members.length > 0;

/** Until anything could change that a reply of this policy rests on. */
const ttlOf = ({ ttlSec, reserveTtlSec }: Outcome, { answers }: Policy): number =>
  answers === 1 ? ttlSec : Math.min(ttlSec, reserveTtlSec);

/** The plan less the members that were taken out since; undefined if nobody is left of one that had members. */
function withoutOrderedOut(plan: Plan | undefined, { standing }: Standings): Plan | undefined {
  if (plan === undefined) return undefined;
  const stays = (member: number): boolean => standing[member] !== STANDING.DOWN;
  if (plan.members.length > 0 && !plan.members.some(stays)) return undefined;
  return {
    ...plan,
    members: plan.members.filter(stays),
    weights: plan.weights.filter((_, i) => stays(plan.members[i]!)),
    reserve: plan.reserve.filter(stays),
  };
}

/** Drops blank members, whose mass goes to the others in proportion, and brings the rest into a fixed order. */
function planOf(
  outcome: Outcome,
  policy: Policy,
  facts: PlanFacts,
  lastResort: Plan['lastResort'],
  /** What the time to the next change is that of. */
  attempt: Outcome,
  isLimited = false,
): Plan {
  const isBlank = (member: number): boolean => facts.everythingUp.standing[member] === STANDING.BLANK;
  const { members, weights } = outcome.distribution;
  const ttlSec = ttlOf(attempt, policy);
  const entries = members.map((member, i) => ({ member, weight: weights[i]! })).filter(({ member }) => !isBlank(member));
  if (entries.length === 0) return { ...NOBODY, lastResort, ttlSec };
  if (isLimited) coarsen(entries);
  entries.sort((a, b) => b.weight - a.weight || a.member - b.member);
  const kept = entries.map(({ member }) => member);
  return {
    kind: 'answer',
    lastResort,
    members: kept,
    weights: reduce(entries.map(({ weight }) => weight)),
    reserve: policy.answers === 1 ? [] : reserveOf(outcome, kept, isBlank, facts.model),
    ttlSec,
    isSplit: isLimited && kept.length > 1,
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
