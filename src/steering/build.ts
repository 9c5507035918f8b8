// Builds the steering image: a plan for every (policy, class, family) under the present health. Runs on the control
// thread whenever health changes, up to four times a second, so families in which every member stands alike are planned
// together, equal plans are stored once, and schedules that the previous image already has are copied from it.

import type { Family } from '../base/address.ts';
import { hashText } from '../base/hash.ts';
import { EVERYTHING_UP, type HealthView } from '../model/health.ts';
import type { Member, Policy, SteeringModel } from '../model/steering.ts';
import type { CellTable } from './classes.ts';
import {
  columnOffsets,
  HEADER,
  layOut,
  NO_ADDRESS,
  PICK_KIND,
  PLAN_KINDS,
  POLICY,
  RESORTS,
  SPLIT,
  type SteeringImage,
} from './image.ts';
import { identityOf, LastGood } from './last-good.ts';
import { makePlan, type Plan, type PlanFacts } from './plan.ts';
import { SEED_A, SEED_B } from './rendezvous.ts';
import { ScheduleSet } from './schedule-set.ts';
import type { SpillLimits } from './spill-limits.ts';
import { areTwins, standings } from './standing.ts';

/**
 * `table` comes from a Classifier of the same model; `previous` is the image in use, which last-good looks back to; `spill` is
 * what the last spill step concluded for the same table (spill.ts).
 */
export function buildSteering(
  model: SteeringModel,
  table: CellTable,
  health: HealthView,
  previous?: SteeringImage,
  spill?: SpillLimits,
): SharedArrayBuffer {
  const plans = new PlanSet();
  const facts = [factsFor(model, 4, health), factsFor(model, 6, health)];
  const standAlike =
    areTwins(facts[0]!.standings, facts[1]!.standings) &&
    areTwins(facts[0]!.ordersOnly, facts[1]!.ordersOnly) &&
    areTwins(facts[0]!.everythingUp, facts[1]!.everythingUp);
  const lastGood = previous === undefined ? undefined : new LastGood(previous, model);
  const policies: number[] = [];
  const slots: number[] = [];
  const identities: number[] = [];
  const columnAt = columnOffsets(table.columns, model.policies.length * POLICY.WORDS);
  for (const policy of model.policies) {
    const classes = table.decided[policy.index]!;
    const columnWord = columnAt[table.columnOf[policy.index]!]!;
    policies.push(...policyWords(policy, columnWord, identities.length / 2, classes.length));
    for (const [index, decided] of classes.entries()) {
      const limits = spill?.[policy.index]?.get(index);
      const identity = policy.lastResort.kind === 'last-good' ? identityOf(decided, model) : ([0, 0] as const);
      identities.push(...identity);
      const planIndex = (family: Family, f: number): number =>
        plans.add(
          makePlan(policy, decided, facts[f]!, () => lastGood?.find(policy.id, identity, family), undefined, limits),
          policy.pick,
        );
      const v4 = planIndex(4, 0);
      slots.push(v4, standAlike && policy.lastResort.kind !== 'last-good' ? v4 : planIndex(6, 1));
    }
  }
  const schedules = new ScheduleSet(plans.scheduled, previous);
  const octets: Uint8Array[] = [];
  return layOut({
    counts: {
      [HEADER.POLICY_COUNT]: model.policies.length,
      [HEADER.CELL_COUNT]: table.places.length,
      [HEADER.SLOT_COUNT]: identities.length / 2,
      [HEADER.PLAN_COUNT]: plans.list.length,
      [HEADER.SCHEDULE_COUNT]: schedules.count,
      [HEADER.MEMBER_COUNT]: model.members.length,
      [HEADER.WIDEST_PLAN]: plans.list.reduce((widest, { plan }) => Math.max(widest, plan.members.length), 0),
    },
    policies,
    columns: table.columns,
    slots,
    identities,
    plans: plans.list.flatMap((stored) => planWords(stored, schedules)),
    schedules: schedules.words,
    entries: plans.list.flatMap(({ plan }) => [...plan.members, ...plan.reserve]),
    members: memberWords(model.members, octets),
    weights: plans.list.flatMap(({ plan }) => [...plan.weights, ...plan.reserve.map(() => 0)]),
    steps: schedules.steps,
    octets,
    names: new TextEncoder().encode(model.policies.map(({ id }) => id).join('\0')),
  });
}

export function factsFor(model: SteeringModel, family: Family, health: HealthView): PlanFacts {
  const ordersOnly: HealthView = { ...EVERYTHING_UP, isUp: (member, asked) => !health.isOrderedOut(member, asked) };
  return {
    model,
    standings: standings(model, family, health),
    ordersOnly: standings(model, family, ordersOnly),
    everythingUp: standings(model, family, EVERYTHING_UP),
  };
}

/** A plan with the index of its first entry. */
interface StoredPlan {
  readonly plan: Plan;
  readonly firstEntry: number;
  readonly isScheduled: boolean;
}

/** Distinct plans, numbered. */
class PlanSet {
  readonly list: StoredPlan[] = [];
  readonly #indexes = new Map<string, number>();
  #entries = 0;

  add(plan: Plan, pick: Policy['pick']): number {
    const { kind, lastResort, members, weights, reserve, ttlSec, isSplit } = plan;
    const key = `${pick} ${kind} ${lastResort} ${isSplit} ${ttlSec} ${members.join()} ${weights.join()} ${reserve.join()}`;
    let index = this.#indexes.get(key);
    if (index === undefined) {
      const isScheduled = pick === 'round-robin' && kind === 'answer';
      index = this.list.push({ plan, firstEntry: this.#entries, isScheduled }) - 1;
      this.#entries += members.length + reserve.length;
      this.#indexes.set(key, index);
    }
    return index;
  }

  get scheduled(): readonly { readonly weights: readonly number[]; readonly firstEntry: number }[] {
    return this.list
      .filter(({ isScheduled }) => isScheduled)
      .map(({ plan, firstEntry }) => ({ weights: plan.weights, firstEntry }));
  }
}

/** In the order of POLICY. */
function policyWords(policy: Policy, columnAt: number, firstSlot: number, classCount: number): number[] {
  const kind = policy.pick === 'sticky' ? PICK_KIND.STICKY : PICK_KIND.ROUND_ROBIN;
  return [kind, policy.answers, policy.granularityV4, policy.granularityV6, columnAt, firstSlot, classCount];
}

/** In the order of PLAN. */
function planWords({ plan, firstEntry, isScheduled }: StoredPlan, schedules: ScheduleSet): number[] {
  const resort = plan.lastResort === null ? 0 : RESORTS.indexOf(plan.lastResort) + 1;
  const kind = PLAN_KINDS.indexOf(plan.kind) | (resort << 8) | (plan.isSplit ? SPLIT : 0);
  const schedule = isScheduled ? schedules.find(plan.weights) : { at: 0, length: 0 };
  return [kind, firstEntry, plan.members.length, plan.reserve.length, schedule.at, schedule.length, plan.ttlSec];
}

/** In the order of MEMBER; what the words point to is appended to `octets`. */
function memberWords(members: readonly Member[], octets: Uint8Array[]): number[] {
  let size = 0;
  const store = (part: Uint8Array | null): number => {
    if (part === null) return NO_ADDRESS;
    octets.push(part);
    size += part.length;
    return size - part.length;
  };
  return members.flatMap(({ id, site, target }) => {
    const isAlias = target.kind === 'alias';
    const v4 = store(isAlias ? target.name : target.v4);
    const v6 = isAlias ? v4 : store(target.v6);
    return [site, hashText(id, SEED_A), hashText(id, SEED_B), v4, v6, isAlias ? 1 : 0];
  });
}
