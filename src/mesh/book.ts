// A set of things that all processes share and that is replaced whole, as a record: one JSON text, in the engine and in the state
// directory alike. What the things are, its kind says: orders of people (override-record.ts), notes (note-record.ts).

import { isCount, objectWith, parseJson, RECORD_VERSION } from './decode.ts';

/** Whatever is in a set: told apart by its id. */
export interface Item {
  readonly id: string;
}

export interface BookKind<T extends Item> {
  /** Many of them: in messages, in the record, and in names of files. */
  readonly name: string;
  /** Most at a time. */
  readonly most: number;
  /** Undefined if it is none within the bounds. */
  check(value: unknown): T | undefined;
}

/** A version together with the one change that made it: two changes can take the same number in two halves of a split mesh. */
export interface Revision {
  readonly version: number;
  /** 16 hexadecimal digits. */
  readonly mark: string;
}

/** An item and the version in which it came in, or was last altered. */
export interface Entry<T extends Item> {
  readonly added: number;
  readonly item: T;
}

/** A set with where it came from. */
export interface Book<T extends Item> extends Revision {
  /** The revisions before this one, oldest first: at most HISTORY_LENGTH. */
  readonly history: readonly Revision[];
  readonly entries: readonly Entry<T>[];
}

export const EMPTY_BOOK: Book<never> = { version: 0, mark: '0000000000000000', history: [], entries: [] };
export const HISTORY_LENGTH = 64;

const MARK = /^[0-9a-f]{16}$/;

export const itemsOf = <T extends Item>({ entries }: Book<T>): readonly T[] => entries.map(({ item }) => item);

function checkRevision(value: unknown): Revision | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [version, mark] = value as readonly unknown[];
  return isCount(version) && version > 0 && typeof mark === 'string' && MARK.test(mark) ? { version, mark } : undefined;
}

export function checkEntry<T extends Item>(value: unknown, kind: BookKind<T>): Entry<T> | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [added, rest] = value as readonly unknown[];
  const item = kind.check(rest);
  return isCount(added) && item !== undefined ? { added, item } : undefined;
}

/** All of a list checked; undefined if one is wrong: half a set is worse than none. */
export function checkAll<T>(
  values: unknown,
  maxLength: number,
  check: (value: unknown) => T | undefined,
): readonly T[] | undefined {
  if (!Array.isArray(values) || values.length > maxLength) return undefined;
  const checked = values.map(check);
  return checked.includes(undefined) ? undefined : (checked as readonly T[]);
}

export function encodeBook<T extends Item>({ version, mark, history, entries }: Book<T>, { name }: BookKind<T>): string {
  return JSON.stringify({
    v: RECORD_VERSION,
    version,
    mark,
    history: history.map((revision) => [revision.version, revision.mark]),
    [name]: entries.map(({ added, item }) => [added, item]),
  });
}

export function decodeBook<T extends Item>(text: unknown, kind: BookKind<T>): Book<T> | undefined {
  const record = objectWith(parseJson(text), ['v', 'version', 'mark', 'history', kind.name]);
  if (record === undefined || record['v'] !== RECORD_VERSION) return undefined;
  const own = checkRevision([record['version'], record['mark']]);
  const history = checkAll(record['history'], HISTORY_LENGTH, checkRevision);
  const entries = checkAll(record[kind.name], kind.most, (value) => checkEntry(value, kind));
  return own === undefined || history === undefined || entries === undefined ? undefined : { ...own, history, entries };
}
