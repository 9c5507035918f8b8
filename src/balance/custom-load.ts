// Custom load, of two: who reports the lower load (expression.ts makes one number of what servers report). Without a fresh report
// of both, and between equals, what is under way decides: a server that stopped reporting is neither favoured nor shunned.

import { hasLessActive, type IsBetter } from './two-choices.ts';

export const hasLessLoad: IsBetter = (candidates, other, first, nowMs) => {
  const { slots, table } = candidates;
  const otherLoad = table.load(slots[other]!, nowMs);
  const firstLoad = table.load(slots[first]!, nowMs);
  if (otherLoad < firstLoad) return true;
  return otherLoad > firstLoad ? false : hasLessActive(candidates, other, first, nowMs);
};
