// ZONEMD: the digest of a whole zone (RFC 8976 section 2). A digest of an unknown kind has 12 octets or more.

import { TYPE } from '../rrtype.ts';
import { digestRule } from './digest.ts';
import { rdataCodec, uint8, uint32 } from './field.ts';
import { restHex } from './rest-field.ts';

/** Hash algorithm -> octets: SHA-384, SHA-512. */
const SIZES = new Map([
  [1, 48],
  [2, 64],
]);

export const zonemd = rdataCodec(
  TYPE.ZONEMD,
  [uint32('serial'), uint8('scheme'), uint8('hash algorithm'), restHex('digest')],
  digestRule('hash algorithm', 5, 6, SIZES, 12),
);
