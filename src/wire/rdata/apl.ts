// APL: lists of address prefixes, `!1:192.0.2.0/24 2:2001:db8::/32` (RFC 3123). Trailing zero octets of an address are
// left out on the wire, without exception (section 4), so a prefix has one encoding.

import { formatAddress, parseIpv4, parseIpv6 } from '../../base/address.ts';
import { readU16 } from '../octets.ts';
import { TYPE } from '../rrtype.ts';
import { RdataSyntaxError } from './codec.ts';
import { endsInside, type Field, rdataCodec } from './field.ts';

const WHAT = 'address prefix';
const NEGATED = 0x80;

const prefixes: Field = {
  what: WHAT,
  parse(text, out) {
    while (text.more()) {
      const word = text.word(WHAT);
      const [, bang, family, address = '', prefixLen] = /^(!?)([12]):([^/]+)\/(\d{1,3})$/.exec(word) ?? [];
      const octets = new Uint8Array(family === '1' ? 4 : 16);
      const isAddress = family === '1' ? parseIpv4(address, octets) : parseIpv6(address, octets);
      if (!isAddress || Number(prefixLen) > octets.length * 8) {
        throw new RdataSyntaxError(`${WHAT} is such as 1:192.0.2.0/24 or !2:2001:db8::/32, found "${word}"`);
      }
      const size = octets.findLastIndex((octet) => octet !== 0) + 1;
      out.u16(Number(family));
      out.u8(Number(prefixLen));
      out.u8((bang === '' ? 0 : NEGATED) | size);
      out.bytes(octets, 0, size);
    }
  },
  measure(octets, at, end) {
    for (let next = at; next < end; ) {
      if (end - next < 4) return endsInside(WHAT);
      const family = readU16(octets, next);
      if (family !== 1 && family !== 2) return `address family is 1 (IPv4) or 2 (IPv6), found ${family}`;
      const most = family === 1 ? 4 : 16;
      const size = octets[next + 3]! & ~NEGATED;
      if (octets[next + 2]! > most * 8 || size > most) return `${WHAT} is longer than an address of family ${family}`;
      if (next + 4 + size > end) return endsInside(WHAT);
      if (size > 0 && octets[next + 3 + size] === 0) return `the address in an ${WHAT} ends in a zero octet`;
      next += 4 + size;
    }
    return end - at;
  },
  print(octets, at, end) {
    const parts: string[] = [];
    for (let next = at; next < end; ) {
      const size = octets[next + 3]! & ~NEGATED;
      const isIpv4 = readU16(octets, next) === 1;
      const address = new Uint8Array(16);
      address.set(octets.subarray(next + 4, next + 4 + size));
      const bang = (octets[next + 3]! & NEGATED) === 0 ? '' : '!';
      parts.push(`${bang}${isIpv4 ? 1 : 2}:${formatAddress(address, isIpv4 ? 4 : 6)}/${octets[next + 2]}`);
      next += 4 + size;
    }
    return parts.join(' ');
  },
};

export const apl = rdataCodec(TYPE.APL, [prefixes]);
