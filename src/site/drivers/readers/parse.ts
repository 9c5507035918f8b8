// Runs a parser whose complaints are exceptions of its own kind; all other exceptions are bugs.

import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { jsonOf } from '../page.ts';
import { failure, quote } from '../problem.ts';
import { FormError } from './fields.ts';

export function parseJson<T>(text: string, where: string, parse: (value: unknown) => T): Result<T, Problem> {
  const parsed = jsonOf(where, text);
  if (!parsed.ok) return parsed;
  try {
    return ok(parse(parsed.value));
  } catch (error) {
    if (error instanceof FormError) return failure('ERR_LOAD_FORM', `${where}: ${quote(error.message)}`);
    throw error;
  }
}
