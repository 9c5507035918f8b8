// Turns a plan into an answer for one query: reads the steering image, writes into a reused Picked, allocates nothing.
// `round-robin` takes the next step of the plan's schedule; `sticky` takes the best rendezvous score of the client's
// network, which is exactly the network announced as ECS scope, so that all clients inside a scope get one answer.

import type { Family } from '../base/address.ts';
import * as hashes from '../base/hash.ts';
import * as places from '../model/place.ts';
import type { SteeringImage } from './image.ts';
import * as layout from './image.ts';
import * as rendezvous from './rendezvous.ts';

export const PICK = { ADDRESSES: 0, ALIAS: 1, NODATA: 2, SERVFAIL: 3 } as const;

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { CELL_UNKNOWN } = places;
const { ANSWER, MEMBER, NODATA, PICK_KIND, PLAN, POLICY, SLOT_WORDS, SPLIT } = layout;
const { hashNetwork } = rendezvous;
const { hashPair, rendezvousScore } = hashes;
const { ADDRESSES, NODATA: NO_DATA, SERVFAIL } = PICK;

/** Most members in one answer. */
const MAX_ANSWERS = 8;

/** In place of a score, which is never negative. */
const NOT_COMPUTED = -1;

/** Steps of a schedule that are searched for further members, before they are taken by falling share. */
const SEARCH_STEPS = 64;

/** An answer; overwritten by each pick. The octets are those of the image that was picked from. */
export class Picked {
  /** PICK. */
  kind = 0;
  /** Entries that are valid below; 1 for an alias, 0 for NODATA and SERVFAIL. */
  count = 0;
  /** Seconds until the facts under the answer could change; 0xffffffff = no change is foreseen. */
  ttlSec = 0;
  /** Length of the prefix of the client's address for which this answer holds. */
  scope = 0;
  /** Number of the pair of policy and class that decided: what demand is counted by (metrics/asked.ts). */
  slot = 0;
  /** Into image.octets: 4 or 16 address octets by the family asked, or an absolute wire name. */
  readonly targetOffset: Uint32Array = new Uint32Array(MAX_ANSWERS);
  /** Member indexes. */
  readonly member: Uint32Array = new Uint32Array(MAX_ANSWERS);
}

/** What one worker remembers between queries: how far each round-robin schedule has come. Kept when images are swapped. */
export class Cursors {
  /** Next step by slot and family. */
  positions: Uint32Array = new Uint32Array(0);
  /** Scores of one sticky pick by position in the plan. */
  scores: Float64Array = new Float64Array(0);

  /** Makes room for an image; positions already reached stay. */
  fit(image: SteeringImage): void {
    if (this.positions.length < image.slotCount * SLOT_WORDS) {
      const positions = new Uint32Array(image.slotCount * SLOT_WORDS);
      positions.set(this.positions);
      this.positions = positions;
    }
    if (this.scores.length < image.widestPlan) this.scores = new Float64Array(image.widestPlan);
  }
}

/**
 * Answers a question of `family` under a policy for a client network: `cell` and `depth` from geo/lookup for the client
 * address at `clientOctets[clientOffset..]` (4 or 16 octets). A cell that the image does not know counts as unknown.
 */
export function pick(
  image: SteeringImage,
  cursors: Cursors,
  policy: number,
  cell: number,
  depth: number,
  family: Family,
  clientFamily: Family,
  clientOctets: Uint8Array,
  clientOffset: number,
  out: Picked,
): void {
  const words = image.words;
  const record = image.policiesAt + policy * POLICY.WORDS;
  const column = words[record + POLICY.COLUMN_AT]!;
  const slot = words[record + POLICY.SLOTS]! + words[column + (cell < image.cellCount ? cell : CELL_UNKNOWN)]!;
  const slotWord = slot * SLOT_WORDS + (family === 6 ? 1 : 0);
  const plan = image.plansAt + words[image.slotsAt + slotWord]! * PLAN.WORDS;
  const isSticky = words[record + POLICY.PICK] === PICK_KIND.STICKY;

  const planKind = words[plan + PLAN.KIND]!;
  let scope = depth;
  if (isSticky || (planKind & SPLIT) !== 0) {
    const granularity = words[record + (clientFamily === 6 ? POLICY.GRANULARITY_V6 : POLICY.GRANULARITY_V4)]!;
    if (granularity > scope) scope = granularity;
  }
  out.scope = scope;
  out.slot = slot;
  out.ttlSec = words[plan + PLAN.TTL]!;
  out.count = 0;
  const kind = planKind & 0xff;
  if (kind !== ANSWER) {
    out.kind = kind === NODATA ? NO_DATA : SERVFAIL;
    return;
  }

  const answers = words[record + POLICY.ANSWERS]!;
  if (cursors.positions.length < image.slotCount * SLOT_WORDS || cursors.scores.length < image.widestPlan) cursors.fit(image);
  if (isSticky) {
    const network = hashNetwork(clientOctets, clientOffset, clientFamily, scope);
    pickByScore(image, cursors.scores, plan, network, answers, family, out);
    return;
  }
  const { positions } = cursors;
  const at = positions[slotWord]!;
  const step = at < words[plan + PLAN.STEP_COUNT]! ? at : 0;
  positions[slotWord] = step + 1;
  take(image, words[plan + PLAN.ENTRIES]! + image.steps[words[plan + PLAN.STEPS]! + step]!, family, out);
  if (answers > 1 && out.kind === ADDRESSES) takeNextSteps(image, plan, step, answers, family, out);
}

function pickByScore(
  image: SteeringImage,
  scores: Float64Array,
  plan: number,
  network: number,
  answers: number,
  family: Family,
  out: Picked,
): void {
  take(image, bestEntry(image, plan, network), family, out);
  if (answers === 1 || out.kind !== ADDRESSES) return;
  scoreAll(image, scores, plan, network);
  takeByScore(image, scores, plan, answers, family, true, out);
  takeReserve(image, plan, answers, family, true, out);
  takeByScore(image, scores, plan, answers, family, false, out);
  takeReserve(image, plan, answers, family, false, out);
}

function takeNextSteps(image: SteeringImage, plan: number, step: number, answers: number, family: Family, out: Picked): void {
  takeBySchedule(image, plan, step, answers, family, true, out);
  takeReserve(image, plan, answers, family, true, out);
  takeBySchedule(image, plan, step, answers, family, false, out);
  takeReserve(image, plan, answers, family, false, out);
}

/** Appends the member of an entry to the answer. */
function take(image: SteeringImage, entry: number, family: Family, out: Picked): void {
  const member = image.words[image.entriesAt + entry]!;
  const record = image.membersAt + member * MEMBER.WORDS;
  out.member[out.count] = member;
  out.targetOffset[out.count] = image.words[record + (family === 6 ? MEMBER.V6 : MEMBER.V4)]!;
  out.kind = image.words[record + MEMBER.IS_ALIAS]!; // 0 and 1 are PICK.ADDRESSES and PICK.ALIAS
  out.count++;
}

/** Whether the member of an entry may join the answer: an address, not yet taken and, if asked, at a site not yet taken. */
function isFree(image: SteeringImage, entry: number, atNewSite: boolean, out: Picked): boolean {
  const words = image.words;
  const member = words[image.entriesAt + entry]!;
  const record = image.membersAt + member * MEMBER.WORDS;
  if (words[record + MEMBER.IS_ALIAS] === 1) return false;
  for (let i = 0; i < out.count; i++) {
    const taken = out.member[i]!;
    if (taken === member) return false;
    if (atNewSite && words[image.membersAt + taken * MEMBER.WORDS + MEMBER.SITE] === words[record + MEMBER.SITE]) return false;
  }
  return true;
}

function takeReserve(image: SteeringImage, plan: number, answers: number, family: Family, atNewSite: boolean, out: Picked): void {
  const first = image.words[plan + PLAN.ENTRIES]! + image.words[plan + PLAN.COUNT]!;
  const end = first + image.words[plan + PLAN.RESERVE_COUNT]!;
  for (let entry = first; entry < end && out.count < answers; entry++) {
    if (isFree(image, entry, atNewSite, out)) take(image, entry, family, out);
  }
}

/** Further members in the order of the schedule; those not seen in the next steps follow by falling share. */
function takeBySchedule(
  image: SteeringImage,
  plan: number,
  step: number,
  answers: number,
  family: Family,
  atNewSite: boolean,
  out: Picked,
): void {
  const words = image.words;
  const entries = words[plan + PLAN.ENTRIES]!;
  const count = words[plan + PLAN.COUNT]!;
  if (count === 1) return;
  const steps = words[plan + PLAN.STEPS]!;
  const stepCount = words[plan + PLAN.STEP_COUNT]!;
  for (let i = 1, at = step + 1; i < stepCount && i <= SEARCH_STEPS && out.count < answers; i++, at++) {
    if (at === stepCount) at = 0;
    const entry = entries + image.steps[steps + at]!;
    if (isFree(image, entry, atNewSite, out)) take(image, entry, family, out);
  }
  for (let entry = entries; entry < entries + count && out.count < answers; entry++) {
    if (isFree(image, entry, atNewSite, out)) take(image, entry, family, out);
  }
}

function hashEntry(image: SteeringImage, entry: number, network: number): number {
  const words = image.words;
  const member = image.membersAt + words[image.entriesAt + entry]! * MEMBER.WORDS;
  return hashPair(network, words[member + MEMBER.IDENTITY_A]!, words[member + MEMBER.IDENTITY_B]!);
}

/**
 * The entry of a plan with the best score. Among equal weights the hashes decide: a logarithm for each member less, and with
 * five members 0.87 of the time of a query.
 */
function bestEntry(image: SteeringImage, plan: number, network: number): number {
  const { words, weights } = image;
  let best = words[plan + PLAN.ENTRIES]!;
  const end = best + words[plan + PLAN.COUNT]!;
  let bestHash = hashEntry(image, best, network);
  let bestScore = NOT_COMPUTED;
  for (let entry = best + 1; entry < end; entry++) {
    const hash = hashEntry(image, entry, network);
    let entryScore = NOT_COMPUTED;
    if (weights[entry] === weights[best]) {
      if (hash <= bestHash) continue;
    } else {
      if (bestScore === NOT_COMPUTED) bestScore = rendezvousScore(bestHash, weights[best]!);
      entryScore = rendezvousScore(hash, weights[entry]!);
      if (entryScore <= bestScore) continue;
    }
    best = entry;
    bestHash = hash;
    bestScore = entryScore;
  }
  return best;
}

function scoreAll(image: SteeringImage, scores: Float64Array, plan: number, network: number): void {
  const entries = image.words[plan + PLAN.ENTRIES]!;
  const count = image.words[plan + PLAN.COUNT]!;
  for (let i = 0; i < count; i++)
    scores[i] = rendezvousScore(hashEntry(image, entries + i, network), image.weights[entries + i]!);
}

/** Further members by falling score. */
function takeByScore(
  image: SteeringImage,
  scores: Float64Array,
  plan: number,
  answers: number,
  family: Family,
  atNewSite: boolean,
  out: Picked,
): void {
  const entries = image.words[plan + PLAN.ENTRIES]!;
  const count = image.words[plan + PLAN.COUNT]!;
  while (out.count < answers) {
    let best = -1;
    for (let i = 0; i < count; i++) {
      if ((best < 0 || scores[i]! > scores[best]!) && isFree(image, entries + i, atNewSite, out)) best = i;
    }
    if (best < 0) return;
    take(image, entries + best, family, out);
  }
}
