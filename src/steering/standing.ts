// What a member can do for one question: it is down, it is up with an address of the family asked, or it is up but has
// none ("blank"). Blank members keep their place in every choice, so that a nearest site without IPv6 does not send
// dual-stack clients to a far one over IPv6; their mass is dropped at the very end (plan.ts).

import type { Family } from '../base/address.ts';
import type { HealthView } from '../model/health.ts';
import type { Member, SteeringModel } from '../model/steering.ts';

export const STANDING = { DOWN: 0, UP: 1, BLANK: 2 } as const;

/** Whether the member has something to answer to a question for this family; an alias serves both. */
export function serves(member: Member, family: Family): boolean {
  if (member.target.kind === 'alias') return true;
  return (family === 4 ? member.target.v4 : member.target.v6) !== null;
}

/** STANDING by member index, for questions of one family. A blank member must be up in the family that it has. */
export function standings(model: SteeringModel, family: Family, health: HealthView): Uint8Array {
  return Uint8Array.from(model.members, (member) => {
    const served = serves(member, family);
    const own: Family = served ? family : family === 4 ? 6 : 4;
    if (!health.isUp(member.index, own)) return STANDING.DOWN;
    return served ? STANDING.UP : STANDING.BLANK;
  });
}
