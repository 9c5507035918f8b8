// Where domain names stand in the RDATA of the types whose targets a server follows or compresses
// (RFC 1035 section 3.3, RFC 2782, RFC 6672).

import { TYPE } from '../wire/rrtype.ts';

/**
 * Octets before the domain name in RDATA of `type`; -1 if the type is not among NS, CNAME, PTR, MX, SOA, DNAME, SRV.
 * An SOA has a second name right after the first.
 */
export function rdataNameAt(type: number): number {
  switch (type) {
    case TYPE.NS:
    case TYPE.CNAME:
    case TYPE.PTR:
    case TYPE.DNAME:
    case TYPE.SOA:
      return 0;
    case TYPE.MX:
      return 2;
    case TYPE.SRV:
      return 6;
    default:
      return -1;
  }
}
