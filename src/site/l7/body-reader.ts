// Where the body of a message ends: after so many octets, after the last chunk (RFC 9112 section 7.1, read strictly), or with the
// connection. One reader serves one connection for message after message; it hands on what it is given and keeps nothing of it but an
// unfinished chunk line or trailer.

import { type Fields, mayTrail, readFields } from './fields.ts';
import { CHUNKED } from './request-head.ts';
import { UNTIL_CLOSE } from './response-head.ts';

export interface BodySink {
  /** Some of the body; valid during the call only. */
  onBody(octets: Buffer): void;
  /** The whole body was there. `trailers` null = none. Within it, the reader may be begun again. */
  onBodyEnd(trailers: Fields | null): void;
}

/** Of a chunk size with its extensions, which are dropped: more of them is an attack (CVE-2024-22019). */
const MOST_CHUNK_LINE = 256;
const MOST_TRAILERS_SIZE = 8192;
const MOST_TRAILERS = 100;
/** Exact as a number, and more than anybody sends at once. */
const MOST_CHUNK_DIGITS = 12;
const SEMICOLON = 59;

type State = 'ended' | 'length' | 'until-close' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailers';

export class BodyReader {
  readonly #sink: BodySink;
  readonly #isOfRequest: boolean;
  #state: State = 'ended';
  /** Octets of the body or of the chunk that are still to come. */
  #left = 0;
  /** An unfinished chunk line or trailer section, latin1. */
  #line = '';

  /** `isOfRequest`: what another reader might take for framing is refused; servers are only corrected. */
  constructor(sink: BodySink, isOfRequest: boolean) {
    this.#sink = sink;
    this.#isOfRequest = isOfRequest;
  }

  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Before each body. One of no octets ends here and now, without a word to the sink. */
  begin(bodySize: number): void {
    this.#left = bodySize;
    this.#line = '';
    if (bodySize === CHUNKED) this.#state = 'chunk-line';
    else if (bodySize === UNTIL_CLOSE) this.#state = 'until-close';
    else this.#state = bodySize === 0 ? 'ended' : 'length';
  }

  /** The connection was ended by its other side. Whether that was the right moment. */
  close(): boolean {
    if (this.#state === 'until-close') {
      this.#state = 'ended';
      this.#sink.onBodyEnd(null);
      return true;
    }
    return this.#state === 'ended';
  }

  /** Reads `octets` from `from` on. Where it stopped, because the body ended there or they did; -1 = malformed. */
  read(octets: Buffer, from: number): number {
    let at = from;
    while (at < octets.length && this.#state !== 'ended') {
      switch (this.#state) {
        case 'until-close':
          this.#sink.onBody(from === 0 ? octets : octets.subarray(from));
          return octets.length;
        case 'length':
        case 'chunk':
          at = this.#readData(octets, at);
          break;
        default: {
          const next = this.#readLine(octets, at);
          if (next < 0) return -1;
          at = next;
        }
      }
    }
    return at;
  }

  #readData(octets: Buffer, from: number): number {
    const to = Math.min(octets.length, from + this.#left);
    this.#left -= to - from;
    const isAll = from === 0 && to === octets.length;
    this.#sink.onBody(isAll ? octets : octets.subarray(from, to));
    if (this.#left > 0) return to;
    if (this.#state === 'chunk') this.#state = 'chunk-end';
    else if (this.#state === 'length') this.#end(null);
    return to;
  }

  #end(trailers: Fields | null): void {
    this.#state = 'ended';
    this.#sink.onBodyEnd(trailers);
  }

  /** A line of the framing. It ends with CR LF; a lone one of either is refused, since readers differ about them. */
  #readLine(octets: Buffer, from: number): number {
    const lineFeed = octets.indexOf(10, from);
    const to = lineFeed < 0 ? octets.length : lineFeed + 1;
    const most = this.#state === 'trailers' ? MOST_TRAILERS_SIZE : MOST_CHUNK_LINE;
    if (this.#line.length + to - from > most) return -1;
    this.#line += octets.toString('latin1', from, to);
    if (lineFeed < 0) return this.#state === 'chunk-end' && !'\r'.startsWith(this.#line) ? -1 : to;
    if (!this.#line.endsWith('\r\n')) return -1;
    if (this.#state === 'trailers') return this.#takeTrailers() ? to : -1;
    const line = this.#line.slice(0, -2);
    this.#line = '';
    if (this.#state === 'chunk-end') {
      if (line !== '') return -1;
      this.#state = 'chunk-line';
      return to;
    }
    const size = chunkSize(line);
    if (size < 0) return -1;
    this.#left = size;
    this.#state = size === 0 ? 'trailers' : 'chunk';
    return to;
  }

  /** Lines so far; false if they are no trailers. */
  #takeTrailers(): boolean {
    const text = this.#line;
    if (text !== '\r\n' && !text.endsWith('\r\n\r\n')) return true;
    const trailers: Fields = [];
    const take = (name: string, value: string): 'framing' | null => {
      if (this.#isOfRequest && (name === 'content-length' || name === 'transfer-encoding')) return 'framing';
      if (mayTrail(name)) trailers.push(name, value);
      return null;
    };
    if (readFields(text, 0, text.length - 2, MOST_TRAILERS, take) !== null) return false;
    this.#end(trailers.length === 0 ? null : trailers);
    return true;
  }
}

/** Extensions of a chunk (RFC 9112 section 7.1.1), without the spaces that the grammar calls bad and llhttp refuses. */
const EXTENSIONS =
  /^(?:;[!#$%&'*+.^_`|~\w-]+(?:=(?:[!#$%&'*+.^_`|~\w-]+|"(?:[\t\x20!\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e])*"))?)*$/;

/** -1 = it is none. Extensions are dropped, after a look at what they are made of. */
function chunkSize(line: string): number {
  let end = 0;
  while (end < line.length && line.charCodeAt(end) !== SEMICOLON) end++;
  const digits = line.slice(0, end);
  if (end > MOST_CHUNK_DIGITS || !/^[0-9A-Fa-f]+$/.test(digits)) return -1;
  return end === line.length || EXTENSIONS.test(line.slice(end)) ? Number.parseInt(digits, 16) : -1;
}
