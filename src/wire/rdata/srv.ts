// SRV: where a service is (RFC 2782).

import { TYPE } from '../rrtype.ts';
import { domainName, rdataCodec, uint16 } from './field.ts';

export const srv = rdataCodec(TYPE.SRV, [uint16('priority'), uint16('weight'), uint16('port'), domainName('target')]);
