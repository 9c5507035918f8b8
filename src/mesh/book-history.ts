// Which of two sets counts. An engine can come back empty, with an older set, or, after a split, with a set that
// others made on top of an older one. Nothing acknowledged may be lost by that, so every process keeps the newest set it knows and
// compares it with the engine's:
//   - one descends from the other (it is in its history): the later one counts, and the engine gets it;
//   - neither does (a fork): both are merged, change by change, since the newest revision they have in common. An item that
//     one side added or altered stays; one that a side removed goes, unless the other side altered it; if both altered it, the
//     later version counts, then the later text. The result is the same whoever merges, in whichever order.

import { type Book, EMPTY_BOOK, type Entry, HISTORY_LENGTH, type Item, type Revision } from './book.ts';

export type Relation = 'same' | 'older' | 'newer' | 'fork';

const isSame = (a: Revision, b: Revision): boolean => a.version === b.version && a.mark === b.mark;
const own = ({ version, mark }: Revision): Revision => ({ version, mark });
const compare = (a: Revision, b: Revision): number => a.version - b.version || (a.mark < b.mark ? -1 : a.mark > b.mark ? 1 : 0);

/** Whether `book` was made from `revision`. A history that has been cut off is taken to have held what is older. */
function descendsFrom(book: Book<Item>, revision: Revision): boolean {
  if (revision.version >= book.version) return false;
  if (revision.version === 0 || book.history.some((past) => isSame(past, revision))) return true;
  return book.history.length >= HISTORY_LENGTH && revision.version < book.history[0]!.version;
}

/** How `mine` stands to `theirs`. */
export function relate(mine: Book<Item>, theirs: Book<Item>): Relation {
  if (isSame(mine, theirs)) return 'same';
  if (descendsFrom(theirs, mine)) return 'older';
  return descendsFrom(mine, theirs) ? 'newer' : 'fork';
}

/** The set after one change. Items that stay as they were keep the version they came in with. */
export function change<T extends Item>(book: Book<T>, items: readonly T[], mark: string): Book<T> {
  const before = new Map(book.entries.map((entry) => [entry.item.id, entry]));
  const version = book.version + 1;
  const entries = items.map((item): Entry<T> => {
    const entry = before.get(item.id);
    const isAsBefore = entry !== undefined && (entry.item === item || textOf(entry.item) === textOf(item));
    return isAsBefore ? entry : { added: version, item };
  });
  const history = book.version === EMPTY_BOOK.version ? book.history : [...book.history, own(book)];
  return { version, mark, history: history.slice(-HISTORY_LENGTH), entries };
}

/** Keys in a fixed order, so that equal items give equal texts. */
const textOf = (item: Item): string => JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Both sides of a fork in one. `markOf` makes a mark of a text: the same for the same text. */
export function merge<T extends Item>(a: Book<T>, b: Book<T>, markOf: (text: string) => string): Book<T> {
  const [first, second] = compare(a, b) <= 0 ? [a, b] : [b, a];
  const base = forkVersion(first, second);
  const version = second.version + 1;
  const left = new Map(first.entries.map((entry) => [entry.item.id, entry]));
  const right = new Map(second.entries.map((entry) => [entry.item.id, entry]));
  const entries = [...new Set([...left.keys(), ...right.keys()])]
    .sort()
    .map((id) => mergeEntry(left.get(id), right.get(id), base, version))
    .filter((entry) => entry !== undefined);
  const revisions = [...first.history, ...second.history, own(first), own(second)].sort(compare);
  const history = revisions.filter((revision, i) => i === 0 || !isSame(revision, revisions[i - 1]!)).slice(-HISTORY_LENGTH);
  return { version, mark: markOf(`${first.mark} ${second.mark}`), history, entries };
}

/** The newest version that both were made from; 0 if they share none: then everything counts as added. */
function forkVersion(a: Book<Item>, b: Book<Item>): number {
  const past = [...a.history, own(a)];
  const shared = [...b.history, own(b)].filter((revision) => past.some((other) => isSame(revision, other)));
  return Math.max(0, ...shared.map(({ version }) => version));
}

/** What only one side has, or has like this, counts as new in the merged set: for a third side it is. */
function mergeEntry<T extends Item>(
  a: Entry<T> | undefined,
  b: Entry<T> | undefined,
  base: number,
  version: number,
): Entry<T> | undefined {
  if (a === undefined || b === undefined) {
    const only = a ?? b!;
    return only.added > base ? { added: version, item: only.item } : undefined;
  }
  const [textA, textB] = [textOf(a.item), textOf(b.item)];
  if (a.added <= base && b.added <= base) return a; // untouched
  const isLater = a.added === b.added ? textA >= textB : a.added > b.added;
  return { added: version, item: (isLater ? a : b).item };
}
