// Cuts master file text (RFC 1035 section 5.1) into tokens, octet by octet and without strings: the current token is a
// range of the text. An entry is what stands up to a line end outside parentheses. Fields are blank-separated words or
// quoted strings; escapes are skipped over here and resolved by whoever reads the token.
// Stricter than the RFC, to catch slips: a quoted string ends on its line, and control octets are refused outside comments.

import type { ErrorCode } from '../base/errors.ts';

/** Text that cannot be read, and where: octet offset in the text, and line from 1. */
export class ZoneTextError extends Error {
  readonly code: ErrorCode;
  readonly at: number;
  readonly line: number;
  constructor(code: ErrorCode, message: string, at: number, line: number) {
    super(message);
    this.code = code;
    this.at = at;
    this.line = line;
  }
}

/** Kinds of token. */
const END = 0;
const WORD = 1;
const QUOTED = 2;

const LF = 0x0a;
const CR = 0x0d;

const PLAIN = 0;
const BLANK = 1;
const LINE_END = 2;
const COMMENT = 3;
const OPEN = 4;
const CLOSE = 5;
const QUOTE = 6;
const ESCAPE = 7;
const RETURN = 8;
const CONTROL = 9;

/** What each octet does to a token. Octets above 0x7f are plain: a TXT record may hold UTF-8. */
const SHAPE: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => {
  if (octet === 0x20 || octet === 0x09) return BLANK;
  if (octet === LF) return LINE_END;
  if (octet === CR) return RETURN;
  if (octet < 0x20 || octet === 0x7f) return CONTROL;
  const special = ';()"\\'.indexOf(String.fromCharCode(octet));
  return special < 0 ? PLAIN : COMMENT + special;
});

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** Longest piece of a token that a message repeats. */
const SHOWN_SIZE = 60;
const CHUNK = 8192;

/** `octets[start..stop)` as a string of one character per octet. */
export function latin1(octets: Uint8Array, start: number, stop: number): string {
  let text = '';
  for (let at = start; at < stop; at += CHUNK) text += String.fromCharCode(...octets.subarray(at, Math.min(at + CHUNK, stop)));
  return text;
}

export class Lexer {
  readonly text: Uint8Array;
  /** Range and line of the current token. Of a quoted string it includes the quotes; at the end of an entry it is empty. */
  start = 0;
  stop = 0;
  tokenLine: number;
  #kind = END;
  /** Where reading goes on. */
  #at: number;
  #line: number;
  /** Parentheses open, and where the outermost stands. */
  #depth = 0;
  #openAt = 0;
  #openLine = 0;
  readonly #firstAt: number;

  /** A UTF-8 byte order mark is stepped over. `line` is the number of the first line. */
  constructor(text: Uint8Array, line = 1) {
    this.text = text;
    this.#firstAt = BYTE_ORDER_MARK.every((octet, i) => text[i] === octet) ? BYTE_ORDER_MARK.length : 0;
    this.#at = this.#firstAt;
    this.#line = line;
    this.tokenLine = line;
  }

  /** Whether the entry has ended: there is no current token. */
  get isEnd(): boolean {
    return this.#kind === END;
  }

  get isWord(): boolean {
    return this.#kind === WORD;
  }

  get isQuoted(): boolean {
    return this.#kind === QUOTED;
  }

  /** Whether all text has been read. */
  get isExhausted(): boolean {
    return this.#at >= this.text.length;
  }

  /** Whether the entry that begins here begins with a blank, so that it inherits its owner. */
  get isIndented(): boolean {
    return SHAPE[this.text[this.#at]!] === BLANK;
  }

  /** Moves to the next token of the entry; stays at its end. Throws ZoneTextError. */
  next(): void {
    const shape = this.#seek();
    if (shape === LINE_END) {
      this.stop = this.start;
      this.#kind = END;
    } else if (shape === QUOTE) this.#quoted(this.start);
    else this.#word(this.start);
  }

  /**
   * Goes to the next octet that begins a token and returns its shape, or LINE_END at the end of the entry. On the way it
   * counts lines and parentheses.
   */
  #seek(): number {
    const text = this.text;
    const size = text.length;
    let at = this.#at;
    for (; at < size; at++) {
      const shape = SHAPE[text[at]!]!;
      if (shape === BLANK) continue;
      this.start = at;
      this.tokenLine = this.#line;
      if (shape === PLAIN || shape === QUOTE || shape === ESCAPE) return shape;
      if (shape === COMMENT) {
        const end = text.indexOf(LF, at);
        at = end < 0 ? size : end;
        if (this.#depth > 0 && at < size) this.#line++;
        else if (this.#depth === 0) {
          this.#at = at;
          return LINE_END;
        }
      } else if (shape === LINE_END) {
        if (this.#depth === 0) {
          this.#at = at;
          return LINE_END;
        }
        this.#line++;
      } else if (shape === OPEN) this.#open(at);
      else if (shape === CLOSE) {
        if (this.#depth === 0) throw this.#fail('parenthesis is closed but was not opened', at);
        this.#depth--;
      } else if (shape !== RETURN || text[at + 1] !== LF) throw this.#strayControl(at);
    }
    if (this.#depth > 0) throw this.#unclosed();
    this.start = size;
    this.tokenLine = this.#line;
    this.#at = size;
    return LINE_END;
  }

  /** Steps over the line end at which the entry ended. */
  nextEntry(): void {
    if (this.isExhausted) return;
    this.#at++;
    this.#line++;
  }

  /**
   * After an error: skips the rest of the entry, tolerating whatever it holds. Returns the error of a parenthesis that is
   * never closed, which would otherwise swallow the rest of the file in silence.
   */
  skipEntry(): ZoneTextError | undefined {
    const text = this.text;
    let isQuoted = false;
    let at = this.#at;
    for (; at < text.length; at++) {
      const shape = SHAPE[text[at]!]!;
      if (shape === LINE_END) {
        if (this.#depth === 0) break;
        this.#line++;
        isQuoted = false;
      } else if (shape === ESCAPE) {
        if (SHAPE[text[at + 1]!] !== LINE_END) at++;
      } else if (shape === QUOTE) isQuoted = !isQuoted;
      else if (isQuoted) continue;
      else if (shape === COMMENT) {
        const end = text.indexOf(LF, at);
        at = (end < 0 ? text.length : end) - 1;
      } else if (shape === OPEN) this.#open(at);
      else if (shape === CLOSE && this.#depth > 0) this.#depth--;
    }
    this.#at = Math.min(at, text.length);
    return this.#depth > 0 ? this.#unclosed() : undefined;
  }

  /** Column from 1 of an octet, in characters of UTF-8. */
  columnOf(at: number): number {
    let column = 1;
    for (let i = at - 1; i >= this.#firstAt && this.text[i] !== LF; i--) if ((this.text[i]! & 0xc0) !== 0x80) column++;
    return column;
  }

  /** The current token as a string of one character per octet, escapes and quotes kept. */
  token(): string {
    return latin1(this.text, this.start, this.stop);
  }

  /** The current token for a message: between quotes, cut if long, without control characters. */
  shown(): string {
    if (this.#kind === END) return 'the end of the line';
    const whole = new TextDecoder().decode(this.text.subarray(this.start, Math.min(this.stop, this.start + SHOWN_SIZE)));
    const cut = this.stop - this.start > SHOWN_SIZE ? '...' : '';
    return this.#kind === QUOTED ? `${whole}${cut}` : `"${whole}${cut}"`;
  }

  /** An error at the current token. */
  error(code: ErrorCode, message: string): ZoneTextError {
    return new ZoneTextError(code, message, this.start, this.tokenLine);
  }

  #open(at: number): void {
    if (this.#depth++ > 0) return;
    this.#openAt = at;
    this.#openLine = this.#line;
  }

  #word(from: number): void {
    const text = this.text;
    const size = text.length;
    let at = from;
    while (at < size) {
      const shape = SHAPE[text[at]!]!;
      if (shape === PLAIN) at++;
      else if (shape === ESCAPE) at = this.#escape(at);
      else if (shape === QUOTE) {
        // key="value" is one word (RFC 9460 section 2.1); elsewhere a quote inside a word is a slip.
        if (text[at - 1] !== 0x3d) throw this.#fail('quote inside a word; put a blank before it or write \\"', at);
        at = this.#closingQuote(at) + 1;
      } else if (shape === CONTROL) throw this.#strayControl(at);
      else break;
    }
    this.#at = at;
    this.stop = at;
    this.#kind = WORD;
  }

  #quoted(open: number): void {
    const at = this.#closingQuote(open) + 1;
    const shape = at < this.text.length ? SHAPE[this.text[at]!]! : LINE_END;
    if (shape === PLAIN || shape === ESCAPE) throw this.#fail('text touches the closing quote; put a blank between them', at);
    this.#at = at;
    this.stop = at;
    this.#kind = QUOTED;
  }

  #closingQuote(open: number): number {
    const text = this.text;
    let at = open + 1;
    while (at < text.length) {
      const shape = SHAPE[text[at]!]!;
      if (shape === QUOTE) return at;
      if (shape === LINE_END || (shape === RETURN && text[at + 1] === LF)) break;
      if (shape === ESCAPE) at = this.#escape(at);
      else if (shape === CONTROL || shape === RETURN) throw this.#strayControl(at);
      else at++;
    }
    const problem = this.#fail('quote is not closed on its line', open);
    this.#at = at; // parentheses and semicolons up to here are part of the string
    throw problem;
  }

  /** Offset behind the backslash at `at` and the octet it protects. */
  #escape(at: number): number {
    const shape = SHAPE[this.text[at + 1]!] ?? LINE_END;
    if (shape === LINE_END || shape === RETURN) throw this.#fail('backslash at the end of the line protects nothing', at);
    if (shape === CONTROL) throw this.#strayControl(at + 1);
    return at + 2;
  }

  #strayControl(at: number): ZoneTextError {
    const octet = this.text[at]!;
    if (octet === CR) return this.#fail('carriage return without a line feed after it', at);
    return this.#fail(`control octet ${octet} in the text; write it as \\${String(octet).padStart(3, '0')}`, at);
  }

  /** A syntax error at an octet of the current line. Reading goes on there. */
  #fail(message: string, at: number): ZoneTextError {
    this.#at = Math.min(at + 1, this.text.length);
    return new ZoneTextError('ERR_ZONE_SYNTAX', message, at, this.#line);
  }

  #unclosed(): ZoneTextError {
    this.#at = this.text.length;
    this.#depth = 0;
    return new ZoneTextError('ERR_ZONE_SYNTAX', 'parenthesis is never closed', this.#openAt, this.#openLine);
  }
}
