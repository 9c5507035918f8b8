// One zone as one immutable block of memory, shared by all workers: 32-bit words, then octets. Written by compile.ts,
// read by lookup.ts and the responder. No object per name: a million names cost no garbage collection.
//
//   header | nodes | names | table | rrsets | refs | octets
//
// node   a name that exists in the zone (owner of records, or an empty non-terminal), and every name below cuts (glue).
// name   every name of no node that occurs in the RDATA of NS, CNAME, PTR, MX, SOA, DNAME and SRV records, and all
//        ancestors of all names up to (not including) the root. Name ids are the node indexes, then these. Each knows its
//        parent, so a CNAME target is resolved, and a name in a reply compressed, by comparing integers. The root has an
//        id only in the root zone, as its apex: there name 0 is a single zero octet and the parent of top-level names.
// table  open addressing (linear probing, load <= 1/2) from the hash of a name (wire/name hashLabel) to its node.
// rrset  all records of one type at a node, already encoded as they go on the wire behind their owner name.
// refs   name ids of the names in the RDATA of an RRset, in order of the records (SOA has two per record).

import { TYPE } from '../wire/rrtype.ts';

export const MAGIC = 0x4d455249;
export const IMAGE_VERSION = 2;

/** Word offsets in the header. *_AT are word offsets of sections, OCTETS_AT an octet offset. */
export const HEADER = {
  MAGIC: 0,
  VERSION: 1,
  NODE_COUNT: 2,
  NAME_COUNT: 3,
  RRSET_COUNT: 4,
  RECORD_COUNT: 5,
  TABLE_MASK: 6,
  /** Labels of the apex, and of the deepest node: a lookup never tries more suffixes than lie between. */
  APEX_LABELS: 7,
  MAX_LABELS: 8,
  NODES_AT: 9,
  NAMES_AT: 10,
  TABLE_AT: 11,
  RRSETS_AT: 12,
  REFS_AT: 13,
  OCTETS_AT: 14,
  OCTETS_SIZE: 15,
  /** min(TTL of the SOA, MINIMUM field): TTL of negative answers (RFC 2308 section 5). */
  NEGATIVE_TTL: 16,
  SERIAL: 17,
  /** Octet offset and size in the octets section of the policy names that GSLB records use, joined by NUL. */
  POLICIES_AT: 18,
  POLICIES_SIZE: 19,
  WORDS: 20,
} as const;

/** Node 0 is the apex. */
export const APEX = 0;

/** Words of a node record. */
export const NODE = {
  /** As the words of a name record: both stand in the node, to be in one cache line with what is read next. */
  NAME_OFFSET: 0,
  PARENT: 1,
  /**
   * 1 + index of the topmost node that is a zone cut at or above this one (the apex is none) or a DNAME owner strictly
   * above it; 0 = none.
   */
  BOUNDARY: 2,
  /** 1 + index of the child `*`; 0 = none. */
  WILDCARD: 3,
  /** Index of the first RRset; the node's RRsets are contiguous, in ascending order of type. */
  RRSETS: 4,
  /** From the lowest bit: 16 bits, number of RRsets (0 = empty non-terminal); NODE_FLAG; 7 bits, number of labels. */
  FLAGS: 5,
  WORDS: 6,
} as const;

/** CUT: NS below the apex. WILDCARD: the first label is `*`. The others: the node has an RRset of that type. */
export const NODE_FLAG = { CUT: 1 << 16, CNAME: 1 << 17, DNAME: 1 << 18, GSLB: 1 << 19, WILDCARD: 1 << 20 } as const;
export const RRSET_COUNT_MASK = 0xffff;
/** The sign bit stays free. */
export const LABELS_SHIFT = 24;

/**
 * Words of a name record: octet offset (in the octets section) of the whole wire name, original case; id of the parent.
 * Names share octets: an ancestor's are the end of a descendant's, those of a name in RDATA are in the record.
 */
export const NAME = { OFFSET: 0, PARENT: 1, WORDS: 2 } as const;
/** In place of the root's id: parent of a top-level name, target of a null MX. Not so in the root zone. 31 bits are never boxed. */
export const NO_NAME = 0x7fffffff;

/** Words of a table slot. NODE_PLUS_1 = 0 marks an empty slot. */
export const SLOT = { HASH: 0, NODE_PLUS_1: 1, WORDS: 2 } as const;

/** Words of an RRset record. */
export const RRSET = {
  /** Type in the low 16 bits, number of records above. */
  TYPE_COUNT: 0,
  TTL: 1,
  /** Octet offset and size of the encoded records: type, class, TTL, RDLENGTH, RDATA, for each; no owner, no compression. */
  DATA: 2,
  SIZE: 3,
  /** Word offset (within the refs section) of the first name id; for a GSLB RRset, index of its policy name. */
  REFS: 4,
  WORDS: 5,
} as const;

/** Octets before the RDATA in an encoded record: type 2, class 2, TTL 4, RDLENGTH 2. */
export const RECORD_HEAD = 10;

// Constants that are not exported are folded into the machine code: see responder/responder.ts.
const labelsShift = LABELS_SHIFT;
const { NAME_OFFSET, PARENT, FLAGS, WORDS: NODE_WORDS } = NODE;
const { WORDS: NAME_WORDS, OFFSET: OFFSET_OF_NAME, PARENT: PARENT_OF_NAME } = NAME;
const { TYPE_COUNT, REFS, WORDS: RRSET_WORDS } = RRSET;

/** A name below the apex: where its octets are, how many it has in front of the apex, and its ancestor just below the apex. */
export interface NameBelowApex {
  readonly offset: number;
  readonly size: number;
  readonly top: number;
}

/** A view of a zone image. Fields are copied out of the header so that the hot path reads plain numbers. */
export class ZoneImage {
  readonly buffer: SharedArrayBuffer;
  readonly words: Uint32Array;
  /** The octets section. */
  readonly octets: Uint8Array;
  readonly nodeCount: number;
  readonly nameCount: number;
  readonly rrsetCount: number;
  readonly recordCount: number;
  readonly tableMask: number;
  readonly apexLabels: number;
  readonly maxLabels: number;
  readonly nodesAt: number;
  readonly namesAt: number;
  readonly tableAt: number;
  readonly rrsetsAt: number;
  readonly refsAt: number;
  readonly negativeTtlSec: number;
  readonly serial: number;
  /** Index of the RRset that every negative answer holds. */
  readonly soaRrset: number;
  /** MNAME and RNAME of it, if they have nothing in common but the apex and what is above it; else null. */
  readonly soaNames: readonly [NameBelowApex, NameBelowApex] | null;
  /** Names of the policies that GSLB records of this zone use; an RRset's REFS word indexes them. */
  readonly policyNames: readonly string[];

  constructor(buffer: SharedArrayBuffer) {
    const words = new Uint32Array(buffer, 0, buffer.byteLength >> 2);
    if (words[HEADER.MAGIC] !== MAGIC || words[HEADER.VERSION] !== IMAGE_VERSION)
      throw new Error('not a zone image of this version');
    this.buffer = buffer;
    this.words = words;
    this.octets = new Uint8Array(buffer, words[HEADER.OCTETS_AT]!, words[HEADER.OCTETS_SIZE]!);
    this.nodeCount = words[HEADER.NODE_COUNT]!;
    this.nameCount = words[HEADER.NAME_COUNT]!;
    this.rrsetCount = words[HEADER.RRSET_COUNT]!;
    this.recordCount = words[HEADER.RECORD_COUNT]!;
    this.tableMask = words[HEADER.TABLE_MASK]!;
    this.apexLabels = words[HEADER.APEX_LABELS]!;
    this.maxLabels = words[HEADER.MAX_LABELS]!;
    this.nodesAt = words[HEADER.NODES_AT]!;
    this.namesAt = words[HEADER.NAMES_AT]!;
    this.tableAt = words[HEADER.TABLE_AT]!;
    this.rrsetsAt = words[HEADER.RRSETS_AT]!;
    this.refsAt = words[HEADER.REFS_AT]!;
    this.negativeTtlSec = words[HEADER.NEGATIVE_TTL]!;
    this.serial = words[HEADER.SERIAL]!;
    const from = words[HEADER.POLICIES_AT]!;
    const size = words[HEADER.POLICIES_SIZE]!;
    let policies = '';
    for (let i = from; i < from + size; i++) policies += String.fromCharCode(this.octets[i]!);
    this.policyNames = size === 0 ? [] : policies.split('\0');
    let soa = this.nodeWord(APEX, NODE.RRSETS);
    while (this.rrsetType(soa) !== TYPE.SOA) soa++;
    this.soaRrset = soa;
    const mname = this.#nameBelowApex(this.ref(soa, 0));
    const rname = this.#nameBelowApex(this.ref(soa, 1));
    this.soaNames = mname === null || rname === null || mname.top === rname.top ? null : [mname, rname];
  }

  #nameBelowApex(name: number): NameBelowApex | null {
    const offset = name === NO_NAME ? 0 : this.nameOffset(name);
    let size = 0;
    let top = APEX;
    for (let id = name; id !== APEX; id = this.nameParent(id)) {
      if (id === NO_NAME) return null;
      size += this.octets[offset + size]! + 1;
      top = id;
    }
    return top === APEX ? null : { offset, size, top };
  }

  nodeWord(node: number, word: number): number {
    return this.words[this.nodesAt + node * NODE_WORDS + word]!;
  }

  /** Number of labels of a node's name, the root not counted. */
  nodeLabels(node: number): number {
    return this.nodeWord(node, FLAGS) >> labelsShift;
  }

  /** Octet offset of the wire name with this id. */
  nameOffset(name: number): number {
    if (name < this.nodeCount) return this.nodeWord(name, NAME_OFFSET);
    return this.words[this.namesAt + (name - this.nodeCount) * NAME_WORDS + OFFSET_OF_NAME]!;
  }

  /** Id of the parent name, or NO_NAME. */
  nameParent(name: number): number {
    if (name < this.nodeCount) return this.nodeWord(name, PARENT);
    return this.words[this.namesAt + (name - this.nodeCount) * NAME_WORDS + PARENT_OF_NAME]!;
  }

  rrsetWord(rrset: number, word: number): number {
    return this.words[this.rrsetsAt + rrset * RRSET_WORDS + word]!;
  }

  rrsetType(rrset: number): number {
    return this.rrsetWord(rrset, TYPE_COUNT) & 0xffff;
  }

  rrsetRecords(rrset: number): number {
    return this.rrsetWord(rrset, TYPE_COUNT) >>> 16;
  }

  /** The k-th name id in the RDATA of an RRset. */
  ref(rrset: number, k: number): number {
    return this.words[this.refsAt + this.rrsetWord(rrset, REFS) + k]!;
  }
}
