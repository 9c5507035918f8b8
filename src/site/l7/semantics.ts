// What RFC 9110 says of methods and statuses, as far as a balancer acts on it; and where redirects lead.

import type { Peer } from './client.ts';
import type { RequestHead } from './request-head.ts';
import { hostOf } from './routes.ts';

/** Section 9.2.2: to do it twice is to do it once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

/** Whether a request may go to a server once more although one may have heard it. A body is not kept for that. */
export const isReplayable = (head: RequestHead): boolean => head.bodySize === 0 && IDEMPOTENT.has(head.method);

/** The server's own fault: not what it will not or cannot do (501, 505). */
export const isFailure = (status: number): boolean => status >= 500 && status !== 501 && status !== 505;

/** Whether a response has no body whatever its fields say (section 6.4.1). */
export const isWithoutBody = (method: string, status: number): boolean => method === 'HEAD' || status === 204 || status === 304;

/** A template of HttpAction with what the request says. */
export function locationOf(template: string, head: RequestHead, peer: Peer): string {
  return template.replace(/\{(scheme|host|target)\}/g, (_, name) => {
    if (name === 'scheme') return peer.scheme;
    return name === 'host' ? hostOf(head.authority) : head.target;
  });
}
