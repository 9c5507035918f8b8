// Requests to the server that the page came from, and to nobody else. The token, where one is asked for, is kept for this tab
// only (sessionStorage) and sent as a header, so no other page can make the browser send it.

import type { Problem } from '../../../src/admin/schemas/common.ts';

const TOKEN_KEY = 'meridian-token';
/** A server on the same machine or network that takes longer is not well. */
const TIMEOUT_MS = 10_000;

/** A refusal of the server, in its words (problem+json, RFC 9457), or a request that did not come through (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const readToken = (): string => sessionStorage.getItem(TOKEN_KEY) ?? '';

export function keepToken(token: string): void {
  if (token === '') sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, token);
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The opened reply; throws ApiError for anything but success. */
export async function open(path: string, { method = 'GET', body, headers, signal }: RequestOptions = {}): Promise<Response> {
  const token = readToken();
  const reply = await fetch(path, {
    method,
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch(notReached);
  if (!reply.ok) throw await refusalOf(reply);
  return reply;
}

/** The reply as JSON, with its ETag. */
export async function ask<T>(path: string, options: RequestOptions = {}): Promise<{ readonly body: T; readonly etag: string }> {
  const reply = await open(path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  // A reply that begins in time may still break off, or take too long to come whole.
  const text = await reply.text().catch(notReached);
  return { body: (text === '' ? null : JSON.parse(text)) as T, etag: reply.headers.get('etag') ?? '' };
}

function notReached(error: unknown): never {
  throw new ApiError(0, 'ERR_UNREACHABLE', `the server cannot be reached (${reasonOf(error)})`);
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function refusalOf(reply: Response): Promise<ApiError> {
  const problem = (await reply.json().catch(() => ({}))) as Partial<Problem>;
  return new ApiError(reply.status, problem.code ?? '', problem.detail ?? `the server answered ${reply.status}`);
}
