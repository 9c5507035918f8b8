// The zone as the semantic check looks at it: every owner name and every target in the RDATA of NS, CNAME, DNAME, MX and
// SRV records as a small integer, with the types at it, the zone cut or DNAME above it, and its records by type.
// Ids below `existing` are owners and their ancestors, the others are targets that do not exist. A parent's id is below
// its child's.

import type { ErrorCode } from '../base/errors.ts';
import { MAX_LABELS } from '../wire/constants.ts';
import { hashLabel, namesEqual, nameToText, ROOT_HASH } from '../wire/name.ts';
import { TYPE } from '../wire/rrtype.ts';
import { NO_NAME } from './image.ts';
import { NameTable } from './name-table.ts';
import type { ProblemLog } from './problem-log.ts';
import { rdataNameAt } from './rdata-names.ts';
import { compareRdata } from './rdata-order.ts';
import type { ZoneRecords } from './records.ts';

const ASTERISK = 0x2a;

/** What stands at a name, as bits. */
export const AT = {
  NS: 1,
  CNAME: 2,
  DNAME: 4,
  GSLB: 8,
  /** A or AAAA. */
  ADDRESS: 16,
  SOA: 32,
  /** Any other type, but for RRSIG and NSEC, which may stand beside everything (RFC 4035 section 2.5). */
  OTHER: 64,
  /** The name is the target of an NS record: addresses below a cut are glue then. */
  NS_TARGET: 128,
} as const;

const FLAG_OF: ReadonlyMap<number, number> = new Map<number, number>([
  [TYPE.NS, AT.NS],
  [TYPE.CNAME, AT.CNAME],
  [TYPE.DNAME, AT.DNAME],
  [TYPE.GSLB, AT.GSLB],
  [TYPE.A, AT.ADDRESS],
  [TYPE.AAAA, AT.ADDRESS],
  [TYPE.SOA, AT.SOA],
  [TYPE.RRSIG, 0],
  [TYPE.NSEC, 0],
]);

/** The bit of AT that stands for a type; 0 for RRSIG and NSEC. */
export const flagOf = (type: number): number => FLAG_OF.get(type) ?? AT.OTHER;

export class ZoneView {
  readonly records: ZoneRecords;
  readonly log: ProblemLog;
  /** Id of the apex; NO_NAME if no owner lies at or below it. */
  readonly apex: number;
  readonly existing: number;
  /** Per id: bits of AT. */
  readonly flags: Uint8Array;
  /** Per id: 1 if the name is the apex or below it. */
  readonly inZone: Uint8Array;
  /** Per id: 1 + id of the topmost zone cut at or above the name; 0 = none. */
  readonly cut: Uint32Array;
  /** Per id: 1 + id of the topmost DNAME owner strictly above the name; 0 = none. */
  readonly dname: Uint32Array;
  /** The records of id are order[first[id]..first[id + 1]), by type, within a type as written. */
  readonly first: Uint32Array;
  readonly order: Uint32Array;
  readonly #names: NameTable;
  /** Id of a name -> id of the wildcard below it. */
  readonly #wildcards = new Map<number, number>();
  readonly #label = new Uint8Array(MAX_LABELS + 1);
  /** Where in the name given to closestEncloser() the suffix that it found begins. */
  suffixAt = 0;

  constructor(records: ZoneRecords, log: ProblemLog) {
    this.records = records;
    this.log = log;
    this.#names = new NameTable(records.octets, 0, records.count);
    const idOf = this.#internOwners();
    this.existing = this.#names.count;
    this.#internTargets();
    const size = this.#names.count;
    this.flags = new Uint8Array(size);
    this.inZone = new Uint8Array(size);
    this.cut = new Uint32Array(size);
    this.dname = new Uint32Array(size);
    this.apex = this.#findApex();
    this.#raiseFlags(idOf);
    this.#spreadDown();
    this.first = new Uint32Array(this.existing + 1);
    this.order = new Uint32Array(records.count);
    this.#sortRecords(idOf);
  }

  /** Id of the target of record `i`, which is of a type with a target. */
  target(i: number): number {
    return this.#names.intern(this.targetAt(i));
  }

  /** Offset of the target's wire name. */
  targetAt(i: number): number {
    return this.records.rdataOffset[i]! + rdataNameAt(this.records.type[i]!);
  }

  /** Id of the wildcard that answers for names below `id` that do not exist; NO_NAME if there is none. */
  wildcardBelow(id: number): number {
    return this.#wildcards.get(id) ?? NO_NAME;
  }

  /** The name itself if it exists, else its closest ancestor that does. */
  closestExisting(id: number): number {
    let at = id;
    while (at >= this.existing) at = this.#names.parent[at]!;
    return at;
  }

  /** Id of the longest suffix of `name` (any array, offset 0) that exists in the zone; NO_NAME if none. Sets suffixAt. */
  closestEncloser(name: Uint8Array): number {
    const label = this.#label;
    let labels = 0;
    let end = 0;
    for (; name[end] !== 0; end += name[end]! + 1) label[labels++] = end;
    label[labels] = end;
    let found = NO_NAME;
    let hash = ROOT_HASH;
    for (let k = labels; k >= 0; k--) {
      if (k < labels) hash = hashLabel(hash, name, label[k]!);
      const id = this.#find(hash, name, label[k]!);
      if (id === NO_NAME) continue;
      found = id;
      this.suffixAt = label[k]!;
    }
    return found;
  }

  text(id: number): string {
    return nameToText(this.records.octets, this.#names.offset[id]!);
  }

  /** The first record, as written, of a `type` that `id` has. */
  recordAt(id: number, type: number): number {
    return this.order[this.#firstOfType(id, type)]!;
  }

  /** The first record of `type` at `id` that is neither the first nor a duplicate of it; -1 if there is none. */
  secondAt(id: number, type: number): number {
    const from = this.#firstOfType(id, type);
    for (let k = from + 1; k < this.first[id + 1]! && this.records.type[this.order[k]!] === type; k++) {
      if (compareRdata(this.records, this.order[from]!, this.order[k]!) !== 0) return this.order[k]!;
    }
    return -1;
  }

  /** The record of the owner `id` that is written first. */
  firstAt(id: number): number {
    let found = this.order[this.first[id]!]!;
    for (let k = this.first[id]!; k < this.first[id + 1]!; k++) found = Math.min(found, this.order[k]!);
    return found;
  }

  /** Whether `id` owns records. */
  isOwner(id: number): boolean {
    return id < this.existing && this.first[id]! < this.first[id + 1]!;
  }

  error(code: ErrorCode, message: string, i: number): void {
    const { records } = this;
    this.log.error(code, message, records.files[records.file[i]!]!, records.line[i]!, 1);
  }

  warning(code: ErrorCode, message: string, i: number): void {
    const { records } = this;
    this.log.warning(code, message, records.files[records.file[i]!]!, records.line[i]!, 1);
  }

  /** Where in `order` the records of `type` at `id` begin (binary search). */
  #firstOfType(id: number, type: number): number {
    let low = this.first[id]!;
    let high = this.first[id + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.records.type[this.order[middle]!]! < type) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #internOwners(): Uint32Array {
    const { count, ownerOffset } = this.records;
    const idOf = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const isSame = i > 0 && ownerOffset[i] === ownerOffset[i - 1];
      idOf[i] = isSame ? idOf[i - 1]! : this.#names.intern(ownerOffset[i]!);
    }
    return idOf;
  }

  #internTargets(): void {
    const { count, type } = this.records;
    for (let i = 0; i < count; i++) if (hasTarget(type[i]!)) this.target(i);
  }

  #findApex(): number {
    const { records, inZone } = this;
    const { offset, parent } = this.#names;
    let apex = NO_NAME;
    for (let id = 0; id < inZone.length; id++) {
      const above = parent[id]!;
      if (above !== NO_NAME && inZone[above] === 1) inZone[id] = 1;
      else if (namesEqual(records.octets, offset[id]!, records.origin, 0)) {
        inZone[id] = 1;
        if (id < this.existing) apex = id;
      }
    }
    return apex;
  }

  #raiseFlags(idOf: Uint32Array): void {
    const { count, type } = this.records;
    for (let i = 0; i < count; i++) {
      this.flags[idOf[i]!]! |= flagOf(type[i]!);
      if (type[i] === TYPE.NS) this.flags[this.target(i)]! |= AT.NS_TARGET;
    }
  }

  /** Parents come before their children, so one pass suffices. */
  #spreadDown(): void {
    const { flags, inZone, cut, dname } = this;
    const { parent, offset } = this.#names;
    const { octets } = this.records;
    for (let id = 0; id < flags.length; id++) {
      const above = parent[id]!;
      if (inZone[id] === 0 || id === this.apex) continue;
      cut[id] = cut[above]! || (flags[id]! & AT.NS ? id + 1 : 0);
      dname[id] = dname[above]! || (flags[above]! & AT.DNAME ? above + 1 : 0);
      if (id < this.existing && octets[offset[id]!] === 1 && octets[offset[id]! + 1] === ASTERISK) this.#wildcards.set(above, id);
    }
  }

  /** Sorts by counting: owners, then types within an owner. */
  #sortRecords(idOf: Uint32Array): void {
    const { first, order } = this;
    const { count, type } = this.records;
    for (let i = 0; i < count; i++) first[idOf[i]!]!++;
    for (let id = 1; id <= this.existing; id++) first[id]! += first[id - 1]!;
    for (let i = count - 1; i >= 0; i--) order[--first[idOf[i]!]!] = i;
    for (let id = 0; id < this.existing; id++) {
      const from = first[id]!;
      const to = first[id + 1]!;
      if (to - from > 1) order.subarray(from, to).sort((a, b) => type[a]! - type[b]! || a - b);
    }
  }

  #find(hash: number, name: Uint8Array, at: number): number {
    const { slots, offset } = this.#names;
    const mask = (slots.length >> 1) - 1;
    for (let i = hash & mask; slots[2 * i + 1] !== 0; i = (i + 1) & mask) {
      const id = slots[2 * i + 1]! - 1;
      if (slots[2 * i] !== hash || !namesEqual(this.records.octets, offset[id]!, name, at)) continue;
      return id < this.existing && this.inZone[id] === 1 ? id : NO_NAME;
    }
    return NO_NAME;
  }
}

/** The types whose targets are looked at. */
const hasTarget = (type: number): boolean => type !== TYPE.SOA && type !== TYPE.PTR && rdataNameAt(type) >= 0;
