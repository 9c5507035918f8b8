// How servers differ in reading HTTP/1.1, put into one reader with switches. Octets that all of them read as the same requests cannot
// smuggle anything past one of them; octets that two read differently can.

export interface Reading {
  /** `POST /path host <body>`, one for each whole request; trailers follow it as they were sent. */
  readonly requests: readonly string[];
  /** What comes after the last whole one. */
  readonly rest: string;
}

interface Leniency {
  /** Which one counts if both are there: Content-Length or Transfer-Encoding. */
  readonly first: 'length' | 'chunks';
  /** A lone line feed ends a line, a name may have spaces around it, `_` is `-`, any coding that speaks of chunks is chunked. */
  readonly isSloppy: boolean;
  /** Of two Content-Length the last one counts. */
  readonly isLastLength: boolean;
}

const READERS: readonly Leniency[] = [true, false].flatMap((isSloppy) =>
  (['length', 'chunks'] as const).flatMap((first) => [true, false].map((isLastLength) => ({ isSloppy, first, isLastLength }))),
);

/** What each kind of reader makes of the octets (latin1). */
export const readAll = (octets: string): Reading[] => READERS.map((reader) => read(octets, reader));

function read(octets: string, leniency: Leniency): Reading {
  const requests: string[] = [];
  let at = 0;
  for (;;) {
    const next = readOne(octets, at, leniency);
    if (next === null) return { requests, rest: octets.slice(at) };
    requests.push(next.text);
    at = next.end;
  }
}

function readOne(
  octets: string,
  from: number,
  { first, isSloppy, isLastLength }: Leniency,
): { text: string; end: number } | null {
  const headEnd = (isSloppy ? /\r?\n\r?\n/ : /\r\n\r\n/).exec(octets.slice(from));
  if (headEnd === null) return null;
  const [line, ...fields] = octets.slice(from, from + headEnd.index).split(isSloppy ? /\r?\n/ : '\r\n');
  let length: number | null = null;
  let isChunked = false;
  let host = '';
  for (const field of fields) {
    const colon = field.indexOf(':');
    const spelled = field.slice(0, colon).toLowerCase();
    const name = isSloppy ? spelled.trim().replaceAll('_', '-') : spelled;
    const value = field.slice(colon + 1).trim();
    if (name === 'host') host = value;
    else if (name === 'content-length' && (length === null || isLastLength)) length = Number.parseInt(value, 10) || 0;
    else if (name === 'transfer-encoding' && (isSloppy ? /chunk/i.test(value) : value.toLowerCase() === 'chunked'))
      isChunked = true;
  }
  const start = from + headEnd.index + headEnd[0].length;
  const isByChunks = isChunked && (first === 'chunks' || length === null);
  const body = isByChunks ? readChunks(octets, start) : readLength(octets, start, length ?? 0);
  if (body === null) return null;
  const [method, target] = line!.split(' ');
  return { text: `${method} ${target} ${host} <${body.text}>${body.trailers ?? ''}`, end: body.end };
}

interface Part {
  readonly text: string;
  readonly trailers?: string;
  readonly end: number;
}

const readLength = (octets: string, from: number, length: number): Part | null =>
  octets.length < from + length ? null : { text: octets.slice(from, from + length), end: from + length };

function readChunks(octets: string, from: number): Part | null {
  let text = '';
  let at = from;
  for (;;) {
    const lineEnd = octets.indexOf('\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(octets.slice(at, lineEnd), 16) || 0;
    at = lineEnd + 1;
    if (size === 0) break;
    if (octets.length < at + size + 2) return null;
    text += octets.slice(at, at + size);
    at += size + 2;
  }
  for (let trailers = ''; ; ) {
    const lineEnd = octets.indexOf('\n', at);
    if (lineEnd < 0) return null;
    const line = octets.slice(at, lineEnd).trim();
    at = lineEnd + 1;
    if (line === '') return { text, trailers, end: at };
    trailers += ` ${line}`;
  }
}
