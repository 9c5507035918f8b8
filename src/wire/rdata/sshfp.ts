// SSHFP: the fingerprint of an SSH host key (RFC 4255; SHA-256: RFC 6594).

import { TYPE } from '../rrtype.ts';
import { digestRule } from './digest.ts';
import { rdataCodec, uint8 } from './field.ts';
import { restHex } from './rest-field.ts';

/** Fingerprint type -> octets: SHA-1, SHA-256. */
const SIZES = new Map([
  [1, 20],
  [2, 32],
]);

export const sshfp = rdataCodec(
  TYPE.SSHFP,
  [uint8('algorithm'), uint8('fingerprint type'), restHex('fingerprint')],
  digestRule('fingerprint type', 1, 2, SIZES),
);
