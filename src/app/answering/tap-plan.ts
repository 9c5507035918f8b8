// Rings and rates for the answers that are told one by one, as the configuration asks for them. Made anew with every load, as policies
// are numbered anew: whoever reads the rings finishes the old ones first.

import { type DecisionSettings, tellsDecisions } from '../../model/decisions.ts';
import { tapRingSize } from '../../responder/tap-ring.ts';
import type { TapPlan } from './messages.ts';

/** Null if nothing is to be told. `policies` are ids by number; replies over UDP are `replySize` octets at most. */
export function tapPlan(
  settings: DecisionSettings,
  policies: readonly string[],
  workers: number,
  replySize: number,
): TapPlan | null {
  if (!tellsDecisions(settings)) return null;
  const { unsteered, oneIn, perSecond } = settings;
  const memory = tapRingSize(replySize);
  return {
    rings: Array.from({ length: workers }, () => new SharedArrayBuffer(memory)),
    oneIn: [unsteered, ...policies.map((id) => (Object.hasOwn(settings.policies, id) ? settings.policies[id]! : oneIn))],
    perSecond: perSecond / workers,
  };
}
