// The records of a zone file of PowerDNS, one after the other, with those of type LUA taken apart. Everything else stays text. A record may go
// over lines inside parentheses; a record without an owner has that of the one before (RFC 1035, section 5.1).

export interface ZoneEntry {
  /** The line of the file on which it begins. */
  readonly line: number;
  /** As it stands in the file. */
  readonly text: string;
  readonly lua?: LuaRecord;
  /** The address of an A or AAAA record. */
  readonly address?: { readonly type: string; readonly value: string };
  /** `$ORIGIN` or `$TTL` and their like. */
  readonly isDirective: boolean;
  /** Whether it is a record at all: neither a directive nor a comment nor nothing. */
  readonly isRecord: boolean;
  /** Owner as it is written, of this record or the one before; undefined before the first. */
  readonly owner: string | undefined;
  readonly hasOwner: boolean;
}

export interface LuaRecord {
  readonly ttl: string | undefined;
  /** The type that it answers. */
  readonly type: string;
  readonly snippet: string;
}

/** A word, text in quotes, a parenthesis, a comment; white space between them. */
const PIECE = /"(?:\\.|[^"\\])*"|;[^\n]*|[()]|\n|[^\S\n]+|[^\s"();]+/gy;
const TTL = /^\d+[smhdw]?$/i;
const CLASS = /^(?:IN|CH|HS)$/i;

export function zoneEntries(text: string): readonly ZoneEntry[] {
  const entries: ZoneEntry[] = [];
  let owner: string | undefined;
  for (const { line, source, words } of logicalLines(text.replaceAll('\r\n', '\n'))) {
    const isDirective = words[0]?.startsWith('$') === true;
    const isRecord = words.length > 0 && !isDirective;
    const hasOwner = isRecord && !/^\s/.test(source);
    if (hasOwner) owner = words[0];
    const rest = isRecord ? words.slice(hasOwner ? 1 : 0) : [];
    const lua = luaOf(rest);
    const address = addressOf(rest);
    entries.push({
      line,
      text: source,
      isDirective,
      isRecord,
      owner,
      hasOwner,
      ...(lua === undefined ? {} : { lua }),
      ...(address === undefined ? {} : { address }),
    });
  }
  return entries;
}

interface LogicalLine {
  readonly line: number;
  readonly source: string;
  /** Words and text in quotes; no comments, no parentheses. */
  readonly words: readonly string[];
}

function logicalLines(text: string): readonly LogicalLine[] {
  const lines: LogicalLine[] = [];
  let [source, words, depth, line, start] = ['', [] as string[], 0, 1, 1];
  const flush = (): void => {
    if (source !== '') lines.push({ line: start, source, words });
    [source, words, start] = ['', [], line];
  };
  // A character that begins no piece (a quote that is never closed) stands for itself.
  for (const [piece] of text.matchAll(new RegExp(`${PIECE.source}|[^]`, 'g'))) {
    if (piece === '\n') {
      line++;
      if (depth === 0) {
        flush();
        start = line;
        continue;
      }
    } else {
      line += piece.split('\n').length - 1;
      if (piece === '(') depth++;
      else if (piece === ')') depth = Math.max(0, depth - 1);
      else if (!/^\s/.test(piece) && !piece.startsWith(';')) words.push(piece);
    }
    source += piece;
  }
  flush();
  return lines;
}

/** `[TTL] [class] LUA type "snippet"...`, TTL and class in either order. */
function luaOf(words: readonly string[]): LuaRecord | undefined {
  const at = words.findIndex((word) => word.toUpperCase() === 'LUA');
  const head = words.slice(0, Math.max(0, at));
  if (at < 0 || !head.every((word) => TTL.test(word) || CLASS.test(word))) return undefined;
  const [type, ...parts] = words.slice(at + 1);
  if (type === undefined) return undefined;
  const snippet = parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : part)).join('');
  return { ttl: head.find((word) => TTL.test(word)), type: type.toUpperCase(), snippet };
}

function addressOf(words: readonly string[]): { type: string; value: string } | undefined {
  const [value, type = ''] = [words.at(-1), words.at(-2)?.toUpperCase()];
  const isAddress = (type === 'A' || type === 'AAAA') && words.slice(0, -2).every((word) => TTL.test(word) || CLASS.test(word));
  return isAddress ? { type, value: value! } : undefined;
}
