// Collects the complaints about one zone. Errors and warnings are capped apart, so that a flood of warnings cannot hide
// an error; what was left out is counted in a last note of the same severity.

import type { ErrorCode, Problem } from '../base/errors.ts';
import { MAX_COUNTED_ERRORS, MAX_PROBLEMS } from './limits.ts';

export class ProblemLog {
  readonly #errors: Problem[] = [];
  readonly #warnings: Problem[] = [];
  #errorCount = 0;
  #warningCount = 0;

  /** Lines and columns count from 1. */
  error(code: ErrorCode, message: string, file: string, line: number, column: number): void {
    if (++this.#errorCount <= MAX_PROBLEMS) this.#errors.push({ severity: 'error', code, message, file, line, column });
  }

  warning(code: ErrorCode, message: string, file: string, line: number, column: number): void {
    if (++this.#warningCount <= MAX_PROBLEMS) this.#warnings.push({ severity: 'warning', code, message, file, line, column });
  }

  /** Whether there are so many errors that looking for more is pointless. */
  get isFull(): boolean {
    return this.#errorCount >= MAX_COUNTED_ERRORS;
  }

  /** Errors, then warnings, each in the order of their places and each ended by a note if some were left out. */
  problems(): Problem[] {
    return [...list('error', this.#errors, this.#errorCount), ...list('warning', this.#warnings, this.#warningCount)];
  }
}

/** Files stay in the order of their first problem. */
function list(severity: Problem['severity'], shown: readonly Problem[], count: number): Problem[] {
  const rank = new Map(
    shown
      .map((problem) => problem.file)
      .reverse()
      .map((file, i) => [file, -i]),
  );
  const sorted = shown.toSorted((a, b) => rank.get(a.file)! - rank.get(b.file)! || a.line! - b.line! || a.column! - b.column!);
  return [...sorted, ...note(severity, count - shown.length, sorted)];
}

function note(severity: Problem['severity'], more: number, shown: readonly Problem[]): Problem[] {
  if (more === 0) return [];
  const last = shown[shown.length - 1]!;
  const isFull = severity === 'error' && more + shown.length >= MAX_COUNTED_ERRORS;
  const what = more === 1 ? severity : `${severity}s`;
  const message = `and ${isFull ? 'at least ' : ''}${more} more ${what} in this zone; ${shown.length} are listed`;
  return [{ ...last, code: 'ERR_ZONE_LIMIT', message }];
}
