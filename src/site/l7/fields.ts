// The field section of an HTTP/1.1 message (RFC 9112 section 5), read strictly: CR LF ends a line and nothing else does, no line is
// folded, a name is a token right before its colon. Whoever reads a message more leniently than its next reader can be made to see
// another message than that one does (request smuggling).
//
// Fields are kept flat, name and value in turn, names in lower case: no object per field.

/** name, value, name, value, ... */
export type Fields = string[];

const CR = 13;
const LF = 10;
const HTAB = 9;
const SPACE = 32;
const COLON = 58;

/** 1 for the characters of a token (RFC 9110 section 5.6.2). */
const TOKEN: Uint8Array = tableOf((c) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(c));
/** 1 for what a field value may hold (RFC 9110 section 5.5): HTAB, visible characters, space, and octets above 127. */
const VALUE: Uint8Array = tableOf((c) => c === '\t' || (c >= ' ' && c !== '\x7f'));

function tableOf(holds: (character: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (holds(String.fromCharCode(code)) ? 1 : 0));
}

/** Where the token that begins at `from` ends; `from` itself if there is none. */
export function tokenEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && TOKEN[text.charCodeAt(at)] === 1) at++;
  return at;
}

/** Gets each field in turn: its name in lower case and its value. Says why it refuses a field; null = it does not. */
type Take<E> = (name: string, value: string) => E | null;

/**
 * Reads lines `[from, to)` of `text`, latin1, each with its CR LF. `malformed` if they are not fields, `excess` if they are more than
 * `most`, or what `take` returned if that was not null; null = all is well.
 */
export function readFields<E>(
  text: string,
  from: number,
  to: number,
  most: number,
  take: Take<E>,
): E | 'malformed' | 'excess' | null {
  let at = from;
  for (let count = 0; at < to; count++) {
    if (count === most) return 'excess';
    const colon = tokenEnd(text, at);
    // A line that begins with a space would be folded, a space before the colon is how names are hidden.
    if (colon === at || text.charCodeAt(colon) !== COLON) return 'malformed';
    let start = colon + 1;
    while (isBlank(text.charCodeAt(start))) start++;
    let end = start;
    while (end < to && VALUE[text.charCodeAt(end)] === 1) end++;
    if (text.charCodeAt(end) !== CR || text.charCodeAt(end + 1) !== LF) return 'malformed';
    const next = end + 2;
    while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
    const why = take(text.slice(at, colon).toLowerCase(), text.slice(start, end));
    if (why !== null) return why;
    at = next;
  }
  return null;
}

const isBlank = (code: number): boolean => code === SPACE || code === HTAB;

/** The first value of a field; null = there is none. */
export function fieldOf(fields: Fields, name: string): string | null {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1]!;
  return null;
}

/** The members of a comma-separated list in lower case, without empty ones. For lists of tokens only. */
export const listOf = (value: string): string[] =>
  value
    .toLowerCase()
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');

/** Whether that is all that a Connection says: what most say who say anything. */
export const isKeepAlive = (connection: string): boolean => connection === 'keep-alive' || connection === 'Keep-Alive';

/** Takes out all fields of these names. */
export function without(fields: Fields, names: readonly string[]): Fields {
  const kept: Fields = [];
  for (let i = 0; i < fields.length; i += 2) if (!names.includes(fields[i]!)) kept.push(fields[i]!, fields[i + 1]!);
  return kept;
}

/** A Content-Length: digits and nothing else, exact as a number; -1 = it is none. */
export function lengthOf(value: string): number {
  if (value.length === 0 || value.length > 15) return -1;
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = 10 * length + digit;
  }
  return length;
}

/** What names a field of the connection and not of the message, besides those that Connection lists (RFC 9110 section 7.6.1). */
export const isHopByHop = (name: string): boolean =>
  name === 'connection' ||
  name === 'keep-alive' ||
  name === 'proxy-connection' ||
  name === 'te' ||
  name === 'transfer-encoding' ||
  name === 'upgrade';

/** Fields that would change what a message is if they came after it (RFC 9110 section 6.5.1). */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set(
  `content-length host content-encoding content-type content-range trailer authorization proxy-authorization cookie set-cookie
  cache-control expect max-forwards pragma range age date expires location retry-after vary www-authenticate forwarded
  x-forwarded-for x-forwarded-proto x-forwarded-host`.split(/\s+/),
);

/** Spellings with `_` are one with those with `-` for servers that make variables of fields. */
export const mayTrail = (spelled: string): boolean => {
  const name = spelled.replaceAll('_', '-');
  return !isHopByHop(name) && !NOT_IN_TRAILERS.has(name);
};

/** The line end that ends a head, after the last field's own. */
const BLANK_LINE: Buffer = Buffer.from('\r\n\r\n');

/** Where the head that begins at `from` ends, blank line included; -1 = not yet. `seen` octets have been searched before. */
export function headEnd(octets: Buffer, from: number, seen: number): number {
  const at = octets.indexOf(BLANK_LINE, from + Math.max(0, seen - 3));
  return at < 0 ? -1 : at + 4;
}

/** Whether there is a line feed without a carriage return: a head like that would never end. */
export function hasBareLineFeed(octets: Buffer, from: number): boolean {
  for (let at = octets.indexOf(LF, from); at >= 0; at = octets.indexOf(LF, at + 1)) {
    if (at === from || octets[at - 1] !== CR) return true;
  }
  return false;
}
