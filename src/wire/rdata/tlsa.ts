// TLSA and SMIMEA: certificates bound to names (RFC 6698, RFC 8162), one shape.

import { TYPE } from '../rrtype.ts';
import { digestRule } from './digest.ts';
import { rdataCodec, uint8 } from './field.ts';
import { restHex } from './rest-field.ts';

const FIELDS = [uint8('certificate usage'), uint8('selector'), uint8('matching type'), restHex('certificate association data')];

/** Matching type -> octets: SHA-256, SHA-512; type 0 is the data itself. */
const SIZES = new Map([
  [1, 32],
  [2, 64],
]);

const rule = digestRule('matching type', 2, 3, SIZES);

export const tlsa = rdataCodec(TYPE.TLSA, FIELDS, rule);
export const smimea = rdataCodec(TYPE.SMIMEA, FIELDS, rule);
