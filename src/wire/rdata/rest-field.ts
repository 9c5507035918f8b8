// Fields that take all that is left of the RDATA: digests, keys, signatures and text without a length of its own.

import { toBase64, toHex } from '../base-n.ts';
import { quote } from './char-string.ts';
import type { OctetWriter, RdataText } from './codec.ts';
import { endsInside, type Field } from './field.ts';

const atLeastOne =
  (what: string): Field['measure'] =>
  (_octets, at, end) =>
    at < end ? end - at : endsInside(what);

/** One octet or more, in hexadecimal. */
export const restHex = (what: string): Field => ({
  what,
  parse: (text: RdataText, out: OctetWriter) => out.bytes(text.hex(what)),
  measure: atLeastOne(what),
  print: toHex,
});

/** One octet or more, in base64. */
export const restBase64 = (what: string): Field => ({
  what,
  parse: (text: RdataText, out: OctetWriter) => out.bytes(text.base64(what)),
  measure: atLeastOne(what),
  print: toBase64,
});

/** Any number of octets, between quotes. */
export const restText = (what: string): Field => ({
  what,
  parse: (text: RdataText, out: OctetWriter) => out.bytes(text.string(what)),
  measure: (_octets, at, end) => end - at,
  print: quote,
});
