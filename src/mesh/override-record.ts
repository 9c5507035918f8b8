// Overrides as a record: one JSON text, in the engine and in the state directory alike.

import type { OverrideSet } from '../model/mesh.ts';
import type { Override } from '../model/verdict.ts';
import { isCount, isText, MAX_NAME_LENGTH, MAX_TEXT_LENGTH, objectWith, parseJson, RECORD_VERSION } from './decode.ts';

/** A version together with the one change that made it: two changes can take the same number in two halves of a split mesh. */
export interface Revision {
  readonly version: number;
  /** 16 hexadecimal digits. */
  readonly mark: string;
}

/** An override and the version in which it came in, or was last altered. */
export interface Entry {
  readonly added: number;
  readonly override: Override;
}

/** A set of overrides with where it came from. */
export interface OverrideBook extends Revision {
  /** The revisions before this one, oldest first: at most HISTORY_LENGTH. */
  readonly history: readonly Revision[];
  readonly entries: readonly Entry[];
}

export const EMPTY_BOOK: OverrideBook = { version: 0, mark: '0000000000000000', history: [], entries: [] };
export const HISTORY_LENGTH = 64;
/** Most overrides in force at a time. */
export const MAX_OVERRIDES = 10_000;

const BOOK_KEYS = ['v', 'version', 'mark', 'history', 'overrides'] as const;
const OVERRIDE_KEYS = ['id', 'glob', 'action', 'source', 'reason', 'author', 'createdMs', 'expiresMs'] as const;
const MARK = /^[0-9a-f]{16}$/;

export const toSet = ({ version, entries }: OverrideBook): OverrideSet => ({
  version,
  overrides: entries.map(({ override }) => override),
});

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

function checkRevision(value: unknown): Revision | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [version, mark] = value as readonly unknown[];
  return isCount(version) && version > 0 && typeof mark === 'string' && MARK.test(mark) ? { version, mark } : undefined;
}

function checkEntry(value: unknown): Entry | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [added, rest] = value as readonly unknown[];
  const override = checkOverride(rest);
  return isCount(added) && override !== undefined ? { added, override } : undefined;
}

/** All of a list checked; undefined if one is wrong: half a set of overrides is worse than none. */
function checkAll<T>(values: unknown, maxLength: number, check: (value: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(values) || values.length > maxLength) return undefined;
  const checked = values.map(check);
  return checked.includes(undefined) ? undefined : (checked as readonly T[]);
}

export function encodeBook({ version, mark, history, entries }: OverrideBook): string {
  return JSON.stringify({
    v: RECORD_VERSION,
    version,
    mark,
    history: history.map((revision) => [revision.version, revision.mark]),
    overrides: entries.map(({ added, override }) => [added, override]),
  });
}

export function decodeBook(text: unknown): OverrideBook | undefined {
  const record = objectWith(parseJson(text), BOOK_KEYS);
  if (record === undefined || record.v !== RECORD_VERSION) return undefined;
  const own = checkRevision([record.version, record.mark]);
  const history = checkAll(record.history, HISTORY_LENGTH, checkRevision);
  const entries = checkAll(record.overrides, MAX_OVERRIDES, checkEntry);
  return own === undefined || history === undefined || entries === undefined ? undefined : { ...own, history, entries };
}
