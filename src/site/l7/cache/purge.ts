// Which stored responses an order to purge means: `www.example.org/images/*`. A star stands for anything, also for slashes; nothing else has
// a meaning of its own. Compared with host (without port, lower case) and target (path with query) of the request that was stored.

/** Longest pattern, and most stars in it: what is matched may be long, too. */
const MOST_LENGTH = 2048;
const MOST_STARS = 8;

/** The parts between stars, the first and last of which are the ends; null = it is no pattern. A scheme before it is left out. */
export function readPurge(pattern: string): readonly string[] | null {
  const text = pattern.replace(/^https?:\/\//i, '');
  if (text.length > MOST_LENGTH || !/^[\x21-\x7e]+$/.test(text) || text.includes('#')) return null;
  if (text !== '*' && !/^[^/]+\//.test(text)) return null;
  const slash = text.indexOf('/');
  const parts = (slash < 0 ? text : text.slice(0, slash).toLowerCase() + text.slice(slash)).split('*');
  return parts.length > MOST_STARS + 1 ? null : parts;
}

/** Each part is looked for where the one before ended: no pattern costs more than one walk along the text. */
export function isMeant(parts: readonly string[], text: string): boolean {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
