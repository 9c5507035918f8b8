// Edits of header fields, the head that a server gets, and the fields that a client gets.

import type { Peer } from './client.ts';
import { compressedFields } from './compression.ts';
import type { Plan, RoutePlan } from './context.ts';
import type { Fields } from './fields.ts';
import { forwardingLines } from './forwarding.ts';
import { replacePrefix } from './path.ts';
import { CHUNKED, type RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

/** The head for the server, latin1. */
export function requestFor(head: RequestHead, peer: Peer, route: RoutePlan, { settings, trusted }: Plan): string {
  const { rewrite } = route.route;
  const edits = route.requestEdits;
  const upgrade = upgradeOf(route, head);
  const target = rewrite.path === null ? head.target : replacePrefix(head.target, rewrite.path.from, rewrite.path.to);
  let text = `${head.method} ${target} HTTP/1.1\r\nhost: ${rewrite.host ?? head.authority}\r\n`;
  const fields = edits.apply(head.fields);
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  if (head.cookie !== null && !edits.removes('cookie')) text += `cookie: ${head.cookie}\r\n`;
  if (head.bodySize === CHUNKED) text += 'transfer-encoding: chunked\r\n';
  else if (head.bodySize > 0 || expectsLength(head.method)) text += `content-length: ${head.bodySize}\r\n`;
  if (head.expectsContinue) text += 'expect: 100-continue\r\n';
  if (upgrade !== null) text += `connection: upgrade\r\nupgrade: ${upgrade}\r\n`;
  return `${text}${forwardingLines(head, peer, settings.forwarding, trusted)}\r\n`;
}

/** The protocol that the server is asked to change to; null = none. */
export const upgradeOf = ({ route }: RoutePlan, head: RequestHead): string | null =>
  route.upgrade && head.bodySize === 0 ? head.upgrade : null;

/** Fields for the client. `encoding`: how the body is compressed. `server` has answered, `wanted` is what the client's cookie names. */
export function responseFields(
  head: ResponseHead,
  plan: RoutePlan,
  encoding: 'br' | 'gzip' | null,
  server: string,
  wanted: string | null,
): Fields {
  let fields = plan.responseEdits.apply(head.fields);
  if (plan.sticky !== null && wanted !== server) fields = [...fields, 'set-cookie', plan.sticky.cookieFor(server)];
  return plan.route.compression === null ? fields : compressedFields(fields, encoding);
}

/** A length of 0 is said where a body would be usual (RFC 9110 section 8.6). */
const expectsLength = (method: string): boolean => method === 'POST' || method === 'PUT' || method === 'PATCH';
