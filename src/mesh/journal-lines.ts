// A set as lines of a journal: first the whole of it, then what each change put and took away. Each line begins with a checksum and
// names the revision that it was made to, so that no line is read as the change of another one.

import { createHash } from 'node:crypto';
import {
  type Book,
  type BookKind,
  checkAll,
  checkEntry,
  decodeBook,
  EMPTY_BOOK,
  type Entry,
  encodeBook,
  HISTORY_LENGTH,
  type Item,
} from './book.ts';
import { isCount, objectWith, parseJson } from './decode.ts';

const SUM_DIGITS = 16;
const LINE = /^([0-9a-f]{16}) ([WC]) (.*)$/s;
const CHANGE_KEYS = ['base', 'mark', 'put', 'gone'] as const;

const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, SUM_DIGITS);

const lineOf = (kind: 'W' | 'C', text: string): string => `${sumOf(`${kind} ${text}`)} ${kind} ${text}\n`;

export const wholeLine = <T extends Item>(book: Book<T>, kind: BookKind<T>): string => lineOf('W', encodeBook(book, kind));

/** What leads from one set to the next; undefined if they are not neighbours, or the change cannot be told shortly. */
export function changeLine<T extends Item>(before: Book<T>, after: Book<T>): string | undefined {
  const known = new Map(before.entries.map((entry) => [entry.item.id, entry]));
  const put = after.entries.filter((entry) => known.get(entry.item.id) !== entry);
  const stays = new Set(after.entries.map(({ item }) => item.id));
  const gone = before.entries.filter(({ item }) => !stays.has(item.id)).map(({ item }) => item.id);
  const replayed = changed(before, after.mark, put, gone);
  const isSame =
    replayed.version === after.version &&
    replayed.entries.length === after.entries.length &&
    replayed.entries.every((entry, i) => entry === after.entries[i]) &&
    JSON.stringify(replayed.history) === JSON.stringify(after.history);
  if (!isSame) return undefined;
  const change = { base: before.version, mark: after.mark, put: put.map(({ added, item }) => [added, item]), gone };
  return lineOf('C', JSON.stringify(change));
}

/** What is put comes last, in its order. */
function changed<T extends Item>(before: Book<T>, mark: string, put: readonly Entry<T>[], gone: readonly string[]): Book<T> {
  const away = new Set([...gone, ...put.map(({ item }) => item.id)]);
  const { version } = before;
  const history =
    version === EMPTY_BOOK.version ? before.history : [...before.history, { version, mark: before.mark }].slice(-HISTORY_LENGTH);
  return { version: version + 1, mark, history, entries: [...before.entries.filter(({ item }) => !away.has(item.id)), ...put] };
}

/** What lines come to; `isDamaged` unless all of them were understood. A last line without its end was never acknowledged. */
export function readLines<T extends Item>(text: string, kind: BookKind<T>): { book: Book<T> | undefined; isDamaged: boolean } {
  let book: Book<T> | undefined;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    if (end < 0) return { book, isDamaged: book === undefined };
    const next = readLine(text.slice(at, end), book, kind);
    if (next === undefined) return { book, isDamaged: true };
    book = next;
    at = end + 1;
  }
  return { book, isDamaged: book === undefined };
}

function readLine<T extends Item>(line: string, before: Book<T> | undefined, kind: BookKind<T>): Book<T> | undefined {
  const [, sum, letter, text] = LINE.exec(line) ?? [];
  if (text === undefined || sum !== sumOf(`${letter} ${text}`)) return undefined;
  if (letter === 'W') return decodeBook(text, kind);
  const record = objectWith(parseJson(text), CHANGE_KEYS);
  const put = record && checkAll(record.put, kind.most, (value) => checkEntry(value, kind));
  const gone = record && checkAll(record.gone, kind.most, (value) => (typeof value === 'string' ? value : undefined));
  if (before === undefined || put === undefined || gone === undefined || typeof record?.mark !== 'string') return undefined;
  return isCount(record.base) && record.base === before.version ? changed(before, record.mark, put, gone) : undefined;
}
