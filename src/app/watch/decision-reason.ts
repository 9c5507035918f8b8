// Why an answer has the member it has, in one word (docs/observe.md lists them) and in the words of the explanation. The
// explanation is the one that `meridian explain` shows; here it is only read.

import type { HealthFacts } from '../../health/facts.ts';
import type { SteeringModel } from '../../model/steering.ts';
import type { Explanation, Step } from '../../steering/explain.ts';

export type Reason =
  | 'nearest'
  | 'next-nearest'
  | 'spill'
  | 'failover'
  | 'weighted'
  | 'map'
  | 'pool'
  | 'forced'
  | 'serve-all'
  | 'last-good'
  | 'fallback'
  | 'nodata'
  | 'servfail'
  | 'changed'
  | 'static';

export interface Because {
  readonly reason: Reason;
  /** '' = the word says it all. */
  readonly why: string;
}

export interface Decided {
  readonly model: SteeringModel;
  readonly facts: Pick<HealthFacts, 'orders'>;
  readonly explanation: Explanation;
  /** Spill has set limits for the class of the client. */
  readonly isLimited: boolean;
}

/** Why a reply begins with a member (an index); undefined = it has none, and says `rcode`. */
export function reasonOf(decided: Decided, member: number | undefined, rcode: string): Because {
  const { model, facts, explanation } = decided;
  const { lastResort, shares, reserve, steps } = explanation;
  if (member === undefined) return { reason: rcode === 'SERVFAIL' ? 'servfail' : 'nodata', why: '' };
  const id = model.members[member]!.id;
  const order = facts.orders[member];
  const isKnown = shares.some((share) => share.member === id) || reserve.includes(id);
  if (!isKnown) return { reason: 'changed', why: 'health or load have changed since: see the events of that time' };
  if (lastResort !== null) return { reason: lastResort, why: 'nothing that the policy may choose is up' };
  const at = steps.findIndex(({ considered }) => considered.some(({ name, fate }) => name === id && fate !== 'dropped'));
  const leaf = steps[at];
  if (leaf === undefined) return { reason: 'pool', why: '' };
  const why = leaf.considered.find(({ name }) => name === id)!.why;
  if (order?.action === 'up') return { reason: 'forced', why };
  const passed = passedOver(steps, at, id);
  if (passed.length > 0) {
    const isOrdered = passed.some((name) => isOrderedOut(decided, name));
    const otherwise = isNearest(leaf) && groupOf(leaf, siteOf(leaf, id)) > 0 ? 'next-nearest' : 'failover';
    return { reason: isOrdered ? 'forced' : decided.isLimited ? 'spill' : otherwise, why };
  }
  return { reason: kindOf(steps, at), why };
}

const isNearest = ({ kind }: Step): boolean => kind === 'nearest';

const siteOf = ({ considered }: Step, id: string): string | null => considered.find(({ name }) => name === id)!.site;

const groupOf = ({ sites }: Step, site: string | null): number => sites?.find((ranked) => ranked.site === site)?.group ?? 0;

function isOrderedOut({ model, facts }: Decided, id: string): boolean {
  const index = model.members.findIndex((member) => member.id === id);
  const order = facts.orders[index];
  return order !== undefined && order !== null && order.action !== 'up';
}

/** Ids of the members that the policy prefers to one of the leaf at `at`: of nearer groups, and of earlier children of a failover. */
function passedOver(steps: readonly Step[], at: number, id: string): string[] {
  const leaf = steps[at]!;
  const group = groupOf(leaf, siteOf(leaf, id));
  const passed = leaf.considered.filter(({ site }) => isNearest(leaf) && groupOf(leaf, site) < group).map(({ name }) => name);
  for (const [parent, child] of ancestry(steps, at)) {
    if (steps[parent]!.kind !== 'failover') continue;
    for (const { considered } of steps.slice(parent + 1, child)) {
      passed.push(...considered.filter(({ what }) => what === 'member').map(({ name }) => name));
    }
  }
  return passed;
}

/** What decided, where nothing was passed over: the leaf itself if it is geographic, else the nearest node above that chose. */
function kindOf(steps: readonly Step[], at: number): Reason {
  if (isNearest(steps[at]!)) return 'nearest';
  for (const [parent] of ancestry(steps, at)) {
    const { kind } = steps[parent]!;
    if (kind === 'weighted' || kind === 'map') return kind;
  }
  return 'pool';
}

/** Pairs of a node above and the child of it that leads on, from below; nodes are in the order of entering, parents first. */
function ancestry(steps: readonly Step[], at: number): (readonly [parent: number, child: number])[] {
  const pairs: (readonly [number, number])[] = [];
  let child = at;
  for (let i = at - 1; i >= 0; i--) {
    if (steps[i]!.depth >= steps[child]!.depth) continue;
    pairs.push([i, child]);
    child = i;
  }
  return pairs;
}
