// The reply under construction. RRsets are written whole or not at all. Their records come encoded from the zone image; only
// the owner, and names in the RDATA of the types that RFC 3597 section 4 allows it for, are compressed.
// All offsets named `...At` count from the start of the message, as compression pointers do.

import * as constants from '../wire/constants.ts';
import * as names from '../wire/name.ts';
import * as integers from '../wire/octets.ts';
import * as queries from '../wire/query.ts';
import * as types from '../wire/rrtype.ts';
import type { NameBelowApex, ZoneImage } from '../zone/image.ts';
import * as layout from '../zone/image.ts';
import { NameOffsets } from './name-offsets.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { CLASS_IN, HEADER_SIZE, OPCODE } = constants;
const { ROOT } = names;
const { copyOctets, readU16 } = integers;
const { FLAG } = queries;
const { TYPE } = types;
const { APEX, NO_NAME, RECORD_HEAD, RRSET } = layout;

const POINTER = 0xc000;
const POINTER_SIZE = 2;
const OPCODE_BITS = 0x7800;
/** Serial, refresh, retry, expire and minimum of a SOA record. */
const SOA_NUMBERS = 20;
/** The number in front of an MX record's name. */
const PREFERENCE = 2;

/** In place of a TTL for ReplyWriter.rrset: the records' own. */
export const ENCODED_TTL = -1;
const OWN_TTL = ENCODED_TTL;

/** Whether names in the RDATA of this type are compressed: of the types of RFC 1035 those that a zone still holds. */
export const hasCompressedNames = (type: number): boolean =>
  type === TYPE.NS || type === TYPE.CNAME || type === TYPE.SOA || type === TYPE.PTR || type === TYPE.MX;
const isCompressible = hasCompressedNames;

export class ReplyWriter {
  readonly names: NameOffsets = new NameOffsets();
  /** Records written in each section. */
  answers = 0;
  authorities = 0;
  additionals = 0;

  /** AA and TC of the header. */
  #flags = 0;
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
    this.#flags = 0;
    this.#out = out;
    this.#start = start;
    this.#bodyAt = start + HEADER_SIZE;
    this.#at = this.#bodyAt;
    this.#end = start + limit - reserved;
  }

  get isTruncated(): boolean {
    return (this.#flags & FLAG.TC) !== 0;
  }

  set isTruncated(value: boolean) {
    this.#flags = value ? this.#flags | FLAG.TC : this.#flags & ~FLAG.TC;
  }

  set isAuthoritative(value: boolean) {
    this.#flags = value ? this.#flags | FLAG.AA : this.#flags & ~FLAG.AA;
  }

  /** Copies the question section as it came: letters keep their case. */
  question(input: Uint8Array, from: number, size: number): void {
    copyOctets(input, from, size, this.#out, this.#at);
    this.#bodyAt = this.#at + size;
    this.#at = this.#bodyAt;
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
    const isCompressed = isCompressible(type);
    let data = zone.rrsetWord(rrset, RRSET.DATA);
    for (let i = 0; i < records; i++) {
      const size = RECORD_HEAD + readU16(zone.octets, data + 8);
      if (!this.#owner()) return this.#undo(cursor, known);
      const head = this.#at;
      const isWritten = isCompressed ? this.#compressed(zone, type, rrset, i, data, size) : this.#copy(zone.octets, data, size);
      if (!isWritten) return this.#undo(cursor, known);
      if (ttlSec !== OWN_TTL) putU32(this.#out, head + 4, ttlSec);
      data += size;
    }
    return true;
  }

  /** Writes the SOA record of the zone, for a negative answer; false and nothing written if it does not fit. */
  soa(): boolean {
    const zone = this.#zone!;
    const { soaNames, octets } = zone;
    const apexAt = this.names.of(APEX);
    this.setOwnerName(APEX);
    if (soaNames === null || apexAt === 0 || this.#knows(soaNames[0]) || this.#knows(soaNames[1])) {
      return this.rrset(zone.soaRrset, zone.negativeTtlSec);
    }
    // Nearly always: both names can only point at the apex, which need not be found out label by label (NXDOMAIN: 0.87 of the
    // time, so that random names cost no more than those that exist).
    const mname = soaNames[0];
    const rname = soaNames[1];
    const rdataSize = mname.size + rname.size + 2 * POINTER_SIZE + SOA_NUMBERS;
    if (!this.hasRoom(POINTER_SIZE + RECORD_HEAD + rdataSize)) return false;
    const data = zone.rrsetWord(zone.soaRrset, RRSET.DATA) + zone.rrsetWord(zone.soaRrset, RRSET.SIZE);
    this.#head(TYPE.SOA, zone.negativeTtlSec, rdataSize);
    this.#copy(octets, mname.offset, mname.size);
    this.#pointer(apexAt);
    this.#copy(octets, rname.offset, rname.size);
    this.#pointer(apexAt);
    return this.#copy(octets, data - SOA_NUMBERS, SOA_NUMBERS);
  }

  /** Whether an ancestor of a name, or itself, stands in the message below the apex: then so does the topmost of them. */
  #knows(name: NameBelowApex): boolean {
    return this.names.of(name.top) !== 0;
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
    const flags = FLAG.QR | (queryFlags & copied) | this.#flags | (rcode & 15);
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

  #copy(source: Uint8Array, from: number, size: number): boolean {
    if (!this.hasRoom(size)) return false;
    copyOctets(source, from, size, this.#out, this.#at);
    this.#at += size;
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
