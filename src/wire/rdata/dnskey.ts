// DNSKEY and CDNSKEY: a zone's public key (RFC 4034 section 2, RFC 7344). A CDNSKEY with algorithm 0 asks the parent to
// delete the DS RRset and is always `0 3 0 AA==` (RFC 8078 section 4).

import { TYPE } from '../rrtype.ts';
import { algorithm } from './dnssec-field.ts';
import { rdataCodec, uint8, uint16 } from './field.ts';
import { restBase64 } from './rest-field.ts';

const FIELDS = [uint16('flags'), uint8('protocol'), algorithm, restBase64('public key')];

/** Algorithm -> octets of a key, where that is fixed: ECDSA (RFC 6605 section 4) and EdDSA (RFC 8080 section 3). */
const KEY_SIZES = new Map([
  [13, 64],
  [14, 96],
  [15, 32],
  [16, 57],
]);

function rule(octets: Uint8Array, start: number, end: number): string | undefined {
  if (octets[start + 2] !== 3) return `protocol is always 3, found ${octets[start + 2]}`;
  const found = end - start - 4;
  const wanted = KEY_SIZES.get(octets[start + 3]!) ?? found;
  return found === wanted ? undefined : `a key of algorithm ${octets[start + 3]} has ${wanted} octets, found ${found}`;
}

export const dnskey = rdataCodec(TYPE.DNSKEY, FIELDS, rule);

export const cdnskey = rdataCodec(TYPE.CDNSKEY, FIELDS, (octets, start, end) => {
  if (octets[start + 3] !== 0) return rule(octets, start, end);
  const isDelete = end - start === 5 && [0, 0, 3, 0, 0].every((octet, i) => octets[start + i] === octet);
  return isDelete ? undefined : 'a CDNSKEY record with algorithm 0 is written 0 3 0 AA==';
});
