// The port of the API in a thread of its own: each call goes to the control thread and comes back. Reads are kept for a moment, so
// that many who ask cost the control thread what one does. Invariant: nothing is kept across an event (an order, a reload, a member
// that turns), so who was told that something is done reads what was done.

import type { AdminPort, EventSource, WatchPort } from '../../admin/ports.ts';
import type { Clock } from '../../base/clock.ts';
import { IS_KEPT, type Method, WATCH } from './api-messages.ts';

/** Counters and ages may be so old. */
const KEPT_MS = 250;

export type Ask = (method: Method, args: readonly unknown[]) => Promise<unknown>;

interface Kept {
  readonly revision: number;
  readonly atMs: number;
  readonly reply: Promise<unknown>;
}

/** `revision` grows with each event. */
export function remotePort(
  ask: Ask,
  events: EventSource,
  rates: WatchPort['rates'],
  revision: () => number,
  clock: Clock,
): AdminPort {
  const kept = new Map<string, Kept>();
  const read: Ask = (method, args) => {
    const key = JSON.stringify([method, ...args]);
    const now = { revision: revision(), atMs: clock.monotonicMs() };
    const known = kept.get(key);
    if (known !== undefined && known.revision === now.revision && now.atMs - known.atMs < KEPT_MS) return known.reply;
    for (const [old, { atMs }] of kept) if (now.atMs - atMs >= KEPT_MS) kept.delete(old);
    const reply = ask(method, args);
    kept.set(key, { ...now, reply });
    reply.catch(() => kept.delete(key));
    return reply;
  };
  const methods = (Object.keys(IS_KEPT) as Method[]).map((method) => {
    const call = IS_KEPT[method] ? read : ask;
    return [method, (...args: readonly unknown[]) => call(method, args)] as const;
  });
  const ofWatch = methods.flatMap(([name, call]) => (name.startsWith(WATCH) ? [[name.slice(WATCH.length), call] as const] : []));
  const watch = { ...Object.fromEntries(ofWatch), rates };
  return { ...Object.fromEntries(methods), events, watch } as unknown as AdminPort;
}
