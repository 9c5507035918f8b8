// The port through which steering learns what is up. The probe mesh implements it; until then everything is up.

import type { Family } from '../base/address.ts';

export interface HealthView {
  /** Whether a member may get traffic over this address family; for an alias member the family is that of the question. */
  isUp(member: number, family: Family): boolean;
}

export const EVERYTHING_UP: HealthView = { isUp: () => true };
