// The fields of one record's data read from a string, for codec tests: blanks part the fields, quotes keep blanks together,
// names without a final dot are below `origin`. The real lexer, with comments, parentheses and places, is in src/zone/.

import { fromBase64, fromHex } from '../../src/wire/base-n.ts';
import { MAX_TTL_SEC } from '../../src/wire/constants.ts';
import { nameFromText, ROOT } from '../../src/wire/name.ts';
import { resolveEscapes } from '../../src/wire/rdata/char-string.ts';
import { OctetWriter, RdataSyntaxError, type RdataText } from '../../src/wire/rdata/codec.ts';
import { codecOf } from '../../src/wire/rdata/registry.ts';

export class StringFields implements RdataText {
  readonly #fields: string[];
  readonly #origin: Uint8Array;
  #next = 0;

  constructor(text: string, origin: Uint8Array = ROOT) {
    this.#fields = text.match(/(?:\\.|"(?:\\.|[^"\\])*"|[^\s"\\])+/gs) ?? [];
    this.#origin = origin;
  }

  more(): boolean {
    return this.#next < this.#fields.length;
  }

  word(what: string): string {
    const field = this.#take(what);
    if (field.startsWith('"')) throw new RdataSyntaxError(`${what} must not be quoted`);
    return field;
  }

  param(what: string): string {
    return this.#take(what);
  }

  string(what: string): Uint8Array {
    const field = this.#take(what);
    return resolveEscapes(field.startsWith('"') ? field.slice(1, -1) : field, what);
  }

  name(what: string): Uint8Array {
    const name = nameFromText(this.word(what), this.#origin);
    if (typeof name === 'string') throw new RdataSyntaxError(name, 'ERR_ZONE_NAME');
    return name;
  }

  uint(what: string, max: number): number {
    const word = this.word(what);
    if (!/^\d{1,10}$/.test(word) || Number(word) > max) throw new RdataSyntaxError(`${what} is 0 to ${max}, found "${word}"`);
    return Number(word);
  }

  timeSec(what: string): number {
    return this.uint(what, MAX_TTL_SEC);
  }

  base64(what: string): Uint8Array {
    return this.#rest(what, fromBase64);
  }

  hex(what: string): Uint8Array {
    return this.#rest(what, fromHex);
  }

  #take(what: string): string {
    const field = this.#fields[this.#next++];
    if (field === undefined) throw new RdataSyntaxError(`${what} is missing`);
    return field;
  }

  #rest(what: string, decode: (text: string) => Uint8Array | undefined): Uint8Array {
    let text = this.word(what);
    while (this.more()) text += this.word(what);
    const octets = decode(text);
    if (octets === undefined) throw new RdataSyntaxError(`${what} is malformed`);
    return octets;
  }
}

/** RDATA of `type` from its text, or the sentence on what is wrong. */
export function rdataFromText(type: number, text: string, origin?: Uint8Array): Uint8Array | string {
  const fields = new StringFields(text, origin);
  const out = new OctetWriter();
  out.u32(0xdeadbeef); // so that a codec that takes its RDATA to begin at 0 is found out
  try {
    codecOf(type)!.parse(fields, out);
  } catch (error) {
    if (error instanceof RdataSyntaxError) return error.message;
    throw error;
  }
  if (fields.more()) return 'fields left over';
  return out.octets.slice(4, out.length);
}

/** Text of RDATA that is valid for `type`. */
export const rdataToText = (type: number, octets: Uint8Array): string => codecOf(type)!.print(octets, 0, octets.length);

/** What the codec of `type` finds wrong with `octets`. */
export const rdataProblem = (type: number, octets: Uint8Array): string | undefined =>
  codecOf(type)!.check(octets, 0, octets.length);
