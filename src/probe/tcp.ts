// Check `tcp`: the server accepts a connection. Nothing is sent.

import { OUTCOME } from '../model/probe.ts';
import { attempt, type Limits } from './attempt.ts';
import type { Finding } from './finding.ts';
import type { Port } from './place.ts';
import { openTcp } from './stream.ts';

export function checkTcp(place: Port, limits: Limits): Promise<Finding> {
  return attempt(limits, (frame) => openTcp(frame, place, () => frame.finish(OUTCOME.OK, 'connected')));
}
