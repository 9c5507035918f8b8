// Beginning and end of service where processes follow one another: a successor begins when its predecessor will not go on, and a server
// ends when it is told to, when it cannot go on, or when a successor has taken over.

import type { Problem } from '../../base/errors.ts';
import type { Control } from './control.ts';
import type { Estate, Handover } from './handover.ts';
import type { Running } from './running.ts';
import type { ServiceManager } from './service-manager.ts';
import type { Takeover } from './takeover.ts';

export const HANDED_OVER = 'handed over';

/**
 * Everything listens. Tells the service manager; a successor first hears from its predecessor that it will not go on, and then tells it
 * to finish. `own` is the row of metrics/counters to which is added what that still counts. The problem is why it cannot be.
 */
export async function begin(
  running: Running,
  own: Float64Array,
  {
    manager,
    takeover,
    control,
  }: { readonly manager: ServiceManager; readonly takeover: Takeover | null; readonly control: Control },
): Promise<Problem | undefined> {
  if (takeover === null) {
    void manager.ready(running.summary);
    return undefined;
  }
  const problem = await takeover.ready();
  if (problem !== undefined) return problem;
  control.replace();
  await manager.readyAsMain(running.summary);
  takeover.taken(own);
  return undefined;
}

/** Offers the estate, and resolves when it is over: told to stop (undefined), a problem that ends it, or a successor has taken over. */
export async function serveOn(
  estate: Estate,
  lost: Promise<Problem> | null,
  handover: Handover,
  { manager, stopped }: { readonly manager: ServiceManager; readonly stopped: Promise<void> },
): Promise<Problem | typeof HANDED_OVER | undefined> {
  handover.offer(estate);
  const taken = handover.taken.then((): typeof HANDED_OVER => HANDED_OVER);
  const end = await Promise.race([stopped, taken, ...(lost === null ? [] : [lost])]);
  if (end === HANDED_OVER) manager.handOver();
  else handover.abandon();
  return end ?? undefined;
}
