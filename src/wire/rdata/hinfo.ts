// HINFO: processor and operating system of a host (RFC 1035 section 3.3.2); also the minimal answer to ANY (RFC 8482).

import { TYPE } from '../rrtype.ts';
import { charString, rdataCodec } from './field.ts';

export const hinfo = rdataCodec(TYPE.HINFO, [charString('CPU'), charString('operating system')]);
