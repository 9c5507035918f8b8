// A: an IPv4 address (RFC 1035 section 3.4.1).

import { formatAddress, parseIpv4 } from '../../base/address.ts';
import { TYPE } from '../rrtype.ts';
import { RdataSyntaxError } from './codec.ts';
import { type Field, fixed, rdataCodec } from './field.ts';

const scratch = new Uint8Array(4);

const address: Field = {
  what: 'address',
  parse(text, out) {
    const word = text.word('address');
    if (!parseIpv4(word, scratch))
      throw new RdataSyntaxError(`address is four decimal octets such as 192.0.2.1, found "${word}"`);
    out.bytes(scratch);
  },
  measure: fixed('address', 4),
  print: (octets, at) => formatAddress(octets, 4, at),
};

export const a = rdataCodec(TYPE.A, [address]);
