// What becomes of a request before any server is asked: who is refused, and what a route answers by itself.

import type { Peer } from './client.ts';
import type { Context, RoutePlan } from './context.ts';
import type { Fields } from './fields.ts';
import { markedLocation } from './late.ts';
import type { RequestHead } from './request-head.ts';
import { locationOf } from './semantics.ts';

/** A response of our own. */
export interface OwnAnswer {
  readonly status: number;
  readonly fields: Fields;
  /** Undefined = a page that says the status. */
  readonly text?: string;
}

/** Null = the request may go on. `clientKey`: of the client's network. `bodyLimit`: octets. A promise only where a limit has to be asked. */
export function refusalOf(
  route: RoutePlan,
  head: RequestHead,
  clientKey: number,
  bodyLimit: number,
  context: Context,
): OwnAnswer | null | Promise<OwnAnswer | null> {
  if (head.bodySize > bodyLimit) return { status: 413, fields: [] };
  if (route.rateLimit === null) return unauthorized(route, head, context);
  // First: to look at a signature costs more than to count.
  const { sharing, counts, clock } = context;
  return route.rateLimit.waitSec(head, clientKey, { sharing, counts, nowMs: clock.monotonicMs() }).then((waitSec) => {
    if (waitSec === 0) return unauthorized(route, head, context);
    context.counts.rateLimited++;
    return { status: 429, fields: ['retry-after', String(waitSec)] };
  });
}

function unauthorized({ access }: RoutePlan, head: RequestHead, context: Context): OwnAnswer | null {
  const fields = access?.refusal(head, context.clock.wallMs()) ?? null;
  if (fields === null) return null;
  context.counts.unauthorized++;
  return { status: 401, fields };
}

/** Null = a server answers. */
export function ownAnswerOf({ route }: RoutePlan, head: RequestHead, peer: Peer): OwnAnswer | null {
  const { action } = route;
  if (action.kind === 'redirect') {
    const location = locationOf(action.location, head, peer);
    return { status: action.status, fields: ['location', action.isMarked === true ? markedLocation(location) : location] };
  }
  if (head.isExtendedConnect && !route.upgrade) return { status: 501, fields: [] };
  return action.kind === 'respond' ? { status: action.status, fields: [], text: action.body } : null;
}
