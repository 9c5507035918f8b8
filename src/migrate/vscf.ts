// The language of gdnsd's configuration to a tree: hashes, arrays and strings (gdnsd.config(5), "Low-level syntax"). Values keep the
// line they stand in, for the report. Included files come through a port. Never throws on account of the text.

import { err, ok, type Result } from '../base/result.ts';

export type Vscf = VscfString | VscfArray | VscfHash;
export interface VscfString {
  readonly kind: 'string';
  readonly value: string;
  readonly line: number;
}
export interface VscfArray {
  readonly kind: 'array';
  readonly items: readonly Vscf[];
  readonly line: number;
}
export interface VscfHash {
  readonly kind: 'hash';
  readonly entries: ReadonlyMap<string, Vscf>;
  readonly line: number;
}

/** Where the text ends to be in the language. Lines count from 1. */
export interface VscfError {
  readonly line: number;
  readonly message: string;
}

/** The text of a file that is included, by the path that is written; the error is a sentence. */
export type ReadIncluded = (path: string) => Result<string, string>;

const MAX_DEPTH = 64;
const NOT_PLAIN = new Set('[]{};#,"=\\ \t\r\n');

class Stop extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** The whole text is the content of one hash, unless an array stands at its outermost level. */
export function parseVscf(text: string, readIncluded: ReadIncluded): Result<Vscf, VscfError> {
  try {
    return ok(new Reader(text, readIncluded, 0).whole());
  } catch (error) {
    if (error instanceof Stop) return err({ line: error.line, message: error.message });
    throw error;
  }
}

class Reader {
  #at = 0;
  #line = 1;
  #depth: number;
  readonly #text: string;
  readonly #readIncluded: ReadIncluded;

  constructor(text: string, readIncluded: ReadIncluded, depth: number) {
    this.#text = text;
    this.#readIncluded = readIncluded;
    this.#depth = depth;
  }

  whole(): Vscf {
    this.#skip();
    const value = this.#peek() === '[' ? this.#value() : this.#hashUntil('');
    this.#skip();
    if (this.#at < this.#text.length) this.#fail(`"${this.#peek()}" closes nothing`);
    return value;
  }

  #hashUntil(end: string): VscfHash {
    const line = this.#line;
    const entries = new Map<string, Vscf>();
    for (this.#skip(); this.#peek() !== end; this.#skip()) {
      if (this.#at >= this.#text.length) this.#fail(`a hash that begins in line ${line} is not closed with "}"`);
      if (this.#peek() === '$') {
        const included = this.#include();
        if (included.kind !== 'hash') this.#fail('a file that is included among keys must hold keys');
        else for (const [key, value] of included.entries) entries.set(key, value);
      } else {
        const key = this.#string().value;
        this.#skip();
        if (this.#peek() !== '=') this.#fail(`"=" or "=>" must follow the key ${key}`);
        this.#at += this.#text.startsWith('=>', this.#at) ? 2 : 1;
        if (entries.has(key)) this.#fail(`the key ${key} stands twice`);
        entries.set(key, this.#value());
      }
      this.#comma();
    }
    return { kind: 'hash', entries, line };
  }

  #value(): Vscf {
    this.#skip();
    const line = this.#line;
    if (++this.#depth > MAX_DEPTH) this.#fail(`nested more than ${MAX_DEPTH} deep`);
    const value = this.#valueAt(line);
    this.#depth--;
    return value;
  }

  #valueAt(line: number): Vscf {
    switch (this.#peek()) {
      case '{': {
        this.#at++;
        const hash = this.#hashUntil('}');
        this.#at++;
        return hash;
      }
      case '[': {
        this.#at++;
        const items: Vscf[] = [];
        for (this.#skip(); this.#peek() !== ']'; this.#skip()) {
          if (this.#at >= this.#text.length) this.#fail(`an array that begins in line ${line} is not closed with "]"`);
          items.push(this.#value());
          this.#comma();
        }
        this.#at++;
        return { kind: 'array', items, line };
      }
      case '$':
        return this.#include();
      default:
        return this.#string();
    }
  }

  #include(): Vscf {
    const found = /^\$include\{([^}\n]*)\}/.exec(this.#text.slice(this.#at, this.#at + 4200));
    if (found === null) this.#fail('"$" begins only $include{FILE}');
    this.#at += found![0].length;
    const path = found![1]!.trim();
    if (++this.#depth > MAX_DEPTH) this.#fail(`files include one another more than ${MAX_DEPTH} deep`);
    const text = this.#readIncluded(path);
    if (!text.ok) return this.#fail(`$include{${path}}: ${text.error}`);
    try {
      return new Reader(text.value, this.#readIncluded, this.#depth).whole();
    } catch (error) {
      if (error instanceof Stop) this.#fail(`in ${path}, line ${error.line}: ${error.message}`);
      throw error;
    } finally {
      this.#depth--;
    }
  }

  #string(): VscfString {
    const line = this.#line;
    const isQuoted = this.#peek() === '"';
    if (isQuoted) this.#at++;
    let value = '';
    for (;;) {
      const c = this.#peek();
      if (c === '' || (isQuoted ? c === '"' : c !== '\\' && NOT_PLAIN.has(c))) break;
      if (c === '\n') this.#line++;
      this.#at++;
      value += c === '\\' ? this.#escaped() : c;
    }
    if (isQuoted) {
      if (this.#peek() === '') this.#fail(`a string that begins in line ${line} is not closed with a quote`);
      this.#at++;
    } else if (value === '')
      this.#fail(this.#at < this.#text.length ? `"${this.#peek()}" cannot begin a value` : 'a value is missing');
    return { kind: 'string', value, line };
  }

  #escaped(): string {
    const digits = /^\d{3}/.exec(this.#text.slice(this.#at, this.#at + 3));
    if (digits === null) return this.#text[this.#at++] ?? this.#fail('a backslash ends the file');
    if (Number(digits[0]) > 255) this.#fail(`\\${digits[0]} is above 255`);
    this.#at += 3;
    return String.fromCharCode(Number(digits[0]));
  }

  #comma(): void {
    this.#skip();
    if (this.#peek() === ',') this.#at++;
  }

  #skip(): void {
    for (;;) {
      const c = this.#peek();
      if (c === '#' || c === ';') while (this.#at < this.#text.length && this.#peek() !== '\n') this.#at++;
      else if (c === '\n') {
        this.#line++;
        this.#at++;
      } else if (c === ' ' || c === '\t' || c === '\r') this.#at++;
      else return;
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #fail(message: string): never {
    throw new Stop(message, this.#line);
  }
}
