// DS and CDS: the digest of a key of a child zone (RFC 4034 section 5, RFC 7344). A CDS with algorithm 0 asks the parent to
// delete the DS RRset and is always `0 0 0 00` (RFC 8078 section 4).

import { TYPE } from '../rrtype.ts';
import { digestRule } from './digest.ts';
import { algorithm } from './dnssec-field.ts';
import { rdataCodec, uint8, uint16 } from './field.ts';
import { restHex } from './rest-field.ts';

const FIELDS = [uint16('key tag'), algorithm, uint8('digest type'), restHex('digest')];

/** Digest type -> octets: SHA-1, SHA-256, GOST R 34.11-94, SHA-384, GOST R 34.11-2012, SM3. */
const SIZES = new Map([
  [1, 20],
  [2, 32],
  [3, 32],
  [4, 48],
  [5, 32],
  [6, 32],
]);

const digestSize = digestRule('digest type', 3, 4, SIZES);

export const ds = rdataCodec(TYPE.DS, FIELDS, digestSize);

export const cds = rdataCodec(TYPE.CDS, FIELDS, (octets, start, end) => {
  if (octets[start + 2] !== 0) return digestSize(octets, start, end);
  const isDelete = end - start === 5 && octets.subarray(start, end).every((octet) => octet === 0);
  return isDelete ? undefined : 'a CDS record with algorithm 0 is written 0 0 0 00';
});
