// The message that tells a secondary of a new version of a zone (RFC 1996 section 3): opcode NOTIFY, the zone as question, its
// new SOA record as a hint in the answer.

import { CLASS_IN, OPCODE } from '../wire/constants.ts';
import { nameSize } from '../wire/name.ts';
import { FLAG } from '../wire/query.ts';
import { OctetWriter } from '../wire/rdata/codec.ts';
import { TYPE } from '../wire/rrtype.ts';
import { APEX, type ZoneImage } from '../zone/image.ts';
import { soaRecord } from './static-records.ts';

export function notifyMessage(image: ZoneImage, id: number): Uint8Array {
  const apexAt = image.nameOffset(APEX);
  const apexEnd = apexAt + nameSize(image.octets, apexAt);
  const soa = soaRecord(image);
  const out = new OctetWriter();
  for (const word of [id, (OPCODE.NOTIFY << 11) | FLAG.AA, 1, 1, 0, 0]) out.u16(word);
  out.bytes(image.octets, apexAt, apexEnd);
  out.u16(TYPE.SOA);
  out.u16(CLASS_IN);
  out.bytes(image.octets, apexAt, apexEnd);
  out.bytes(image.octets, soa.at, soa.at + soa.size);
  return out.octets.slice(0, out.length);
}
