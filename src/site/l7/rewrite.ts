// Edits of header fields, and the head that a server gets.

import type { HttpHeaderEdits, HttpRewrite } from '../../model/site-http.ts';
import { type Fields, without } from './fields.ts';
import { replacePrefix } from './path.ts';
import { CHUNKED, type RequestHead } from './request-head.ts';

export class Edits {
  readonly isNone: boolean;
  readonly #gone: readonly string[];
  readonly #new: Fields;

  constructor(edits: HttpHeaderEdits) {
    this.#gone = [...edits.remove, ...edits.set.map(({ name }) => name)];
    this.#new = [...edits.set, ...edits.add].flatMap(({ name, value }) => [name, value]);
    this.isNone = this.#gone.length === 0 && this.#new.length === 0;
  }

  /** The fields themselves if there is nothing to edit. */
  apply(fields: Fields): Fields {
    return this.isNone ? fields : [...without(fields, this.#gone), ...this.#new];
  }

  removes(name: string): boolean {
    return this.#gone.includes(name);
  }
}

/** The head for the server, latin1. `forwarding`: lines of forwarding.ts. `upgrade` null = no change of protocol is asked for. */
export function requestText(
  head: RequestHead,
  rewrite: HttpRewrite,
  edits: Edits,
  forwarding: string,
  upgrade: string | null,
): string {
  const target = rewrite.path === null ? head.target : replacePrefix(head.target, rewrite.path.from, rewrite.path.to);
  let text = `${head.method} ${target} HTTP/1.1\r\nhost: ${rewrite.host ?? head.authority}\r\n`;
  const fields = edits.apply(head.fields);
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  if (head.cookie !== null && !edits.removes('cookie')) text += `cookie: ${head.cookie}\r\n`;
  if (head.bodySize === CHUNKED) text += 'transfer-encoding: chunked\r\n';
  else if (head.bodySize > 0 || expectsLength(head.method)) text += `content-length: ${head.bodySize}\r\n`;
  if (head.expectsContinue) text += 'expect: 100-continue\r\n';
  if (upgrade !== null) text += `connection: upgrade\r\nupgrade: ${upgrade}\r\n`;
  return `${text}${forwarding}\r\n`;
}

/** A length of 0 is said where a body would be usual (RFC 9110 section 8.6). */
const expectsLength = (method: string): boolean => method === 'POST' || method === 'PUT' || method === 'PATCH';
