// MX: a mail exchange (RFC 1035 section 3.3.9; the null MX `0 .`: RFC 7505).

import { TYPE } from '../rrtype.ts';
import { domainName, rdataCodec, uint16 } from './field.ts';

export const mx = rdataCodec(TYPE.MX, [uint16('preference'), domainName('exchange')]);
