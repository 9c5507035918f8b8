// A stored response, and what its directives say of it (RFC 9111, by http-cache-semantics): for whom it is, and whether it is fresh.

import CachePolicy from 'http-cache-semantics';
import type { Clock } from '../../../base/clock.ts';
import { type Fields, fieldOf } from '../fields.ts';
import type { RequestHead } from '../request-head.ts';

/** A policy by a clock of ours. */
export type Policy = CachePolicy;
export type PolicyClass = new (...parts: ConstructorParameters<typeof CachePolicy>) => CachePolicy;

export function policyClass(clock: Clock): PolicyClass {
  return class extends CachePolicy {
    now(): number {
      return clock.wallMs();
    }
  };
}

export interface Entry {
  policy: Policy;
  readonly status: number;
  readonly reason: string;
  /** Without Age. */
  fields: Fields;
  readonly body: Buffer;
  /** What the request had in the fields that Vary names, in their order; null = it may be for nobody else. */
  readonly varied: readonly (readonly [name: string, value: string | null])[] | null;
}

/** Octets that an entry takes beside its body: its fields, twice, and objects. */
const ENTRY_SIZE = 2048;
/** More fields in Vary than anybody means. */
const MOST_VARIED = 16;

export const sizeOf = ({ body, fields }: Entry): number =>
  ENTRY_SIZE + body.length + 2 * fields.reduce((sum, text) => sum + text.length, 0);

export function variedBy(head: RequestHead, fields: Fields): Entry['varied'] {
  const names = valuesOf(fields, 'vary')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.includes('*') || names.length > MOST_VARIED) return null;
  return names.map((name) => [name, requestValue(head, name)] as const);
}

/** Whether the request would have been given the entry's response, as far as Vary tells (RFC 9111 section 4.1). */
export const isFor = ({ varied }: Entry, head: RequestHead): boolean =>
  varied?.every(([name, value]) => requestValue(head, name) === value) ?? false;

/** Field lines of one name are joined: the same values in more lines are the same. */
function valuesOf(fields: Fields, name: string): string {
  let joined = '';
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i] === name) joined += joined === '' ? fields[i + 1] : `, ${fields[i + 1]}`;
  return joined;
}

function requestValue(head: RequestHead, name: string): string | null {
  if (name === 'cookie') return head.cookie;
  if (name === 'host') return head.authority;
  return fieldOf(head.fields, name) === null ? null : valuesOf(head.fields, name);
}

/** As the library wants them. */
export function headersOf(fields: Fields): CachePolicy.Headers {
  const headers: CachePolicy.Headers = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) headers[fields[i]!] ??= valuesOf(fields, fields[i]!);
  return headers;
}

export const requestOf = (head: RequestHead): CachePolicy.HttpRequest => ({
  method: 'GET', // HEAD too: it is answered from what a GET got
  url: head.target,
  headers: Object.assign(headersOf(head.fields), { host: head.authority, cookie: head.cookie ?? undefined }),
});

/** Whether the client has what the entry holds (RFC 9110 section 13.2.2); then 304 says so. */
export function isNotModified(head: RequestHead, { fields }: Entry): boolean {
  const asked = valuesOf(head.fields, 'if-none-match');
  const etag = fieldOf(fields, 'etag');
  if (asked !== '') {
    const plain = (tag: string): string => tag.trim().replace(/^W\//, '');
    return asked === '*' || (etag !== null && (asked.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => plain(tag) === plain(etag)));
  }
  const sinceMs = Date.parse(fieldOf(head.fields, 'if-modified-since') ?? '');
  return Date.parse(fieldOf(fields, 'last-modified') ?? '') <= sinceMs;
}
