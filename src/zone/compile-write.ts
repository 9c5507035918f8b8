// Second half of compiling a zone: writes the sections of the image (image.ts) in one walk over the nodes. Parents come
// before their children, so what a node inherits (the zone cut or DNAME it lies below) is known when its turn comes.

import { CLASS_IN } from '../wire/constants.ts';
import { labelCount, nameSize } from '../wire/name.ts';
import { readU32 } from '../wire/octets.ts';
import { TYPE } from '../wire/rrtype.ts';
import type { Groups } from './compile-group.ts';
import { policyOf } from './gslb.ts';
import {
  APEX,
  HEADER,
  IMAGE_VERSION,
  LABELS_SHIFT,
  MAGIC,
  NAME,
  NO_NAME,
  NODE,
  NODE_FLAG,
  RECORD_HEAD,
  RRSET,
  SLOT,
} from './image.ts';
import { slotCount } from './name-table.ts';
import { rdataNameAt } from './rdata-names.ts';
import type { ZoneRecords } from './records.ts';

/** What has to be known of an image before it can be written. */
export interface Plan {
  /** Labels of the deepest node. */
  readonly maxLabels: number;
  readonly rrsetCount: number;
  /** Octets of all nodes' names and records; the policy names follow. */
  readonly nodeOctets: number;
  /** Per name id, its offset in the octets section. */
  readonly nameOffset: Uint32Array;
  /** Per name in RDATA, in order of nodes and records, its id. */
  readonly refs: Uint32Array;
  /** Policy name -> index. */
  readonly policies: ReadonlyMap<string, number>;
}

/** Writes the sections of one image in step, as they refer to one another. */
export class ImageWriter {
  readonly #records: ZoneRecords;
  readonly #groups: Groups;
  readonly #plan: Plan;
  readonly #buffer: SharedArrayBuffer;
  readonly #words: Uint32Array;
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  readonly #nodeCount: number;
  readonly #nodesAt: number;
  readonly #rrsetsAt: number;
  #rrset = 0;
  #ref = 0;
  /** Offset in the octets section. */
  #cursor = 0;

  constructor(records: ZoneRecords, groups: Groups, plan: Plan) {
    const { names, first, order } = groups;
    const policyText = [...plan.policies.keys()].join('\0');
    const nodeCount = first.length - 1;
    const slots = slotCount(nodeCount);
    const nodesAt = HEADER.WORDS;
    const namesAt = nodesAt + nodeCount * NODE.WORDS;
    const tableAt = namesAt + (names.count - nodeCount) * NAME.WORDS;
    const rrsetsAt = tableAt + slots * SLOT.WORDS;
    const refsAt = rrsetsAt + plan.rrsetCount * RRSET.WORDS;
    const octetsAt = 4 * (refsAt + plan.refs.length);
    const octetsSize = plan.nodeOctets + policyText.length;
    const buffer = new SharedArrayBuffer(octetsAt + octetsSize);
    const words = new Uint32Array(buffer, 0, octetsAt >> 2);

    this.#records = records;
    this.#groups = groups;
    this.#plan = plan;
    this.#buffer = buffer;
    this.#words = words;
    this.#octets = new Uint8Array(buffer, octetsAt);
    this.#view = new DataView(buffer, octetsAt);
    this.#nodeCount = nodeCount;
    this.#nodesAt = nodesAt;
    this.#rrsetsAt = rrsetsAt;

    words[HEADER.MAGIC] = MAGIC;
    words[HEADER.VERSION] = IMAGE_VERSION;
    words[HEADER.NODE_COUNT] = nodeCount;
    words[HEADER.NAME_COUNT] = names.count;
    words[HEADER.RRSET_COUNT] = plan.rrsetCount;
    words[HEADER.RECORD_COUNT] = first[nodeCount]!;
    words[HEADER.TABLE_MASK] = slots - 1;
    words[HEADER.APEX_LABELS] = groups.apexLabels;
    words[HEADER.MAX_LABELS] = plan.maxLabels;
    words[HEADER.NODES_AT] = nodesAt;
    words[HEADER.NAMES_AT] = namesAt;
    words[HEADER.TABLE_AT] = tableAt;
    words[HEADER.RRSETS_AT] = rrsetsAt;
    words[HEADER.REFS_AT] = refsAt;
    words[HEADER.OCTETS_AT] = octetsAt;
    words[HEADER.OCTETS_SIZE] = octetsSize;
    words[HEADER.POLICIES_AT] = plan.nodeOctets;
    words[HEADER.POLICIES_SIZE] = policyText.length;
    for (let i = 0; i < policyText.length; i++) this.#octets[plan.nodeOctets + i] = policyText.charCodeAt(i);

    let soa = 0;
    while (records.type[order[soa]!] !== TYPE.SOA) soa++; // among the records of the apex, which come first
    const numbersAt = records.rdataOffset[order[soa]!]! + records.rdataLength[order[soa]!]! - 20;
    words[HEADER.SERIAL] = readU32(records.octets, numbersAt);
    words[HEADER.NEGATIVE_TTL] = Math.min(records.ttlSec[order[soa]!]!, readU32(records.octets, numbersAt + 16));
  }

  write(): SharedArrayBuffer {
    for (let node = 0; node < this.#nodeCount; node++) this.#writeNode(node);
    this.#writeNames();
    this.#writeTable();
    this.#words.set(this.#plan.refs, this.#words[HEADER.REFS_AT]!);
    return this.#buffer;
  }

  #writeNode(node: number): void {
    const { names, first, order } = this.#groups;
    const { octets, type } = this.#records;
    const from = first[node]!;
    const end = first[node + 1]!;
    const at = this.#nodesAt + node * NODE.WORDS;
    const words = this.#words;
    words[at + NODE.RRSETS] = this.#rrset;
    if (from < end) this.#copy(octets, names.offset[node]!, nameSize(octets, names.offset[node]));

    let flags = 0;
    for (let j = from; j < end; ) {
      const rrtype = type[order[j]!]!;
      let next = j + 1;
      while (next < end && type[order[next]!] === rrtype) next++;
      this.#writeRrset(rrtype, j, next);
      flags++;
      if (rrtype === TYPE.NS && node !== APEX) flags |= NODE_FLAG.CUT;
      else if (rrtype === TYPE.CNAME) flags |= NODE_FLAG.CNAME;
      else if (rrtype === TYPE.DNAME) flags |= NODE_FLAG.DNAME;
      else if (rrtype === TYPE.GSLB) flags |= NODE_FLAG.GSLB;
      j = next;
    }

    let boundary = 0;
    if (node !== APEX) {
      // The parent's row is complete: parents come before their children.
      const parent = names.parent[node]!;
      const parentAt = this.#nodesAt + parent * NODE.WORDS;
      boundary = words[parentAt + NODE.BOUNDARY]!;
      if (boundary === 0 && (words[parentAt + NODE.FLAGS]! & NODE_FLAG.DNAME) !== 0) boundary = parent + 1;
      if (boundary === 0 && (flags & NODE_FLAG.CUT) !== 0) boundary = node + 1;
      const nameAt = names.offset[node]!;
      if (octets[nameAt] === 1 && octets[nameAt + 1] === 0x2a) {
        flags |= NODE_FLAG.WILDCARD;
        words[parentAt + NODE.WILDCARD] = node + 1;
      }
    }
    words[at + NODE.NAME_OFFSET] = this.#plan.nameOffset[node]!;
    words[at + NODE.PARENT] = names.parent[node]!;
    words[at + NODE.BOUNDARY] = boundary;
    words[at + NODE.FLAGS] = flags | (labelCount(octets, names.offset[node]!) << LABELS_SHIFT);
  }

  #writeRrset(rrtype: number, from: number, end: number): void {
    const { order } = this.#groups;
    const { octets, ttlSec, rdataOffset, rdataLength } = this.#records;
    const start = this.#cursor;
    let lowestTtlSec = NO_NAME;
    for (let j = from; j < end; j++) lowestTtlSec = Math.min(lowestTtlSec, ttlSec[order[j]!]!);
    for (let j = from; j < end; j++) {
      const record = order[j]!;
      const head = this.#cursor;
      this.#view.setUint16(head, rrtype);
      this.#view.setUint16(head + 2, CLASS_IN);
      // Signatures at a node cover different RRsets, each with a TTL of its own (RFC 4034 section 3).
      this.#view.setUint32(head + 4, rrtype === TYPE.RRSIG ? ttlSec[record]! : lowestTtlSec);
      this.#view.setUint16(head + 8, rdataLength[record]!);
      this.#cursor += RECORD_HEAD;
      this.#copy(octets, rdataOffset[record]!, rdataLength[record]!);
    }
    const at = this.#rrsetsAt + this.#rrset++ * RRSET.WORDS;
    this.#words[at + RRSET.TYPE_COUNT] = rrtype | ((end - from) << 16);
    this.#words[at + RRSET.TTL] = lowestTtlSec;
    this.#words[at + RRSET.DATA] = start;
    this.#words[at + RRSET.SIZE] = this.#cursor - start;
    this.#words[at + RRSET.REFS] = rrtype === TYPE.GSLB ? this.#policyIndex(order[from]!) : this.#ref;
    if (rdataNameAt(rrtype) >= 0) this.#ref += rrtype === TYPE.SOA ? 2 : end - from;
  }

  #policyIndex(record: number): number {
    return this.#plan.policies.get(policyOf(this.#records, record))!;
  }

  #writeNames(): void {
    const { names } = this.#groups;
    let at = this.#words[HEADER.NAMES_AT]!;
    for (let id = this.#nodeCount; id < names.count; id++, at += NAME.WORDS) {
      this.#words[at + NAME.OFFSET] = this.#plan.nameOffset[id]!;
      this.#words[at + NAME.PARENT] = names.parent[id]!;
    }
  }

  #writeTable(): void {
    const { slots } = this.#groups.names;
    const words = this.#words;
    const tableAt = words[HEADER.TABLE_AT]!;
    const mask = words[HEADER.TABLE_MASK]!;
    for (let i = 0; i < slots.length; i += 2) {
      const idPlus1 = slots[i + 1]!;
      if (idPlus1 === 0 || idPlus1 > this.#nodeCount) continue;
      let slot = slots[i]! & mask;
      while (words[tableAt + slot * SLOT.WORDS + SLOT.NODE_PLUS_1] !== 0) slot = (slot + 1) & mask;
      words[tableAt + slot * SLOT.WORDS + SLOT.HASH] = slots[i]!;
      words[tableAt + slot * SLOT.WORDS + SLOT.NODE_PLUS_1] = idPlus1;
    }
  }

  /** Appends to the octets section. */
  #copy(source: Uint8Array, from: number, size: number): void {
    const at = this.#cursor;
    for (let i = 0; i < size; i++) this.#octets[at + i] = source[from + i]!;
    this.#cursor += size;
  }
}
