// NSEC3PARAM: how the names of a zone are hashed (RFC 5155 section 4).

import { TYPE } from '../rrtype.ts';
import { salt } from './dnssec-field.ts';
import { rdataCodec, uint8, uint16 } from './field.ts';

export const nsec3param = rdataCodec(TYPE.NSEC3PARAM, [uint8('hash algorithm'), uint8('flags'), uint16('iterations'), salt]);
