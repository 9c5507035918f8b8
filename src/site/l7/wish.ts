// Stickiness of every kind, as an exchange asks for it: by which key hashing algorithms go, which server the request should go to, and,
// once it goes somewhere, where.

import type { Service } from '../service.ts';
import type { Context, RoutePlan } from './context.ts';
import type { RequestHead } from './request-head.ts';
import { hashKeyOf } from './sticky.ts';

/** Of a route with stickiness. `clientKey`: of the client's network. */
export function keyOf({ route: { stickiness }, table }: RoutePlan, head: RequestHead, clientKey: number): number {
  if (table !== null) return table.placeOf(head, clientKey);
  const isHash = stickiness?.kind === 'hash-cookie' || stickiness?.kind === 'hash-header';
  return isHash ? (hashKeyOf(head, stickiness) ?? clientKey) : clientKey;
}

/** Id of the server that the client is to go to; null = whichever is chosen. A promise only where others have to be asked. */
export function wishOf(
  { sticky, table }: RoutePlan,
  head: RequestHead,
  key: number,
  service: Service,
  { sharing, counts, clock }: Context,
): string | null | Promise<string | null> {
  if (table !== null) return table.serverOf(key, service, { sharing, counts, nowMs: clock.monotonicMs() });
  return sticky === null ? null : sticky.idOf(head, service.balancer.table.ids, counts);
}

/** The request goes to this server. */
export function note({ table }: RoutePlan, key: number, server: string, { sharing, counts, clock }: Context): void {
  table?.took(key, server, { sharing, counts, nowMs: clock.monotonicMs() });
}
