// Everything a worker needs to answer for all policies, as one immutable block of memory shared by all workers.
// Written by build.ts, read by pick.ts. Plans that are equal are stored once, and so are equal schedules.
//
//   header | policies | columns | slots | identities | plans | schedules | entries | members | weights | steps | octets
//
// column    class by cell; shared by policies that part the world alike.
// slot      one per (policy, class): index of its plan for IPv4, then for IPv6. identities are parallel to slots.
// entry     member of a plan; a plan has its distribution first, then its reserve. weights are parallel to entries.
// schedule  the weights that it serves (as a range of entries) and where its steps are; a step is a position in a
//           plan's distribution.
// octets    addresses, alias names, and the policy names joined by NUL.

const MAGIC = 0x4d535445;
const IMAGE_VERSION = 1;

/** Word offsets in the header. *_AT are offsets in the unit of their section: words, doubles, 16-bit steps, octets. */
export const HEADER = {
  MAGIC: 0,
  VERSION: 1,
  POLICY_COUNT: 2,
  CELL_COUNT: 3,
  SLOT_COUNT: 4,
  PLAN_COUNT: 5,
  SCHEDULE_COUNT: 6,
  MEMBER_COUNT: 7,
  /** Most members in the distribution of one plan. */
  WIDEST_PLAN: 8,
  POLICIES_AT: 9,
  SLOTS_AT: 10,
  IDENTITIES_AT: 11,
  PLANS_AT: 12,
  SCHEDULES_AT: 13,
  ENTRIES_AT: 14,
  MEMBERS_AT: 15,
  WEIGHTS_AT: 16,
  STEPS_AT: 17,
  OCTETS_AT: 18,
  NAMES_AT: 19,
  NAMES_SIZE: 20,
  WORDS: 21,
} as const;

export const POLICY = {
  /** PICK_KIND. */
  PICK: 0,
  ANSWERS: 1,
  GRANULARITY_V4: 2,
  GRANULARITY_V6: 3,
  /** Word offset in the image of the policy's column. */
  COLUMN_AT: 4,
  /** Index of the slot of class 0. */
  SLOTS: 5,
  CLASS_COUNT: 6,
  WORDS: 7,
} as const;

export const PICK_KIND = { ROUND_ROBIN: 0, STICKY: 1 } as const;

/** Two plan indexes: IPv4, IPv6. */
export const SLOT_WORDS = 2;
/** Two hashes of what the class decides, for last-good; zero where no policy asks. */
export const IDENTITY_WORDS = 2;

export const PLAN = {
  /** PLAN_KIND in the low 8 bits, 1 + index into RESORTS (0 = none) in the next 8, SPLIT above. */
  KIND: 0,
  /** Index of the first entry. */
  ENTRIES: 1,
  COUNT: 2,
  RESERVE_COUNT: 3,
  /** Index of the first step and number of steps; no steps for sticky policies. */
  STEPS: 4,
  STEP_COUNT: 5,
  TTL: 6,
  WORDS: 7,
} as const;

/** In the order of Plan['kind']. */
export const PLAN_KINDS = ['answer', 'nodata', 'servfail'] as const;
export const RESORTS = ['serve-all', 'last-good', 'fallback', 'nodata', 'servfail'] as const;
/** Index of `answer`: the only kind with members. */
export const ANSWER = 0;
export const NODATA = 1;
/** Bit of PLAN.KIND: the plan parts its class (Plan.isSplit). */
export const SPLIT = 0x10000;

export const SCHEDULE = { ENTRIES: 0, COUNT: 1, STEPS: 2, STEP_COUNT: 3, WORDS: 4 } as const;

export const MEMBER = {
  SITE: 0,
  /** Hashes of the member's id under two seeds. */
  IDENTITY_A: 1,
  IDENTITY_B: 2,
  /** Octet offset of the address, or of the alias name (then both are the same); NO_ADDRESS if there is none. */
  V4: 3,
  V6: 4,
  IS_ALIAS: 5,
  WORDS: 6,
} as const;

export const NO_ADDRESS = 0xffffffff;

/** A view of a steering image. */
export class SteeringImage {
  readonly buffer: SharedArrayBuffer;
  readonly words: Uint32Array;
  readonly weights: Float64Array;
  readonly steps: Uint16Array;
  /** Addresses and alias names: Picked.targetOffset points into it. */
  readonly octets: Uint8Array;
  /** Index = policy number. */
  readonly policyNames: readonly string[];
  readonly policyCount: number;
  readonly cellCount: number;
  readonly slotCount: number;
  readonly planCount: number;
  readonly scheduleCount: number;
  readonly memberCount: number;
  readonly widestPlan: number;
  readonly policiesAt: number;
  readonly slotsAt: number;
  readonly identitiesAt: number;
  readonly plansAt: number;
  readonly schedulesAt: number;
  readonly entriesAt: number;
  readonly membersAt: number;

  constructor(buffer: SharedArrayBuffer) {
    const head = new Uint32Array(buffer, 0, HEADER.WORDS);
    if (head[HEADER.MAGIC] !== MAGIC || head[HEADER.VERSION] !== IMAGE_VERSION)
      throw new Error('not a steering image of this version');
    const weightsAt = head[HEADER.WEIGHTS_AT]! * 8;
    const stepsAt = head[HEADER.STEPS_AT]! * 2;
    this.buffer = buffer;
    this.words = new Uint32Array(buffer, 0, weightsAt / 4);
    this.weights = new Float64Array(buffer, weightsAt, (stepsAt - weightsAt) / 8);
    this.steps = new Uint16Array(buffer, stepsAt, (head[HEADER.OCTETS_AT]! - stepsAt) / 2);
    this.octets = new Uint8Array(buffer, head[HEADER.OCTETS_AT]!);
    this.policyCount = head[HEADER.POLICY_COUNT]!;
    this.cellCount = head[HEADER.CELL_COUNT]!;
    this.slotCount = head[HEADER.SLOT_COUNT]!;
    this.planCount = head[HEADER.PLAN_COUNT]!;
    this.scheduleCount = head[HEADER.SCHEDULE_COUNT]!;
    this.memberCount = head[HEADER.MEMBER_COUNT]!;
    this.widestPlan = head[HEADER.WIDEST_PLAN]!;
    this.policiesAt = head[HEADER.POLICIES_AT]!;
    this.slotsAt = head[HEADER.SLOTS_AT]!;
    this.identitiesAt = head[HEADER.IDENTITIES_AT]!;
    this.plansAt = head[HEADER.PLANS_AT]!;
    this.schedulesAt = head[HEADER.SCHEDULES_AT]!;
    this.entriesAt = head[HEADER.ENTRIES_AT]!;
    this.membersAt = head[HEADER.MEMBERS_AT]!;
    // a copy, because a text decoder does not read shared memory
    const names = this.octets.slice(head[HEADER.NAMES_AT]!, head[HEADER.NAMES_AT]! + head[HEADER.NAMES_SIZE]!);
    this.policyNames = names.length === 0 ? [] : new TextDecoder().decode(names).split('\0');
  }
}

/** The sections of an image, to be laid out one behind the other. Lengths are in the unit of the section. */
export interface Sections {
  /** Counts by HEADER word; the *_AT words are filled in by layOut. */
  readonly counts: Readonly<Record<number, number>>;
  readonly policies: readonly number[];
  readonly columns: readonly Uint32Array[];
  readonly slots: readonly number[];
  readonly identities: readonly number[];
  readonly plans: readonly number[];
  readonly schedules: readonly number[];
  readonly entries: readonly number[];
  readonly members: readonly number[];
  readonly weights: readonly number[];
  readonly steps: readonly Uint16Array[];
  readonly octets: readonly Uint8Array[];
  readonly names: Uint8Array;
}

/** Words at which each column will stand, given that the policies section has this many words. */
export function columnOffsets(columns: readonly Uint32Array[], policyWords: number): number[] {
  const offsets: number[] = [];
  let at = HEADER.WORDS + policyWords;
  for (const column of columns) {
    offsets.push(at);
    at += column.length;
  }
  return offsets;
}

export function layOut(sections: Sections): SharedArrayBuffer {
  const head: Record<number, number> = { ...sections.counts, [HEADER.MAGIC]: MAGIC, [HEADER.VERSION]: IMAGE_VERSION };
  let words: number = HEADER.WORDS;
  const placed: { readonly at: number; readonly section: ArrayLike<number> }[] = [];
  const put = (word: number | null, section: ArrayLike<number>): void => {
    if (word !== null) head[word] = words;
    placed.push({ at: words, section });
    words += section.length;
  };
  put(HEADER.POLICIES_AT, sections.policies);
  for (const column of sections.columns) put(null, column);
  put(HEADER.SLOTS_AT, sections.slots);
  put(HEADER.IDENTITIES_AT, sections.identities);
  put(HEADER.PLANS_AT, sections.plans);
  put(HEADER.SCHEDULES_AT, sections.schedules);
  put(HEADER.ENTRIES_AT, sections.entries);
  put(HEADER.MEMBERS_AT, sections.members);

  const weightsAt = Math.ceil(words / 2);
  const stepsAt = (weightsAt + sections.weights.length) * 4;
  const stepCount = sections.steps.reduce((count, steps) => count + steps.length, 0);
  const octetsAt = (stepsAt + stepCount) * 2;
  const namesAt = sections.octets.reduce((size, octets) => size + octets.length, 0);
  head[HEADER.WEIGHTS_AT] = weightsAt;
  head[HEADER.STEPS_AT] = stepsAt;
  head[HEADER.OCTETS_AT] = octetsAt;
  head[HEADER.NAMES_AT] = namesAt;
  head[HEADER.NAMES_SIZE] = sections.names.length;

  const buffer = new SharedArrayBuffer(octetsAt + namesAt + sections.names.length);
  const view = new Uint32Array(buffer, 0, words);
  for (const [word, value] of Object.entries(head)) view[Number(word)] = value;
  for (const { at, section } of placed) view.set(section, at);
  new Float64Array(buffer, weightsAt * 8, sections.weights.length).set(sections.weights);
  let at = stepsAt;
  for (const steps of sections.steps) {
    new Uint16Array(buffer, at * 2, steps.length).set(steps);
    at += steps.length;
  }
  const octets = new Uint8Array(buffer, octetsAt);
  at = 0;
  for (const part of [...sections.octets, sections.names]) {
    octets.set(part, at);
    at += part.length;
  }
  return buffer;
}
