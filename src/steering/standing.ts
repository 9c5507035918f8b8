// What members can do for questions of one family, in columns by member: a member is down, it is up with an address of the
// family asked, or it is up but has none ("blank"). Blank members keep their place in every choice, so that a nearest site
// without IPv6 does not send dual-stack clients to a far one over IPv6; their mass is dropped at the very end (plan.ts).

import type { Family } from '../base/address.ts';
import type { HealthView } from '../model/health.ts';
import { type Member, type SteeringModel, serves } from '../model/steering.ts';

export const STANDING = { DOWN: 0, UP: 1, BLANK: 2 } as const;

export interface Standings {
  /** STANDING by member. */
  readonly standing: Uint8Array;
  /** By member, in thousandths of its weight: less than all (FULL_SHARE) while it recovers or drains. Above 0 for all but those down. */
  readonly share: Uint16Array;
  /** By member: seconds until it could stand otherwise. */
  readonly ttlSec: Uint32Array;
  /** By pool: 1 = a failover may use it. */
  readonly poolUp: Uint8Array;
  /** Why a member stands as it does. */
  reason(member: number): string;
}

/** The standings for questions of one family. A blank member must be up in the family that it has. */
export function standings(model: SteeringModel, family: Family, health: HealthView): Standings {
  const familyOf = (member: Member): Family => (serves(member, family) ? family : family === 4 ? 6 : 4);
  const share = Uint16Array.from(model.members, (member) => {
    const own = familyOf(member);
    return health.isUp(member.index, own) ? health.weightShare(member.index, own) : 0;
  });
  return {
    standing: Uint8Array.from(model.members, (member, i) => {
      if (share[i] === 0) return STANDING.DOWN;
      return serves(member, family) ? STANDING.UP : STANDING.BLANK;
    }),
    share,
    ttlSec: Uint32Array.from(model.members, (member) => health.ttlSec(member.index, familyOf(member))),
    poolUp: Uint8Array.from(model.pools, ({ index }) => (health.isPoolUp(index, family) ? 1 : 0)),
    reason: (member) => health.reason(member, familyOf(model.members[member]!)),
  };
}

/** Whether two families' standings make the same plans. */
export function areTwins(a: Standings, b: Standings): boolean {
  return (
    areEqual(a.standing, b.standing) && areEqual(a.share, b.share) && areEqual(a.ttlSec, b.ttlSec) && areEqual(a.poolUp, b.poolUp)
  );
}

type Column = Uint8Array | Uint16Array | Uint32Array;

function areEqual(a: Column, b: Column): boolean {
  return a.every((value, i) => value === b[i]);
}
