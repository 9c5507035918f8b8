// RDATA of any type as `\# length hexadecimal` (RFC 3597 section 5).

import { toHex } from '../base-n.ts';
import { type OctetWriter, RdataSyntaxError, type RdataText } from './codec.ts';

/**
 * Reads `\# length hexadecimal`, the `\#` itself included, and appends the octets. For a type that has a codec the caller
 * then asks its check().
 */
export function parseGeneric(text: RdataText, out: OctetWriter): void {
  const mark = text.word('\\#');
  if (mark !== '\\#')
    throw new RdataSyntaxError(`data of a type without a name is written \\# length hexadecimal, found "${mark}"`);
  const length = text.uint('length', 0xffff);
  const octets = text.more() ? text.hex('data') : new Uint8Array();
  if (octets.length !== length) throw new RdataSyntaxError(`length is ${length} octets, but the data has ${octets.length}`);
  out.bytes(octets);
}

/** `\# length hexadecimal` of `octets[offset..offset + length)`. */
export function printGeneric(octets: Uint8Array, offset: number, length: number): string {
  return length === 0 ? '\\# 0' : `\\# ${length} ${toHex(octets, offset, offset + length)}`;
}
