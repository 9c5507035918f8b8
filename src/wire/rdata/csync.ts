// CSYNC: which records the parent should take over from the child (RFC 7477 section 2.1).

import { TYPE } from '../rrtype.ts';
import { rdataCodec, uint16, uint32 } from './field.ts';
import { typeBitmap } from './type-bitmap.ts';

export const csync = rdataCodec(TYPE.CSYNC, [uint32('SOA serial'), uint16('flags'), typeBitmap(0)]);
