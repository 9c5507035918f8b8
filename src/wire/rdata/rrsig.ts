// RRSIG: the signature of an RRset (RFC 4034 section 3).

import { MAX_LABELS } from '../constants.ts';
import { labelCount } from '../name.ts';
import { readU16 } from '../octets.ts';
import { TYPE, typeFromName, typeName } from '../rrtype.ts';
import { RdataSyntaxError } from './codec.ts';
import { algorithm, signatureTime } from './dnssec-field.ts';
import { domainName, type Field, fixed, rdataCodec, seconds, uint8, uint16 } from './field.ts';
import { restBase64 } from './rest-field.ts';

const typeCovered: Field = {
  what: 'type covered',
  parse(text, out) {
    const word = text.word('type covered');
    const type = typeFromName(word);
    if (type === undefined) throw new RdataSyntaxError(`type covered is not a record type: "${word}"`, 'ERR_ZONE_TYPE');
    out.u16(type);
  },
  measure: fixed('type covered', 2),
  print: (octets, at) => typeName(readU16(octets, at)),
};

const LABELS_AT = 3;
const SIGNER_AT = 18;

/** The signer is the zone of the owner, so the owner has at least as many labels as the signer's name. */
function rule(octets: Uint8Array, start: number): string | undefined {
  const labels = octets[start + LABELS_AT]!;
  if (labels > MAX_LABELS) return `labels are at most ${MAX_LABELS}, found ${labels}`;
  const signer = labelCount(octets, start + SIGNER_AT);
  return signer > labels ? `signer's name has ${signer} labels, more than the ${labels} of the owner` : undefined;
}

export const rrsig = rdataCodec(
  TYPE.RRSIG,
  [
    typeCovered,
    algorithm,
    uint8('labels'),
    seconds('original TTL'),
    signatureTime('signature expiration'),
    signatureTime('signature inception'),
    uint16('key tag'),
    domainName("signer's name"),
    restBase64('signature'),
  ],
  rule,
);
