// The one form in which an import says that it cannot read what it was given.

import type { Problem } from '../base/errors.ts';
import { err, type Result } from '../base/result.ts';

/** `message` is a sentence about `file`; lines and columns count from 1. */
export const failed = (file: string, message: string, place: Pick<Problem, 'line' | 'column'> = {}): Result<never, Problem> =>
  err({ severity: 'error', code: 'ERR_IMPORT', file, ...place, message });
