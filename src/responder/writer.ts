// The reply under construction. RRsets are written whole or not at all. Their records come encoded from the zone image; only
// the owner, and names in the RDATA of the types that RFC 3597 section 4 allows it for, are compressed.
// All offsets named `...At` count from the start of the message, as compression pointers do.

import { CLASS_IN, HEADER_SIZE, OPCODE } from '../wire/constants.ts';
import { ROOT } from '../wire/name.ts';
import { readU16 } from '../wire/octets.ts';
import { FLAG } from '../wire/query.ts';
import { TYPE } from '../wire/rrtype.ts';
import { NO_NAME, RECORD_HEAD, RRSET, type ZoneImage } from '../zone/image.ts';
import { NameOffsets } from './name-offsets.ts';

const POINTER = 0xc000;
const OPCODE_BITS = 0x7800;
/** Serial, refresh, retry, expire and minimum of a SOA record. */
const SOA_NUMBERS = 20;
/** The number in front of an MX record's name. */
const PREFERENCE = 2;

/** In place of a TTL for ReplyWriter.rrset: the records' own. */
export const ENCODED_TTL = -1;

/** Whether names in the RDATA of this type are compressed: of the types of RFC 1035 those that a zone still holds. */
export const hasCompressedNames = (type: number): boolean =>
  type === TYPE.NS || type === TYPE.CNAME || type === TYPE.SOA || type === TYPE.PTR || type === TYPE.MX;

export class ReplyWriter {
  readonly names: NameOffsets = new NameOffsets();
  /** Records written in each section. */
  answers = 0;
  authorities = 0;
  additionals = 0;
  isTruncated = false;
  isAuthoritative = false;

  #out: Uint8Array = new Uint8Array(0);
  #start = 0;
  /** Where the next octet goes, and where records must end, in `out`. */
  #at = 0;
  #end = 0;
  /** Where the question section ends. */
  #bodyAt = 0;
  #zone: ZoneImage | null = null;
  /** The owner of the next records: a message offset, or if that is 0 a name id, or if that is NO_NAME the root. */
  #ownerAt = 0;
  #ownerName = NO_NAME;

  /** Starts a reply of at most `limit` octets, `reserved` of which are kept free for the OPT record. */
  begin(out: Uint8Array, start: number, limit: number, reserved: number): void {
    this.names.forget(0);
    this.answers = 0;
    this.authorities = 0;
    this.additionals = 0;
    this.isTruncated = false;
    this.isAuthoritative = false;
    this.#out = out;
    this.#start = start;
    this.#bodyAt = start + HEADER_SIZE;
    this.#at = this.#bodyAt;
    this.#end = start + limit - reserved;
  }

  /** Copies the question section as it came: letters keep their case. */
  question(input: Uint8Array, from: number, size: number): void {
    const out = this.#out;
    const at = this.#at;
    for (let i = 0; i < size; i++) out[at + i] = input[from + i]!;
    this.#at = at + size;
    this.#bodyAt = this.#at;
  }

  /** Selects the zone whose RRset and name ids the records to come use. */
  useZone(image: ZoneImage): void {
    this.#zone = image;
  }

  /** Whether `size` more octets fit. */
  hasRoom(size: number): boolean {
    return this.#at + size <= this.#end;
  }

  /** Gives back octets that begin() reserved. */
  release(size: number): void {
    this.#end += size;
  }

  /** The octets of the message, and where in them message offset `at` is. */
  get out(): Uint8Array {
    return this.#out;
  }

  position(at: number): number {
    return this.#start + at;
  }

  /** Offset in `out` for a caller that writes for itself; it has asked hasRoom() and reports its end to moveTo(). */
  get cursor(): number {
    return this.#at;
  }

  moveTo(cursor: number): void {
    this.#at = cursor;
  }

  /** Removes all records; the question stays. */
  clearRecords(): void {
    this.#at = this.#bodyAt;
    this.answers = 0;
    this.authorities = 0;
    this.additionals = 0;
    this.names.forget(0);
  }

  /** A required RRset did not fit: the client shall come again over TCP, for which a reply without records is enough. */
  truncate(): void {
    this.clearRecords();
    this.isTruncated = true;
  }

  /** Names the owner of the records to come: the name at message offset `at`, or the root if that is 0. */
  setOwnerAt(at: number): void {
    this.#ownerAt = at;
    this.#ownerName = NO_NAME;
  }

  /** Names the owner of the records to come by its id in the zone. */
  setOwnerName(id: number): void {
    this.#ownerAt = 0;
    this.#ownerName = id;
  }

  /**
   * Writes all records of an RRset; false and nothing written if they do not fit. `ttlSec` replaces the TTL that they are
   * encoded with, unless it is ENCODED_TTL.
   */
  rrset(rrset: number, ttlSec: number): boolean {
    const zone = this.#zone!;
    const cursor = this.#at;
    const known = this.names.count;
    const type = zone.rrsetType(rrset);
    const records = zone.rrsetRecords(rrset);
    const isCompressed = hasCompressedNames(type);
    let data = zone.rrsetWord(rrset, RRSET.DATA);
    for (let i = 0; i < records; i++) {
      const size = RECORD_HEAD + readU16(zone.octets, data + 8);
      if (!this.#owner()) return this.#undo(cursor, known);
      const head = this.#at;
      const isWritten = isCompressed ? this.#compressed(zone, type, rrset, i, data, size) : this.#copy(zone.octets, data, size);
      if (!isWritten) return this.#undo(cursor, known);
      if (ttlSec !== ENCODED_TTL) putU32(this.#out, head + 4, ttlSec);
      data += size;
    }
    return true;
  }

  /** Writes one record with RDATA that holds no names; false if it does not fit. */
  record(type: number, ttlSec: number, rdata: Uint8Array, offset: number, size: number): boolean {
    const cursor = this.#at;
    const known = this.names.count;
    return (this.#head(type, ttlSec, size) && this.#copy(rdata, offset, size)) || this.#undo(cursor, known);
  }

  /**
   * Writes a CNAME whose target is `prefixSize` octets of labels followed by the name with the id `tail` (NO_NAME = root).
   * Returns the message offset of the target, 0 if the record does not fit.
   */
  cname(ttlSec: number, prefix: Uint8Array, prefixSize: number, tail: number): number {
    const cursor = this.#at;
    const known = this.names.count;
    if (this.#head(TYPE.CNAME, ttlSec, 0)) {
      const rdata = this.#at;
      if (this.#copy(prefix, 0, prefixSize) && this.#name(tail)) {
        this.#closeRdata(rdata);
        return rdata - this.#start;
      }
    }
    this.#undo(cursor, known);
    return 0;
  }

  /** Writes the header and returns the size of the message. `rcode` may exceed 15: its upper bits stand in the OPT record. */
  finish(id: number, queryFlags: number, rcode: number): number {
    const out = this.#out;
    const start = this.#start;
    // With another opcode than QUERY no flag has a meaning that could be copied. CD is copied, as NSD does and as compliance
    // tests expect; RFC 4035 section 3.1.6 would rather have it cleared, but nobody reads it in an authoritative answer.
    const copied = (queryFlags & OPCODE_BITS) === OPCODE.QUERY ? FLAG.RD | FLAG.CD : OPCODE_BITS;
    const flags =
      FLAG.QR | (queryFlags & copied) | (this.isAuthoritative ? FLAG.AA : 0) | (this.isTruncated ? FLAG.TC : 0) | (rcode & 15);
    putU16(out, start, id);
    putU16(out, start + 2, flags);
    putU16(out, start + 4, this.#bodyAt > start + HEADER_SIZE ? 1 : 0);
    putU16(out, start + 6, this.answers);
    putU16(out, start + 8, this.authorities);
    putU16(out, start + 10, this.additionals);
    return this.#at - start;
  }

  #undo(cursor: number, known: number): false {
    this.#at = cursor;
    this.names.forget(known);
    return false;
  }

  #head(type: number, ttlSec: number, rdataSize: number): boolean {
    if (!this.#owner() || !this.hasRoom(RECORD_HEAD)) return false;
    const out = this.#out;
    const at = this.#at;
    putU16(out, at, type);
    putU16(out, at + 2, CLASS_IN);
    putU32(out, at + 4, ttlSec);
    putU16(out, at + 8, rdataSize);
    this.#at = at + RECORD_HEAD;
    return true;
  }

  #owner(): boolean {
    return this.#ownerAt === 0 ? this.#name(this.#ownerName) : this.#pointer(this.#ownerAt);
  }

  /** Writes the `index`-th record of an RRset, encoded in `size` octets at `from`, with the names in its RDATA compressed. */
  #compressed(zone: ZoneImage, type: number, rrset: number, index: number, from: number, size: number): boolean {
    if (!this.#copy(zone.octets, from, type === TYPE.MX ? RECORD_HEAD + PREFERENCE : RECORD_HEAD)) return false;
    const rdata = this.#at - (type === TYPE.MX ? PREFERENCE : 0);
    if (type === TYPE.SOA) {
      if (!this.#name(zone.ref(rrset, 2 * index)) || !this.#name(zone.ref(rrset, 2 * index + 1))) return false;
      if (!this.#copy(zone.octets, from + size - SOA_NUMBERS, SOA_NUMBERS)) return false;
    } else if (!this.#name(zone.ref(rrset, index))) return false;
    this.#closeRdata(rdata);
    return true;
  }

  /** Sets the RDLENGTH of the record whose RDATA begins at `rdata` and ends here. */
  #closeRdata(rdata: number): void {
    putU16(this.#out, rdata - 2, this.#at - rdata);
  }

  /** Writes a name of the zone: labels up to the first ancestor that stands in the message already, then a pointer to it. */
  #name(name: number): boolean {
    const zone = this.#zone!;
    let id = name;
    let from = id === NO_NAME ? 0 : zone.nameOffset(id);
    // The root has an id in an image of the root zone only.
    while (id !== NO_NAME && zone.octets[from] !== 0) {
      const seenAt = this.names.of(id);
      if (seenAt !== 0) return this.#pointer(seenAt);
      const at = this.#at - this.#start;
      const size = zone.octets[from]! + 1;
      if (!this.#copy(zone.octets, from, size)) return false;
      this.names.learn(id, at);
      from += size;
      id = zone.nameParent(id);
    }
    return this.#copy(ROOT, 0, 1);
  }

  #pointer(at: number): boolean {
    if (!this.hasRoom(2)) return false;
    putU16(this.#out, this.#at, POINTER | at);
    this.#at += 2;
    return true;
  }

  /** Octet by octet: a subarray to hand to set() would be an object per record. */
  #copy(source: Uint8Array, from: number, size: number): boolean {
    if (!this.hasRoom(size)) return false;
    const out = this.#out;
    const at = this.#at;
    for (let i = 0; i < size; i++) out[at + i] = source[from + i]!;
    this.#at = at + size;
    return true;
  }
}

const putU16 = (out: Uint8Array, at: number, value: number): void => {
  out[at] = value >>> 8;
  out[at + 1] = value;
};

const putU32 = (out: Uint8Array, at: number, value: number): void => {
  putU16(out, at, value >>> 16);
  putU16(out, at + 2, value & 0xffff);
};
