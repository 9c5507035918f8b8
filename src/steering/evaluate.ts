// Second half of steering: a decided tree and the standing of the members become a distribution. Every kind of node is
// a function from the distributions of its children (or the members of its pool) to one distribution:
//
//   pool      members that are up, by weight
//   nearest   the first tie group with a member that is up, by weight; the later groups stand by in their order
//   failover  the first child with mass; later children get nothing, not even the extra places of a longer answer.
//             A pool that is under its watermark has none, unless that leaves nothing
//   weighted  the children with mass, by weight
//
// Weight 0 means: nothing, unless all that has weight is down; then those of weight 0 share equally.
// A node whose members all recover or drain has room for a part of its mass only (group.ts): `nearest` and `failover` give
// the rest to what comes next, `weighted` counts the child for less, and where nothing is left the mass is made whole.
// Spill works by the same means: its limits leave a site room for a part of what it would take (spill-limits.ts).

import { NO_CHANGE_FORESEEN } from '../model/health.ts';
import type { SteeringModel } from '../model/steering.ts';
import type { Decided } from './decide.ts';
import { type Fraction, max, NOTHING, toWhole } from './fraction.ts';
import { Chain, isFull, shareOut } from './group.ts';
import { type Distribution, mix, NO_MASS } from './share.ts';
import { admit, type ClassLimits, type LeafLimits, limitText } from './spill-limits.ts';
import { STANDING, type Standings } from './standing.ts';
import type { Fate, Trace } from './trace.ts';

export interface Facts {
  readonly model: SteeringModel;
  /** Blank members take part: plan.ts drops them in the end. */
  readonly standings: Standings;
  /** What spill lets the sites take of this class; absent = all. */
  readonly limits?: ClassLimits | undefined;
}

export interface Outcome {
  /** No member means that the node is dead. */
  readonly distribution: Distribution;
  /** How much of the mass there is room for; zero exactly if the node is dead. */
  readonly room: Fraction;
  /** Members outside the distribution that may fill an answer of several, best first. */
  readonly reserve: readonly number[];
  /** Seconds until anything that was looked at could change; for the reserve by itself. */
  readonly ttlSec: number;
  readonly reserveTtlSec: number;
}

/** `heedsMarks`: pools under their watermark are dead, as somewhere above a `failover` has others to try. */
export function evaluate(decided: Decided, facts: Facts, trace?: Trace, heedsMarks = false): Outcome {
  switch (decided.kind) {
    case 'pool':
    case 'nearest': {
      if (heedsMarks && facts.standings.poolUp[decided.pool] === 0) return underMark(decided.pool, facts);
      const groups = decided.kind === 'nearest' ? decided.groups : [facts.model.pools[decided.pool]!.members];
      return evaluateGroups(decided.path, groups, facts, trace);
    }
    case 'failover': {
      const strict = evaluateFailover(decided, facts, undefined, true);
      const heeds = heedsMarks || isAlive(strict);
      return heeds && trace === undefined ? strict : evaluateFailover(decided, facts, trace, heeds);
    }
    case 'weighted':
      return evaluateWeighted(decided, facts, heedsMarks, trace);
  }
}

const isAlive = ({ distribution }: Outcome): boolean => distribution.members.length > 0;

const underMark = (pool: number, { model, standings }: Facts): Outcome => ({
  distribution: NO_MASS,
  room: NOTHING,
  reserve: [],
  ttlSec: leastTtl(model.pools[pool]!.members, standings),
  reserveTtlSec: NO_CHANGE_FORESEEN,
});

const leastTtl = (members: readonly number[], { ttlSec }: Standings): number =>
  members.reduce((least, member) => Math.min(least, ttlSec[member]!), NO_CHANGE_FORESEEN);

/** The members of one pool in groups, each of which takes what the ones before it have no room for. */
function evaluateGroups(path: string, groups: readonly (readonly number[])[], facts: Facts, trace?: Trace): Outcome {
  const { model, standings } = facts;
  const limits = facts.limits?.get(path);
  const siteOf = (member: number): number => model.members[member]!.site;
  const isUp = (member: number): boolean => standings.standing[member] !== STANDING.DOWN;
  const hasWeight = (member: number): boolean => model.members[member]!.weight > 0;
  const someWeightUp = groups.some((group) => group.some((member) => isUp(member) && hasWeight(member)));
  const isUsable = (member: number): boolean => isUp(member) && (hasWeight(member) || !someWeightUp);
  const chain = new Chain();
  const reserve: number[] = [];
  let ttlSec = NO_CHANGE_FORESEEN;
  let reserveTtlSec = NO_CHANGE_FORESEEN;
  for (const group of groups) {
    const usable = group.filter(isUsable);
    const place = chain.isEmpty ? (group === groups[0] ? '' : NEARER_DOWN) : NEARER_SMALL;
    const isNeeded = !chain.isFull;
    const groupTtlSec = leastTtl(group, standings);
    if (isNeeded) {
      ttlSec = Math.min(ttlSec, groupTtlSec);
      if (usable.length > 0) {
        const weights = usable.map((member) => (someWeightUp ? model.members[member]!.weight : 1));
        const { shares, room } = shareOut(
          weights,
          usable.map((member) => standings.share[member]!),
        );
        const admitted = admit({ members: usable, weights: shares }, room, siteOf, limits);
        chain.add(admitted.distribution, admitted.room);
        reserve.push(...admitted.shutOut);
      }
    } else {
      reserveTtlSec = Math.min(reserveTtlSec, groupTtlSec);
      reserve.push(...usable.sort((a, b) => model.members[b]!.weight - model.members[a]!.weight || a - b));
    }
    for (const member of trace === undefined ? [] : group) {
      if (!isUp(member)) trace!.member(path, member, 'dropped', standings.reason(member));
      else if (!isUsable(member)) trace!.member(path, member, 'dropped', 'weight 0 while others are up');
      else if (isNeeded) trace!.member(path, member, 'kept', keptBecause(place, standings, member, limits, siteOf(member)));
      else trace!.member(path, member, 'reserve', 'a nearer group is up');
    }
  }
  // what has no weight depends on all that has
  const isLastChoice = !someWeightUp && !chain.isEmpty;
  const members = isLastChoice ? groups.flat() : [];
  return { ...chain.take(), reserve, ttlSec: Math.min(ttlSec, leastTtl(members, standings)), reserveTtlSec };
}

const NEARER_DOWN = ', and every nearer group is down';
const NEARER_SMALL = ', for what the nearer groups cannot take yet';

function keptBecause(
  place: string,
  { standing, reason }: Standings,
  member: number,
  limits: LeafLimits | undefined,
  site: number,
): string {
  const why = `${reason(member)}${place}${limitText(limits?.get(site))}`;
  return standing[member] === STANDING.BLANK ? `${why}; has no address of this family, so its share is dropped` : why;
}

type Failover = Extract<Decided, { kind: 'failover' }>;

function evaluateFailover({ path, children }: Failover, facts: Facts, trace: Trace | undefined, heedsMarks: boolean): Outcome {
  const chain = new Chain();
  const reserve: number[] = [];
  let ttlSec = NO_CHANGE_FORESEEN;
  let reserveTtlSec = NO_CHANGE_FORESEEN;
  for (const child of children) {
    let fate: Fate = 'dropped';
    let why = 'an earlier child is up';
    if (!chain.isFull) {
      const outcome = evaluate(child, facts, trace, heedsMarks);
      ttlSec = Math.min(ttlSec, outcome.ttlSec);
      reserveTtlSec = Math.min(reserveTtlSec, outcome.reserveTtlSec);
      fate = isAlive(outcome) ? 'kept' : 'dropped';
      why = isAlive(outcome) ? whyKept(chain, outcome.room) : whyDead(child, facts, heedsMarks);
      reserve.push(...outcome.reserve);
      chain.add(outcome.distribution, outcome.room);
    }
    trace?.child(path, child.path, null, fate, why);
  }
  return { ...chain.take(), reserve, ttlSec, reserveTtlSec };
}

function whyKept(chain: Chain, room: Fraction): string {
  const first = chain.isEmpty ? 'the first child that is up' : 'for what the earlier children cannot take yet';
  return isFull(room) ? first : `${first}, with room for ${Math.round((100 * room.num) / room.den)} %`;
}

function whyDead(child: Decided, { standings }: Facts, heedsMarks: boolean): string {
  const isMarked = heedsMarks && (child.kind === 'pool' || child.kind === 'nearest') && standings.poolUp[child.pool] === 0;
  return isMarked ? 'too little of its pool is up' : 'nothing in it is up';
}

type Weighted = Extract<Decided, { kind: 'weighted' }>;

function evaluateWeighted(decided: Weighted, facts: Facts, heedsMarks: boolean, trace?: Trace): Outcome {
  const children = decided.children.map((child, i) => ({
    child,
    weight: decided.weights[i]!,
    outcome: evaluate(child, facts, trace, heedsMarks),
  }));
  const alive = children.filter(({ outcome }) => isAlive(outcome));
  const someWeightUp = alive.some(({ weight }) => weight > 0);
  const used = alive.filter(({ weight }) => weight > 0 || !someWeightUp);
  for (const entry of trace === undefined ? [] : children) {
    const isUsed = used.includes(entry);
    const isUseless = alive.includes(entry) && !isUsed;
    const why = isUsed ? 'up' : isUseless ? 'weight 0 while others are up' : whyDead(entry.child, facts, heedsMarks);
    trace!.child(decided.path, entry.child.path, entry.weight, isUsed ? 'kept' : 'dropped', why);
  }
  const least = (pick: (outcome: Outcome) => number): number =>
    children.reduce((ttlSec, { outcome }) => Math.min(ttlSec, pick(outcome)), NO_CHANGE_FORESEEN);
  const weights = toWhole(used.map(({ weight, outcome }) => ({ weight: someWeightUp ? weight : 1, of: outcome.room })));
  return {
    distribution: mix(used.map(({ outcome: { distribution } }, i) => ({ weight: weights[i]!, distribution }))),
    room: used.reduce((room, { outcome }) => max(room, outcome.room), NOTHING),
    reserve: used.flatMap(({ outcome }) => outcome.reserve),
    ttlSec: least(({ ttlSec }) => ttlSec),
    reserveTtlSec: least(({ reserveTtlSec }) => reserveTtlSec),
  };
}
