// Finds, in the image that was built before, the plan of the same policy, class and family, if it was made while
// something was up. Indexes may have changed in between (a reload), so policies are matched by name, classes and
// members by hashes of what they are; members that no longer exist are left out.

import type { Family } from '../base/address.ts';
import { hashText } from '../base/hash.ts';
import { type SteeringModel, serves } from '../model/steering.ts';
import type { Decided } from './decide.ts';
import { IDENTITY_WORDS, MEMBER, PLAN, PLAN_KINDS, POLICY, RESORTS, SLOT_WORDS, SPLIT, type SteeringImage } from './image.ts';
import type { Plan } from './plan.ts';
import { SEED_A, SEED_B } from './rendezvous.ts';
import { reduce } from './share.ts';

/** Two hashes of what a class decides, stable across reloads. */
export function identityOf(decided: Decided, model: SteeringModel): readonly [number, number] {
  const text = describe(decided, model);
  return [hashText(text, SEED_A), hashText(text, SEED_B)];
}

function describe(decided: Decided, model: SteeringModel): string {
  switch (decided.kind) {
    case 'pool':
      return `pool ${model.pools[decided.pool]!.id}`;
    case 'nearest': {
      const groups = decided.groups.map((group) => group.map((member) => model.members[member]!.id).sort());
      return `nearest ${JSON.stringify(groups)}`;
    }
    case 'failover':
    case 'weighted':
      return `${decided.kind} [${decided.children.map((child) => describe(child, model)).join()}]`;
  }
}

export class LastGood {
  readonly #image: SteeringImage;
  readonly #model: SteeringModel;
  readonly #policyOf: ReadonlyMap<string, number>;
  /** Present member index by identity hashes. */
  readonly #memberOf: ReadonlyMap<string, number>;

  constructor(image: SteeringImage, model: SteeringModel) {
    this.#image = image;
    this.#model = model;
    this.#policyOf = new Map(image.policyNames.map((name, i) => [name, i]));
    this.#memberOf = new Map(model.members.map(({ id, index }) => [`${hashText(id, SEED_A)} ${hashText(id, SEED_B)}`, index]));
  }

  find(policyName: string, identity: readonly [number, number], family: Family): Plan | undefined {
    const image = this.#image;
    const words = image.words;
    const policy = this.#policyOf.get(policyName);
    if (policy === undefined) return undefined;
    const record = image.policiesAt + policy * POLICY.WORDS;
    const first = words[record + POLICY.SLOTS]!;
    for (let slot = first; slot < first + words[record + POLICY.CLASS_COUNT]!; slot++) {
      const at = image.identitiesAt + slot * IDENTITY_WORDS;
      if (words[at] !== identity[0] || words[at + 1] !== identity[1]) continue;
      return this.#read(words[image.slotsAt + slot * SLOT_WORDS + (family === 6 ? 1 : 0)]!, family);
    }
    return undefined;
  }

  /** The plan, unless it was itself a last resort other than last-good, or nobody in it is left. */
  #read(index: number, family: Family): Plan | undefined {
    const words = this.#image.words;
    const plan = this.#image.plansAt + index * PLAN.WORDS;
    const resort = (words[plan + PLAN.KIND]! >>> 8) & 0xff;
    if (resort !== 0 && RESORTS[resort - 1] !== 'last-good') return undefined;
    const kind = PLAN_KINDS[words[plan + PLAN.KIND]! & 0xff]!;
    const first = words[plan + PLAN.ENTRIES]!;
    const count = words[plan + PLAN.COUNT]!;
    const members: number[] = [];
    const weights: number[] = [];
    const reserve: number[] = [];
    for (let entry = first; entry < first + count + words[plan + PLAN.RESERVE_COUNT]!; entry++) {
      const member = this.#member(entry);
      if (member === undefined || !serves(this.#model.members[member]!, family)) continue;
      if (entry >= first + count) reserve.push(member);
      else {
        members.push(member);
        weights.push(this.#image.weights[entry]!);
      }
    }
    if (kind === 'answer' && members.length === 0) return undefined;
    return {
      kind,
      lastResort: null,
      members,
      weights: members.length === 0 ? [] : reduce(weights),
      reserve,
      ttlSec: words[plan + PLAN.TTL]!,
      isSplit: (words[plan + PLAN.KIND]! & SPLIT) !== 0,
    };
  }

  #member(entry: number): number | undefined {
    const { words, entriesAt, membersAt } = this.#image;
    const record = membersAt + words[entriesAt + entry]! * MEMBER.WORDS;
    return this.#memberOf.get(`${words[record + MEMBER.IDENTITY_A]!} ${words[record + MEMBER.IDENTITY_B]!}`);
  }
}
