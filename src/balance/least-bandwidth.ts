// Least bandwidth, of two: who moves fewer octets a second for its weight. For services whose requests cost what they weigh,
// such as downloads and streams. Octets are known only once they have moved, so equals are told apart by what is under way.

import { hasLessActive, type IsBetter } from './two-choices.ts';

export const hasLessBandwidth: IsBetter = (candidates, other, first, nowMs) => {
  const { slots, weights, table } = candidates;
  const { decayedOctets } = table.columns;
  const otherLoad = decayedOctets[slots[other]!]! * weights[first]!;
  const firstLoad = decayedOctets[slots[first]!]! * weights[other]!;
  return otherLoad === firstLoad ? hasLessActive(candidates, other, first, nowMs) : otherLoad < firstLoad;
};
