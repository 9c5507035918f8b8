// The records of one zone as columns: no object per record, so that a zone of millions costs little and loads fast.
// Filled by the parser, read by the semantic check and the compiler, then dropped.
// Owner names and RDATA are uncompressed wire octets in one arena; consecutive records of one owner share its name.

import { nameSize } from '../wire/name.ts';

const INITIAL_RECORDS = 256;
const INITIAL_OCTETS = 16384;
/** Few zones have shorter lines on average, and few need more arena per octet of text; those that do, grow. */
const LEAST_OCTETS_PER_RECORD = 16;
const ARENA_PER_TEXT = 1.5;

export class ZoneRecords {
  /** Wire name of the zone's apex. */
  readonly origin: Uint8Array;
  /** Number of records; the columns below are valid for indexes under it. */
  count = 0;
  /** Offset in `octets` of the owner's wire name. */
  ownerOffset: Uint32Array;
  type: Uint16Array;
  ttlSec: Uint32Array;
  /**
   * Offset and length in `octets` of the RDATA. The RDATA of a GSLB record is: minimum TTL (4 octets, network order),
   * then the policy's name in ASCII; its ttlSec is the maximum TTL.
   */
  rdataOffset: Uint32Array;
  rdataLength: Uint16Array;
  /** Where the record was written: index into `files`, and line from 1. */
  file: Uint16Array;
  line: Uint32Array;
  readonly files: string[] = [];
  octets: Uint8Array;
  octetCount = 0;

  /** `textSize`: octets of zone text to come, if known. Room for all of it is set aside; what is not used is never touched. */
  constructor(origin: Uint8Array, textSize = 0) {
    const records = Math.max(INITIAL_RECORDS, Math.ceil(textSize / LEAST_OCTETS_PER_RECORD));
    this.origin = origin;
    this.ownerOffset = new Uint32Array(records);
    this.type = new Uint16Array(records);
    this.ttlSec = new Uint32Array(records);
    this.rdataOffset = new Uint32Array(records);
    this.rdataLength = new Uint16Array(records);
    this.file = new Uint16Array(records);
    this.line = new Uint32Array(records);
    this.octets = new Uint8Array(Math.max(INITIAL_OCTETS, Math.ceil(textSize * ARENA_PER_TEXT)));
  }

  /** Appends `source[start..end)` to the arena and returns its offset there. */
  addOctets(source: Uint8Array, start = 0, end = source.length): number {
    const size = end - start;
    if (this.octetCount + size > this.octets.length) {
      const grown = new Uint8Array(Math.max(this.octets.length * 2, this.octetCount + size));
      grown.set(this.octets.subarray(0, this.octetCount));
      this.octets = grown;
    }
    const at = this.octetCount;
    if (size <= 64) for (let i = 0; i < size; i++) this.octets[at + i] = source[start + i]!;
    else this.octets.set(source.subarray(start, end), at);
    this.octetCount += size;
    return at;
  }

  /** Appends a record whose owner and RDATA are already in the arena; returns its index. */
  add(
    ownerOffset: number,
    type: number,
    ttlSec: number,
    rdataOffset: number,
    rdataLength: number,
    file: number,
    line: number,
  ): number {
    if (this.count === this.type.length) this.#grow();
    const i = this.count++;
    this.ownerOffset[i] = ownerOffset;
    this.type[i] = type;
    this.ttlSec[i] = ttlSec;
    this.rdataOffset[i] = rdataOffset;
    this.rdataLength[i] = rdataLength;
    this.file[i] = file;
    this.line[i] = line;
    return i;
  }

  /** A copy of the owner name of record `i`, for messages and tests. */
  owner(i: number): Uint8Array {
    const at = this.ownerOffset[i]!;
    return this.octets.slice(at, at + nameSize(this.octets, at));
  }

  /** A copy of the RDATA of record `i`, for messages and tests. */
  rdata(i: number): Uint8Array {
    const at = this.rdataOffset[i]!;
    return this.octets.slice(at, at + this.rdataLength[i]!);
  }

  #grow(): void {
    const size = this.type.length * 2;
    const wider = (column: Uint32Array): Uint32Array => {
      const grown = new Uint32Array(size);
      grown.set(column);
      return grown;
    };
    const wider16 = (column: Uint16Array): Uint16Array => {
      const grown = new Uint16Array(size);
      grown.set(column);
      return grown;
    };
    this.ownerOffset = wider(this.ownerOffset);
    this.ttlSec = wider(this.ttlSec);
    this.rdataOffset = wider(this.rdataOffset);
    this.line = wider(this.line);
    this.type = wider16(this.type);
    this.rdataLength = wider16(this.rdataLength);
    this.file = wider16(this.file);
  }
}
