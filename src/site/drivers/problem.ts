// What drivers and readers complain with: where, what was found, what is needed.

import type { ErrorCode, Problem } from '../../base/errors.ts';
import { err } from '../../base/result.ts';

/** Longer words of others are cut off. */
const MOST_CHARACTERS = 300;

export const problem = (code: ErrorCode, message: string): Problem => ({ severity: 'error', code, message });
export const warning = (code: ErrorCode, message: string): Problem => ({ severity: 'warning', code, message });
export const failure = (code: ErrorCode, message: string) => err(problem(code, message));

/** Words of another program, for one line of ours: nothing that a terminal obeys, and not too much. */
export function quote(text: string): string {
  const plain = text.trim().replace(/[^\x20-\x7e]+/g, ' ');
  return plain.length > MOST_CHARACTERS ? `${plain.slice(0, MOST_CHARACTERS)}...` : plain;
}

export const messageOf = (error: unknown): string => quote(error instanceof Error ? error.message : String(error));
export const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');
