// NSEC3: the next hashed name of a zone and the types at this one (RFC 5155 section 3). At an empty non-terminal the
// bitmap is empty.

import { fromBase32Hex, toBase32Hex } from '../base-n.ts';
import { TYPE } from '../rrtype.ts';
import { RdataSyntaxError } from './codec.ts';
import { salt } from './dnssec-field.ts';
import { endsInside, type Field, rdataCodec, uint8, uint16 } from './field.ts';
import { typeBitmap } from './type-bitmap.ts';

const SHA1 = 1;
const SHA1_SIZE = 20;
const WHAT = 'next hashed owner name';

const nextHashed: Field = {
  what: WHAT,
  parse(text, out) {
    const word = text.word(WHAT);
    const octets = fromBase32Hex(word);
    if (octets === undefined || octets.length > 255) {
      throw new RdataSyntaxError(`${WHAT} is up to 255 octets in base32hex without padding, found "${word.slice(0, 80)}"`);
    }
    out.u8(octets.length);
    out.bytes(octets);
  },
  measure(octets, at, end) {
    if (at === end || at + octets[at]! >= end) return endsInside(WHAT);
    return octets[at] === 0 ? `${WHAT} is empty` : octets[at]! + 1;
  },
  print: (octets, at, end) => toBase32Hex(octets, at + 1, end),
};

export const nsec3 = rdataCodec(
  TYPE.NSEC3,
  [uint8('hash algorithm'), uint8('flags'), uint16('iterations'), salt, nextHashed, typeBitmap(0)],
  (octets, start) => {
    const found = octets[start + 5 + octets[start + 4]!]!;
    return octets[start] === SHA1 && found !== SHA1_SIZE
      ? `${WHAT} has ${SHA1_SIZE} octets with SHA-1, found ${found}`
      : undefined;
  },
);
