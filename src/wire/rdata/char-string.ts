// <character-string> of RFC 1035 section 5.1: a length octet and up to 255 octets; as text between quotes, where `\X` is
// the character X itself and `\DDD` the octet with that decimal number.

import { OctetWriter, RdataSyntaxError } from './codec.ts';

export const MAX_STRING_SIZE = 255;

/** `octets[start..end)` between quotes; what is not printable ASCII becomes \DDD. */
export function quote(octets: Uint8Array, start: number, end: number): string {
  let text = '"';
  for (let i = start; i < end; i++) {
    const octet = octets[i]!;
    if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, '0')}`;
    else if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else text += String.fromCharCode(octet);
  }
  return `${text}"`;
}

/** The octets that unquoted text stands for, escapes resolved. Throws RdataSyntaxError. */
export function resolveEscapes(text: string, what: string): Uint8Array {
  const out = new OctetWriter();
  for (let i = 0; i < text.length; i++) {
    let octet = text.charCodeAt(i);
    if (octet === 0x5c) {
      const decimal = /^\d{3}/.exec(text.slice(i + 1, i + 4));
      if (decimal === null) {
        const next = text.charCodeAt(++i);
        if (Number.isNaN(next) || (next >= 0x30 && next <= 0x39)) throw new RdataSyntaxError(`incomplete escape in ${what}`);
        octet = next;
      } else {
        octet = Number(decimal[0]);
        i += 3;
      }
    }
    if (octet > 0xff) throw new RdataSyntaxError(`a character or escape in ${what} is above octet 255`);
    out.u8(octet);
  }
  return out.octets.slice(0, out.length);
}
