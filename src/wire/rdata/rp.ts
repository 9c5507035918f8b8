// RP: the person responsible for a name, and where text about them is (RFC 1183 section 2.2).

import { TYPE } from '../rrtype.ts';
import { domainName, rdataCodec } from './field.ts';

export const rp = rdataCodec(TYPE.RP, [domainName('mailbox'), domainName('text name')]);
