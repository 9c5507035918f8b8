// Domain names read from octets of zone text. Names of plain characters, nearly all there are, go straight to wire
// octets; names with escapes, and malformed ones, go through wire/name.ts as strings.

import { MAX_LABEL_SIZE, MAX_NAME_SIZE } from '../wire/constants.ts';
import { nameFromText } from '../wire/name.ts';
import { latin1 } from './lexer.ts';

const DOT = 0x2e;
const AT = 0x40;
const BACKSLASH = 0x5c;

/** Whether an octet stands for itself: printable ASCII but for the backslash and `@`. The dot is dealt with before. */
const IS_PLAIN: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet > 0x20 && octet < 0x7f && octet !== AT && octet !== BACKSLASH ? 1 : 0,
);

/**
 * Reads the name `text[start..stop)` into `out` (256 octets at least), completed by `origin` if it has no final dot.
 * Returns its size, or 0 if the name is malformed or not plain.
 */
export function readPlainName(text: Uint8Array, start: number, stop: number, origin: Uint8Array, out: Uint8Array): number {
  let size = 1;
  let lengthAt = 0;
  for (let i = start; i < stop; i++) {
    const octet = text[i]!;
    if (octet === DOT) {
      const length = size - lengthAt - 1;
      if (length === 0 || length > MAX_LABEL_SIZE) return 0;
      out[lengthAt] = length;
      lengthAt = size++;
    } else if (IS_PLAIN[octet] === 1) out[size++] = octet;
    else return 0;
    if (size > MAX_NAME_SIZE) return 0;
  }
  const length = size - lengthAt - 1;
  if (length === 0) {
    if (size === 1) return 0;
    out[lengthAt] = 0;
    return size;
  }
  if (length > MAX_LABEL_SIZE || size + origin.length > MAX_NAME_SIZE) return 0;
  out[lengthAt] = length;
  for (let i = 0; i < origin.length; i++) out[size + i] = origin[i]!;
  return size + origin.length;
}

/** The name `text[start..stop)` as wire octets, or a sentence on what is wrong with it. */
export function readName(text: Uint8Array, start: number, stop: number, origin: Uint8Array): Uint8Array | string {
  if (stop - start === 1 && text[start] === AT) return origin;
  for (let i = start; i < stop; i++) {
    const octet = text[i]!;
    if (octet === BACKSLASH) i++;
    else if (octet === AT) return '"@" inside a name; a mailbox is written with a dot in its place, the character itself as \\@';
    else if (octet > 0x7e) return `octet ${octet} in a name is outside ASCII; write the A-label (xn--) or the escape \\${octet}`;
  }
  return nameFromText(latin1(text, start, stop), origin);
}
