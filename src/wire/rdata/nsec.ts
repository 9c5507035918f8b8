// NSEC: the next name of a zone and the types at this one (RFC 4034 section 4).

import { TYPE } from '../rrtype.ts';
import { domainName, rdataCodec } from './field.ts';
import { typeBitmap } from './type-bitmap.ts';

export const nsec = rdataCodec(TYPE.NSEC, [domainName('next name'), typeBitmap(1)]);
