// A zone image back to zone text: what is served, in the order of the image, absolute names, explicit TTL and class, one record a
// line. It parses back to the same zone.

import { nameToText } from '../wire/name.ts';
import { readU16, readU32 } from '../wire/octets.ts';
import { printGeneric } from '../wire/rdata/generic.ts';
import { codecOf } from '../wire/rdata/registry.ts';
import { TYPE, typeName } from '../wire/rrtype.ts';
import { NODE, RECORD_HEAD, RRSET, RRSET_COUNT_MASK, type ZoneImage } from './image.ts';

/** Octets from the beginning of an encoded record. */
const TTL_AT = 4;
const SIZE_AT = RECORD_HEAD - 2;

export function printImage(image: ZoneImage): string {
  const lines: string[] = [];
  // The image is shared memory, which text decoders do not read.
  const octets = image.octets.slice();
  for (let node = 0; node < image.nodeCount; node++) {
    const owner = nameToText(octets, image.nameOffset(node));
    const first = image.nodeWord(node, NODE.RRSETS);
    const count = image.nodeWord(node, NODE.FLAGS) & RRSET_COUNT_MASK;
    for (let rrset = first; rrset < first + count; rrset++) printRrset(image, octets, owner, rrset, lines);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function printRrset(image: ZoneImage, octets: Uint8Array, owner: string, rrset: number, lines: string[]): void {
  const type = image.rrsetType(rrset);
  const end = image.rrsetWord(rrset, RRSET.DATA) + image.rrsetWord(rrset, RRSET.SIZE);
  for (let at = image.rrsetWord(rrset, RRSET.DATA); at < end; at += RECORD_HEAD + readU16(octets, at + SIZE_AT)) {
    const ttlSec = readU32(octets, at + TTL_AT);
    const size = readU16(octets, at + SIZE_AT);
    const data = at + RECORD_HEAD;
    if (type === TYPE.GSLB) {
      const policy = image.policyNames[image.rrsetWord(rrset, RRSET.REFS)]!;
      lines.push(`${owner} ${ttlSec}/${readU32(octets, data)} IN GSLB ${policy}`);
    } else {
      const text = codecOf(type)?.print(octets, data, size) ?? printGeneric(octets, data, size);
      lines.push(`${owner} ${ttlSec} IN ${typeName(type)} ${text}`);
    }
  }
}
