// NAPTR: a rewrite rule of the Dynamic Delegation Discovery System (RFC 3403 section 4; expressions: RFC 3402 section 3.2).

import { TYPE } from '../rrtype.ts';
import { charString, domainName, rdataCodec, uint16 } from './field.ts';

/** A sentence on what is wrong with the flags at the length octet `at`. */
function badFlags(octets: Uint8Array, at: number): string | undefined {
  const text = String.fromCharCode(...octets.subarray(at + 1, at + 1 + octets[at]!));
  return /^[0-9a-z]*$/i.test(text) ? undefined : 'flags are letters and digits';
}

/**
 * A sentence on what is wrong with the expression at the length octet `at`. It is empty or `!pattern!replacement!flags`,
 * where `!` is any character but a digit, the flag i, a backslash or NUL; a backslash takes the delimiter its meaning.
 */
function badExpression(octets: Uint8Array, at: number): string | undefined {
  const end = at + 1 + octets[at]!;
  if (end === at + 1) return undefined;
  const delimiter = octets[at + 1]!;
  if (/[0-9i\\\0]/.test(String.fromCharCode(delimiter)))
    return 'the delimiter of the regular expression is a digit, i, \\ or NUL';
  let found = 0;
  let groups = 0;
  for (let i = at + 1; i < end; i++) {
    const octet = octets[i]!;
    if (octet === delimiter) found++;
    else if (found === 3) {
      if (octet !== 0x69) return 'the only flag of a regular expression is i';
    } else if (octet === 0x5c) {
      if (++i === end) return 'the regular expression ends in a backslash';
      const reference = octets[i]! - 0x30;
      const isReference = found === 2 && reference >= 0 && reference <= 9;
      if (isReference && (reference === 0 || reference > groups)) return `the regular expression has no group ${reference}`;
    } else if (found === 1 && octet === 0x28) groups++;
  }
  return found === 3 ? undefined : 'the regular expression has three delimiters, as in !pattern!replacement!';
}

export const naptr = rdataCodec(
  TYPE.NAPTR,
  [
    uint16('order'),
    uint16('preference'),
    charString('flags'),
    charString('services'),
    charString('regular expression'),
    domainName('replacement'),
  ],
  (octets, start) => {
    const services = start + 5 + octets[start + 4]!;
    return badFlags(octets, start + 4) ?? badExpression(octets, services + 1 + octets[services]!);
  },
);
