// Errors of the API in their one form (RFC 9457): a code of the catalogue, what was found and allowed, and the fields it is about.

import type { ErrorCode, Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';

/** HTTP status and title of the codes that a reply may carry; others are 500 of a kind that nobody foresaw. */
const KINDS: Partial<Readonly<Record<ErrorCode, readonly [status: number, title: string]>>> = {
  ERR_API_VALUE: [400, 'A field is wrong'],
  ERR_USAGE: [400, 'A field is wrong'],
  ERR_OVERRIDE: [400, 'The order cannot be given or taken back'],
  ERR_SILENCE: [400, 'The silence cannot be made or ended'],
  ERR_API_TOKEN: [401, 'A token is needed'],
  ERR_API_ROLE: [403, 'The role may not do this'],
  ERR_API_ORIGIN: [403, 'Not from here'],
  ERR_API_NOT_FOUND: [404, 'Not found'],
  ERR_API_METHOD: [405, 'Not this method'],
  ERR_API_REPEATED: [409, 'The Idempotency-Key is taken'],
  ERR_SAFETY: [409, 'A safety rule forbids it'],
  ERR_ROLE: [409, 'This process cannot tell'],
  ERR_TRIAL: [409, 'A change is on trial'],
  ERR_MESH_CONFLICT: [409, 'Others were faster'],
  ERR_API_VERSION: [412, 'It has changed since'],
  ERR_API_BODY: [413, 'The body cannot be taken'],
  ERR_API_LIMIT: [429, 'Too many requests'],
  ERR_API_GUESSING: [429, 'Too many wrong tokens'],
  ERR_INTERNAL: [500, 'A bug'],
  ERR_ZONE_FILE: [500, 'A file cannot be read or written'],
  ERR_AUDIT: [500, 'The audit cannot be written'],
  ERR_MESH_UNCERTAIN: [500, 'It may or may not have been done'],
  ERR_STATE: [503, 'Nothing can be kept now'],
  ERR_MESH_UNAVAILABLE: [503, 'Orders cannot be changed now'],
};

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** What a handler throws to refuse a request. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly statusCode: number;
  readonly fields: readonly FieldProblem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    { code, message }: Pick<Problem, 'code' | 'message'>,
    more: { fields?: readonly FieldProblem[]; status?: number; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.code = code;
    this.statusCode = more.status ?? KINDS[code]?.[0] ?? 500;
    this.fields = more.fields ?? [];
    this.headers = more.headers ?? {};
  }
}

export const refusal = (code: ErrorCode, message: string, more?: ConstructorParameters<typeof Refusal>[1]): Refusal =>
  new Refusal({ code, message }, more);

/** What a port has done; throws a Refusal if it could not. */
export function orRefuse<T>(result: Result<T, Problem>): T {
  if (!result.ok) throw new Refusal(result.error);
  return result.value;
}

/** The body of a reply. */
export function problemBody({ code, statusCode, message, fields }: Refusal, requestId: string) {
  return {
    type: `urn:meridian:problem:${code}`,
    title: KINDS[code]?.[1] ?? 'Not done',
    status: statusCode,
    code,
    detail: message,
    requestId,
    fields: [...fields],
  };
}
