// Overrides as they stand in a set of them: within which bounds.

import type { OverrideSet } from '../model/mesh.ts';
import type { Override } from '../model/verdict.ts';
import { type Book, type BookKind, itemsOf } from './book.ts';
import { isCount, isText, MAX_NAME_LENGTH, MAX_TEXT_LENGTH, objectWith } from './decode.ts';

export type OverrideBook = Book<Override>;

const OVERRIDE_KEYS = ['id', 'glob', 'action', 'source', 'reason', 'author', 'createdMs', 'expiresMs'] as const;

/** Undefined if it is not an override within the bounds. */
export function checkOverride(value: unknown): Override | undefined {
  const record = objectWith(value, OVERRIDE_KEYS);
  if (record === undefined) return undefined;
  const { id, glob, action, source, reason, author, createdMs, expiresMs } = record;
  if (!isText(id, MAX_NAME_LENGTH) || !isText(glob, MAX_NAME_LENGTH) || !isText(author, MAX_NAME_LENGTH, 0)) return undefined;
  if (action !== 'up' && action !== 'down' && action !== 'drain') return undefined;
  if ((source !== 'human' && source !== 'tool') || !isText(reason, MAX_TEXT_LENGTH, 0)) return undefined;
  if (!isCount(createdMs) || !(expiresMs === null || isCount(expiresMs))) return undefined;
  return { id, glob, action, source, reason, author, createdMs, expiresMs };
}

export const OVERRIDES: BookKind<Override> = { name: 'overrides', most: 10_000, check: checkOverride };

export const toSet = (book: OverrideBook): OverrideSet => ({ version: book.version, overrides: itemsOf(book) });
