// AAAA: an IPv6 address (RFC 3596), printed in the canonical form of RFC 5952.

import { formatAddress, parseIpv6 } from '../../base/address.ts';
import { TYPE } from '../rrtype.ts';
import { RdataSyntaxError } from './codec.ts';
import { type Field, fixed, rdataCodec } from './field.ts';

const scratch = new Uint8Array(16);

const address: Field = {
  what: 'address',
  parse(text, out) {
    const word = text.word('address');
    if (!parseIpv6(word, scratch)) throw new RdataSyntaxError(`address is IPv6 such as 2001:db8::1, found "${word}"`);
    out.bytes(scratch);
  },
  measure: fixed('address', 16),
  print: (octets, at) => formatAddress(octets, 6, at),
};

export const aaaa = rdataCodec(TYPE.AAAA, [address]);
