// The name an operator probably meant: the known one with the fewest edits, if that is near enough to be no accident.

/** Edits (insertion, deletion, substitution, swap of neighbours) between two strings; optimal string alignment. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(substitution, last[j]! + 1, row[j - 1]! + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** Case and separators do not count: `udp_payload_size` is `udpPayloadSize`. */
const fold = (name: string): string => name.toLowerCase().replace(/[-_]/g, '');

/** Names longer than this are compared by their beginning: a suggestion is not worth a quadratic walk. */
const COMPARED = 64;

/** The nearest of `known`, within one edit for each three characters; undefined if none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = fold(name.slice(0, COMPARED));
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, fold(candidate.slice(0, COMPARED)));
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** How many known names a message lists before it says how many more there are. */
const LISTED = 12;

/** `a, b, c`, shortened when there are many; `none` for an empty list. */
export function list(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const more = names.length - LISTED;
  return more > 0 ? `${names.slice(0, LISTED).join(', ')} and ${more} more` : names.join(', ');
}

/** `; did you mean "web"?`, or nothing when no known name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const suggestion = nearest(name, known);
  return suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
}
