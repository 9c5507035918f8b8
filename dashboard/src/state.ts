// What a member, a site, an event is said to be: one sign, one tone and a few words for each. The words are those of
// `meridian status`. A sign has a shape of its own, so that nothing is told by colour alone.

import type { AdminEvent } from '../../src/admin/schemas/changes.ts';
import type { Member, Pool, Site } from '../../src/admin/schemas/world.ts';

export type Sign = 'up' | 'partly' | 'down' | 'unknown' | 'unchecked' | 'moving' | 'out' | 'forced-up' | 'forced-down';
export type Tone = 'good' | 'warn' | 'bad' | 'order' | 'plain';

export interface Look {
  readonly sign: Sign;
  readonly tone: Tone;
  readonly text: string;
  /** Lower is more urgent. */
  readonly rank: number;
}

type MemberFamily = Member['families'][number];

const FULL_PERMILLE = 1000;
/** From this rank on nobody has to do anything. */
const QUIET_RANK = 8;

const LOOKS = {
  down: { sign: 'down', tone: 'bad', text: 'down', rank: 0 },
  unknownDown: { sign: 'unknown', tone: 'bad', text: 'unknown, kept down', rank: 1 },
  forcedDown: { sign: 'forced-down', tone: 'order', text: 'forced down', rank: 2 },
  unknownUp: { sign: 'unknown', tone: 'warn', text: 'unknown, kept up', rank: 3 },
  drained: { sign: 'out', tone: 'order', text: 'drained', rank: 5 },
  forcedUp: { sign: 'forced-up', tone: 'order', text: 'forced up', rank: 6 },
  unchecked: { sign: 'unchecked', tone: 'plain', text: 'not checked', rank: QUIET_RANK },
  up: { sign: 'up', tone: 'good', text: 'up', rank: 9 },
} as const satisfies Record<string, Look>;

/** What traffic follows for one address family of a member. */
function familyLook({ isUp, sharePermille, seen }: MemberFamily, order: Member['order']): Look {
  const share = `${Math.round(sharePermille / 10)} %`;
  if (order?.action === 'up') return LOOKS.forcedUp;
  if (order?.action === 'down') return LOOKS.forcedDown;
  if (order?.action === 'drain') {
    return isUp ? { sign: 'moving', tone: 'order', text: `draining, ${share} left`, rank: 4 } : LOOKS.drained;
  }
  if (seen === 'unchecked') return LOOKS.unchecked;
  if (seen === 'unknown') return isUp ? LOOKS.unknownUp : LOOKS.unknownDown;
  if (!isUp) return LOOKS.down;
  return sharePermille < FULL_PERMILLE ? { sign: 'moving', tone: 'warn', text: `recovering, ${share}`, rank: 4 } : LOOKS.up;
}

/** The most urgent of the looks. */
const worst = (looks: readonly Look[]): Look => looks.reduce((a, b) => (b.rank < a.rank ? b : a));

/** The family that is worst off. `down on IPv6` if the others are not. */
export function memberLook({ families, order }: Member): Look {
  if (families.length === 0) return LOOKS.unchecked;
  const looks = families.map((family) => familyLook(family, order));
  const look = worst(looks);
  const alike = looks.filter(({ text }) => text === look.text).length;
  if (alike === looks.length || look.sign === 'moving') return look;
  return { ...look, text: `${look.text} on IPv${families[looks.indexOf(look)]!.family}` };
}

/** What is seen, for beside an order. */
export const seenText = ({ seen }: MemberFamily): string => (seen === 'unchecked' ? 'not checked' : `seen ${seen}`);

export const isQuiet = ({ rank }: Look): boolean => rank >= QUIET_RANK;

/** A site or a pool, by its members. */
export function groupLook(members: readonly Member[]): Look {
  // Those that nobody checks say nothing of a group in which others are checked.
  const checked = members.filter(({ state }) => state !== 'unchecked');
  const looks = (checked.length > 0 ? checked : members).map(memberLook);
  if (looks.length === 0) return { ...LOOKS.unchecked, text: 'no members' };
  const first = worst(looks);
  if (looks.every(({ sign, tone }) => sign === first.sign && tone === first.tone)) return first;
  const disturbed = looks.filter((look) => !isQuiet(look)).length;
  if (disturbed === 0) return LOOKS.up;
  const isOutage = first.tone === 'bad' && !members.some(({ isServing }) => isServing);
  return { ...first, sign: isOutage ? first.sign : 'partly', text: `${first.text}: ${disturbed} of ${looks.length}` };
}

/** Members by the id of their site or pool. */
export type Groups = ReadonlyMap<string, readonly Member[]>;

/** Members of one site or pool; none of one that has none. */
export const membersOf = (groups: Groups, { id }: Site | Pool): readonly Member[] => groups.get(id) ?? [];

export function groupsOf(members: readonly Member[], key: 'site' | 'pool'): Groups {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const group = groups.get(member[key]);
    if (group === undefined) groups.set(member[key], [member]);
    else group.push(member);
  }
  return groups;
}

/** What an order does, as people say it. */
export const ACTION_TEXT = { up: 'forced up', down: 'forced down', drain: 'drained' } as const;

export function eventLook({ kind, level, isUp }: AdminEvent): Pick<Look, 'sign' | 'tone'> {
  if (kind === 'order' || kind === 'recall') return { sign: kind === 'order' ? 'out' : 'up', tone: 'order' };
  if (kind === 'health') {
    if (level === 'info') return LOOKS.up;
    // Of a member that has another family left, or is only seen otherwise.
    return isUp === true ? { sign: 'partly', tone: 'warn' } : LOOKS.down;
  }
  if (level === 'error') return LOOKS.down;
  return level === 'warning' ? LOOKS.unknownUp : LOOKS.unchecked;
}
