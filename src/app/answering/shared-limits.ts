// The memory and the secret that the rate limits of all workers share. They are made once, by the control thread: what is counted
// in them outlives a worker that dies, and a budget is that of the server, not of each worker.

import { randomBytes } from 'node:crypto';
import type { RateLimitSettings } from '../../model/snapshot.ts';
import { type SharedLimits, sharedLimitsSize } from '../../responder/admission.ts';

const KEY_WORDS = 4;

/** Null if nothing is limited. */
export function makeSharedLimits(settings: RateLimitSettings): SharedLimits | null {
  if (!settings.enabled) return null;
  const octets = randomBytes(4 * KEY_WORDS);
  return {
    key: Uint32Array.from({ length: KEY_WORDS }, (_, i) => octets.readUInt32LE(4 * i)),
    memory: new SharedArrayBuffer(sharedLimitsSize(settings)),
  };
}
