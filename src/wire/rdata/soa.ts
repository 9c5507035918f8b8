// SOA: start of a zone of authority (RFC 1035 section 3.3.13; minimum: RFC 2308 section 4).

import { TYPE } from '../rrtype.ts';
import { domainName, rdataCodec, seconds, uint32 } from './field.ts';

export const soa = rdataCodec(TYPE.SOA, [
  domainName('primary server'),
  domainName('mailbox'),
  uint32('serial'),
  seconds('refresh'),
  seconds('retry'),
  seconds('expire'),
  seconds('minimum'),
]);
