// Responses of our own: small, and the same for everybody. A page says what happened and nothing about what is behind.

import { STATUS_CODES } from 'node:http';
import type { Client } from './client.ts';
import type { Fields } from './fields.ts';

export const reasonOf = (status: number): string => STATUS_CODES[status] ?? '';

/** What a client that was refused for want of a server is told to wait. */
export const RETRY_AFTER: Fields = ['retry-after', '5'];

/** A whole response; the caller decides what becomes of the connection. */
export function sendPage(client: Client, status: number, isForHead: boolean, fields: Fields = [], text?: string): void {
  const title = `${status} ${reasonOf(status)}`;
  const body = Buffer.from(text ?? `<!doctype html><title>${title}</title><h1>${title}</h1>\n`);
  const type = text === undefined ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8';
  const all = ['date', new Date().toUTCString(), 'content-type', type, 'cache-control', 'no-store', ...fields];
  const hasBody = !isForHead && status !== 204 && status !== 304;
  client.sendHead(status, reasonOf(status), all, status === 204 || status === 304 ? -1 : body.length, hasBody);
  if (hasBody) client.sendBody(body);
  client.sendEnd(null);
}
