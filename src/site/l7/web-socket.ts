// WebSocket over HTTP/2 (RFC 8441) to servers that speak it over HTTP/1.1 (RFC 6455): the handshake of the one made that of the other. A
// stream has neither Upgrade nor a key; servers of HTTP/1.1 want both, and what they say of the key is checked here in the client's place.

import { createHash, randomBytes } from 'node:crypto';
import { type Fields, fieldOf, without } from './fields.ts';
import type { RequestHead } from './request-head.ts';

/** As it is named in `:protocol` and in Upgrade. */
export const WEB_SOCKET = 'websocket';
/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Octets of a key (RFC 6455 section 4.1). */
const KEY_SIZE = 16;

/** Makes it a request for HTTP/1.1; the key that the server has to confirm. */
export function beginWebSocket(head: RequestHead): string {
  const key = randomBytes(KEY_SIZE).toString('base64');
  head.upgrade = WEB_SOCKET;
  head.fields = [...without(head.fields, ['sec-websocket-key']), 'sec-websocket-key', key];
  return key;
}

/** Whether a 101 with these fields is of somebody who has read the key and speaks WebSocket. */
export const isKeyConfirmed = (key: string | null, fields: Fields): boolean =>
  fieldOf(fields, 'sec-websocket-accept') === createHash('sha1').update(`${key}${GUID}`).digest('base64');
