// The records of a zone that another server can serve: all of the zone image but GSLB records, whose answers depend on who
// asks and exist here only. In the order of the image, which is that of the zone's file but for records of one owner.

import { finish32, mix32 } from '../base/hash.ts';
import { nameSize } from '../wire/name.ts';
import { readU16 } from '../wire/octets.ts';
import { TYPE } from '../wire/rrtype.ts';
import { APEX, NODE, RECORD_HEAD, RRSET, type ZoneImage } from '../zone/image.ts';

/** A position in the records of a zone: before the first at first. The SOA record, which frames a transfer, is left out. */
export class StaticRecords {
  /** Octet offset of the owner's wire name in image.octets. */
  ownerAt = 0;
  /** Octet offset of the record there, which begins with its type, and its size in octets. */
  recordAt = 0;
  recordSize = 0;
  readonly #image: ZoneImage;
  #node = -1;
  #rrset = 0;
  #rrsetEnd = 0;
  #dataEnd = 0;

  constructor(image: ZoneImage) {
    this.#image = image;
  }

  /** Moves to the next record; false if there is none. */
  next(): boolean {
    this.recordAt += this.recordSize;
    while (this.recordAt >= this.#dataEnd) if (!this.#nextRrset()) return false;
    this.recordSize = RECORD_HEAD + readU16(this.#image.octets, this.recordAt + RECORD_HEAD - 2);
    return true;
  }

  /** Moves before the first record of the next RRset; one that is not sent counts as empty. */
  #nextRrset(): boolean {
    const image = this.#image;
    while (this.#rrset === this.#rrsetEnd) {
      if (++this.#node >= image.nodeCount) return false;
      this.#rrset = image.nodeWord(this.#node, NODE.RRSETS);
      this.#rrsetEnd = this.#rrset + (image.nodeWord(this.#node, NODE.FLAGS) & 0xffff);
    }
    const rrset = this.#rrset++;
    const type = image.rrsetType(rrset);
    const isSent = type !== TYPE.SOA && type !== TYPE.GSLB;
    this.ownerAt = image.nameOffset(this.#node);
    this.recordAt = image.rrsetWord(rrset, RRSET.DATA);
    this.recordSize = 0;
    this.#dataEnd = this.recordAt + (isSent ? image.rrsetWord(rrset, RRSET.SIZE) : 0);
    return true;
  }
}

/** Octet offset in image.octets of the zone's SOA record, from its type on, and its size. */
export function soaRecord(image: ZoneImage): { readonly at: number; readonly size: number } {
  let rrset = image.nodeWord(APEX, NODE.RRSETS);
  while (image.rrsetType(rrset) !== TYPE.SOA) rrset++;
  return { at: image.rrsetWord(rrset, RRSET.DATA), size: image.rrsetWord(rrset, RRSET.SIZE) };
}

/** Any two numbers: the two halves of a fingerprint must only differ in how they start. */
const SEEDS = [0x9e3779b9, 0x7f4a7c15] as const;

/**
 * 64 bits by which two versions of a zone's static records (the SOA left out) can be told apart, whatever their order.
 * Not a proof: whoever wants two zones with one fingerprint can make them.
 */
export function fingerprint(image: ZoneImage): string {
  const { octets } = image;
  const records = new StaticRecords(image);
  let low = 0;
  let high = 0;
  while (records.next()) {
    const { ownerAt, recordAt, recordSize } = records;
    let [a, b] = SEEDS as readonly [number, number];
    for (let i = ownerAt; i < ownerAt + nameSize(octets, ownerAt); i++) [a, b] = [mix32(a, octets[i]!), mix32(b, octets[i]!)];
    for (let i = recordAt; i < recordAt + recordSize; i++) {
      a = mix32(a, octets[i]!);
      b = mix32(b, octets[i]!);
    }
    low = (low + finish32(a)) >>> 0;
    high = (high + finish32(b)) >>> 0;
  }
  return `${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
}
