// The fields of one record's data as a codec reads them (RdataText), taken from the lexer's tokens.
// Remembers where the last field stood, so that an error of the codec can be placed.

import { fromBase64, fromHex } from '../wire/base-n.ts';
import { MAX_NAME_SIZE, MAX_TTL_SEC } from '../wire/constants.ts';
import { resolveEscapes } from '../wire/rdata/char-string.ts';
import { RdataSyntaxError, type RdataText } from '../wire/rdata/codec.ts';
import { Lexer, latin1, ZoneTextError } from './lexer.ts';
import { readName, readPlainName } from './name-text.ts';
import { readTimeSec } from './time-text.ts';

const BACKSLASH = 0x5c;

export class RdataFields implements RdataText {
  /** Offset and line of the field read last. */
  at = 0;
  line = 0;
  #lexer = new Lexer(new Uint8Array());
  #origin: Uint8Array = new Uint8Array();
  readonly #name = new Uint8Array(MAX_NAME_SIZE + 1);

  /** Starts at the current token of `lexer`; relative names are completed by `origin`. */
  begin(lexer: Lexer, origin: Uint8Array): void {
    this.#lexer = lexer;
    this.#origin = origin;
  }

  more(): boolean {
    return !this.#lexer.isEnd;
  }

  word(what: string): string {
    const lexer = this.#enterWord(what);
    const word = lexer.token();
    lexer.next();
    return word;
  }

  /** The lexer keeps `key="value"` together, so that a parameter is a word like any other. */
  param(what: string): string {
    return this.word(what);
  }

  string(what: string): Uint8Array {
    const lexer = this.#enter(what);
    const isQuoted = lexer.isQuoted;
    const start = isQuoted ? lexer.start + 1 : lexer.start;
    const stop = isQuoted ? lexer.stop - 1 : lexer.stop;
    const octets = lexer.text.slice(start, stop);
    const escapeAt = octets.indexOf(BACKSLASH);
    const string = escapeAt < 0 ? octets : resolveEscapes(latin1(octets, 0, octets.length), what);
    lexer.next();
    return string;
  }

  name(what: string): Uint8Array {
    const lexer = this.#enterWord(what);
    const { text, start, stop } = lexer;
    const size = readPlainName(text, start, stop, this.#origin, this.#name);
    const name = size > 0 ? this.#name.slice(0, size) : readName(text, start, stop, this.#origin);
    if (typeof name === 'string') throw new RdataSyntaxError(`${what}: ${name}`, 'ERR_ZONE_NAME');
    lexer.next();
    return name;
  }

  uint(what: string, max: number): number {
    const lexer = this.#enterWord(what);
    let value = 0;
    for (let i = lexer.start; i < lexer.stop; i++) {
      const digit = lexer.text[i]! - 0x30;
      value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.POSITIVE_INFINITY;
      if (value > max) throw new RdataSyntaxError(`${what} is a number from 0 to ${max}, found ${lexer.shown()}`);
    }
    lexer.next();
    return value;
  }

  timeSec(what: string): number {
    const lexer = this.#enterWord(what);
    const sec = readTimeSec(lexer.text, lexer.start, lexer.stop);
    if (sec < 0)
      throw new RdataSyntaxError(
        `${what} is a time of 0 to ${MAX_TTL_SEC} seconds such as 3600 or 1h30m, found ${lexer.shown()}`,
      );
    lexer.next();
    return sec;
  }

  base64(what: string): Uint8Array {
    return this.#encoded(what, 'base64', /^[A-Za-z0-9+/=]*$/, fromBase64);
  }

  hex(what: string): Uint8Array {
    return this.#encoded(what, 'hexadecimal', /^[0-9A-Fa-f]*$/, fromHex);
  }

  #encoded(what: string, form: string, alphabet: RegExp, decode: (text: string) => Uint8Array | undefined): Uint8Array {
    const lexer = this.#enterWord(what);
    const words: string[] = [];
    do {
      this.#enterWord(what);
      const word = lexer.token();
      if (!alphabet.test(word)) throw new RdataSyntaxError(`${what} is ${form}, found ${lexer.shown()}`);
      words.push(word);
      lexer.next();
    } while (this.more());
    const octets = decode(words.join(''));
    if (octets === undefined) throw new RdataSyntaxError(`${what} is ${form}, found digits that do not end at an octet`);
    return octets;
  }

  #enter(what: string): Lexer {
    const lexer = this.#lexer;
    this.at = lexer.start;
    this.line = lexer.tokenLine;
    if (lexer.isEnd) throw new RdataSyntaxError(`${what} is missing`);
    return lexer;
  }

  #enterWord(what: string): Lexer {
    const lexer = this.#enter(what);
    if (lexer.isQuoted) throw new RdataSyntaxError(`${what} is written without quotes, found ${lexer.shown()}`);
    return lexer;
  }
}

/** What was thrown while text was read, with its place; what is no fault of the text is thrown on. */
export function placed(error: unknown, fields: RdataFields): ZoneTextError {
  if (error instanceof RdataSyntaxError) return new ZoneTextError(error.code, error.message, fields.at, fields.line);
  if (error instanceof ZoneTextError) return error;
  throw error;
}
