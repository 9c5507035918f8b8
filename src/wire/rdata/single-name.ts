// Types whose RDATA is one domain name: NS, CNAME, PTR (RFC 1035 section 3.3), DNAME (RFC 6672).

import { TYPE } from '../rrtype.ts';
import { domainName, rdataCodec } from './field.ts';

export const ns = rdataCodec(TYPE.NS, [domainName('name server')]);
export const cname = rdataCodec(TYPE.CNAME, [domainName('canonical name')]);
export const dname = rdataCodec(TYPE.DNAME, [domainName('target')]);
export const ptr = rdataCodec(TYPE.PTR, [domainName('name')]);
