// RDATA as a row of fields. A record type is its number, its fields in order and perhaps a rule that ties them together;
// the three directions (text to octets, octets to text, octets checked) follow from that. parse() ends in check(), so
// that RDATA written as text and RDATA written as octets (RFC 3597) have to pass the same rules.

import { MAX_LABEL_SIZE, MAX_NAME_SIZE, MAX_TTL_SEC } from '../constants.ts';
import { nameToText } from '../name.ts';
import { readU16, readU32 } from '../octets.ts';
import { MAX_STRING_SIZE, quote } from './char-string.ts';
import { type OctetWriter, type RdataCodec, RdataSyntaxError, type RdataText } from './codec.ts';

export interface Field {
  readonly what: string;
  /** Reads the field and appends its octets; throws RdataSyntaxError where the octets could not even be written. */
  parse(text: RdataText, out: OctetWriter): void;
  /** Octets of the field that begins at `at`, or a sentence on what is wrong. Reads nothing outside [at, end). */
  measure(octets: Uint8Array, at: number, end: number): number | string;
  /** Text of the valid field `octets[at..end)`; empty if the field is written as nothing. */
  print(octets: Uint8Array, at: number, end: number): string;
}

const MAX_RDATA_SIZE = 0xffff;

/**
 * A codec from its fields. `rule` is asked about RDATA `octets[start..end)` whose fields are each valid, and returns a
 * sentence if they do not go together.
 */
export function rdataCodec(
  type: number,
  fields: readonly Field[],
  rule?: (octets: Uint8Array, start: number, end: number) => string | undefined,
): RdataCodec {
  const check = (octets: Uint8Array, offset: number, length: number): string | undefined => {
    if (length > MAX_RDATA_SIZE) return `RDATA of ${length} octets; the most is ${MAX_RDATA_SIZE}`;
    const end = offset + length;
    let at = offset;
    for (const field of fields) {
      const size = field.measure(octets, at, end);
      if (typeof size === 'string') return size;
      at += size;
    }
    return at < end ? `octets left over after ${fields[fields.length - 1]!.what}: ${end - at}` : rule?.(octets, offset, end);
  };
  return {
    type,
    check,
    parse(text, out) {
      const start = out.length;
      for (const field of fields) field.parse(text, out);
      const problem = check(out.octets, start, out.length - start);
      if (problem !== undefined) throw new RdataSyntaxError(problem);
    },
    print(octets, offset, length) {
      const end = offset + length;
      const parts: string[] = [];
      let at = offset;
      for (const field of fields) {
        const next = at + Number(field.measure(octets, at, end));
        const part = field.print(octets, at, next);
        if (part !== '') parts.push(part);
        at = next;
      }
      return parts.join(' ');
    },
  };
}

export const endsInside = (what: string): string => `RDATA ends inside ${what}`;

/** The measure of a field of always `size` octets. */
export const fixed =
  (what: string, size: number): Field['measure'] =>
  (_octets, at, end) =>
    end - at < size ? endsInside(what) : size;

export const uint8 = (what: string): Field => ({
  what,
  parse: (text, out) => out.u8(text.uint(what, 0xff)),
  measure: fixed(what, 1),
  print: (octets, at) => String(octets[at]!),
});

export const uint16 = (what: string): Field => ({
  what,
  parse: (text, out) => out.u16(text.uint(what, 0xffff)),
  measure: fixed(what, 2),
  print: (octets, at) => String(readU16(octets, at)),
});

export const uint32 = (what: string): Field => ({
  what,
  parse: (text, out) => out.u32(text.uint(what, 0xffffffff)),
  measure: fixed(what, 4),
  print: (octets, at) => String(readU32(octets, at)),
});

/** A time in seconds, of the range of a TTL (RFC 2181 section 8). */
export const seconds = (what: string): Field => ({
  what,
  parse: (text, out) => out.u32(text.timeSec(what)),
  measure(octets, at, end) {
    if (end - at < 4) return endsInside(what);
    const value = readU32(octets, at);
    return value > MAX_TTL_SEC ? `${what} of ${value} seconds; the most is ${MAX_TTL_SEC}` : 4;
  },
  print: (octets, at) => String(readU32(octets, at)),
});

export const domainName = (what: string): Field => ({
  what,
  parse: (text, out) => out.bytes(text.name(what)),
  measure(octets, at, end) {
    for (let next = at; next < end; ) {
      const length = octets[next]!;
      if (length > MAX_LABEL_SIZE) return `${what} is compressed or has a label over ${MAX_LABEL_SIZE} octets`;
      next += length + 1;
      if (next - at > MAX_NAME_SIZE) return `${what} is a name of over ${MAX_NAME_SIZE} octets`;
      if (length === 0) return next - at;
    }
    return endsInside(what);
  },
  print: (octets, at) => nameToText(octets, at),
});

export const charString = (what: string): Field => ({
  what,
  parse(text, out) {
    const octets = text.string(what);
    if (octets.length > MAX_STRING_SIZE) {
      throw new RdataSyntaxError(`${what} of ${octets.length} octets; the most in one string is ${MAX_STRING_SIZE}`);
    }
    out.u8(octets.length);
    out.bytes(octets);
  },
  measure: (octets, at, end) => (at < end && at + octets[at]! < end ? octets[at]! + 1 : endsInside(what)),
  print: (octets, at, end) => quote(octets, at + 1, end),
});
