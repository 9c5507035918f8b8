// First half of compiling a zone: which nodes there are, and the records of each, by type, without duplicates.
// Nodes are the owner names and the empty non-terminals between them and the apex (RFC 4592 section 2.2.2).
// Everything is linear in the records (a sort by counting), but for the few records of one node.

import { LOWER, labelCount } from '../wire/name.ts';
import { TYPE } from '../wire/rrtype.ts';
import { NameTable } from './name-table.ts';
import { compareRdata } from './rdata-order.ts';
import type { ZoneRecords } from './records.ts';

/** Above this many records at a node, the insertion sort gives way to the engine's. */
const INSERTION_LIMIT = 24;

export interface Groups {
  /** Ids are nodes, 0 the apex; `offset` has the spelling of the node's first record, `parent` is NO_NAME at the apex. */
  readonly names: NameTable;
  readonly apexLabels: number;
  /** Node i has the records order[first[i]..first[i + 1]), by type, within a type in zone order. */
  readonly first: Uint32Array;
  readonly order: Uint32Array;
}

/** Throws if there is no SOA record, whose owner is the apex: the semantic check has to pass first. */
export function groupRecords(records: ZoneRecords): Groups {
  const { count, ownerOffset } = records;
  const soa = records.type.subarray(0, count).indexOf(TYPE.SOA);
  if (soa < 0) throw new Error('a zone without an SOA record cannot be compiled');
  const apexLabels = labelCount(records.octets, ownerOffset[soa]!);

  const names = new NameTable(records.octets, apexLabels, countOwners(records));
  names.intern(ownerOffset[soa]!);
  const nodeOf = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const isSameOwner = i > 0 && ownerOffset[i] === ownerOffset[i - 1];
    nodeOf[i] = isSameOwner ? nodeOf[i - 1]! : names.intern(ownerOffset[i]!);
  }

  const first = new Uint32Array(names.count + 1);
  for (let i = 0; i < count; i++) {
    const node = nodeOf[i]!;
    if (first[node + 1] === 0) names.offset[node] = ownerOffset[i]!;
    first[node + 1]!++;
  }
  for (let node = 0; node < names.count; node++) first[node + 1]! += first[node]!;
  const order = new Uint32Array(count);
  // Filled from the back, each node's end moves down to its beginning: first[node + 1] becomes the start of `node`.
  for (let i = count - 1; i >= 0; i--) order[--first[nodeOf[i]! + 1]!] = i;
  first.copyWithin(0, 1);
  first[names.count] = count;

  for (let node = 0; node < names.count; node++) sortByType(records.type, order, first[node]!, first[node + 1]!);
  dropDuplicates(records, first, order);
  return { names, apexLabels, first, order };
}

/** Upper bound of distinct owners: the parser gives consecutive records of one owner the same offset. */
function countOwners(records: ZoneRecords): number {
  let owners = 1;
  for (let i = 1; i < records.count; i++) if (records.ownerOffset[i] !== records.ownerOffset[i - 1]) owners++;
  return owners;
}

/** Stable. */
function sortByType(type: Uint16Array, order: Uint32Array, from: number, to: number): void {
  if (to - from > INSERTION_LIMIT) {
    order.subarray(from, to).sort((a, b) => type[a]! - type[b]! || a - b);
    return;
  }
  for (let j = from + 1; j < to; j++) {
    const record = order[j]!;
    let k = j;
    for (; k > from && type[order[k - 1]!]! > type[record]!; k--) order[k] = order[k - 1]!;
    order[k] = record;
  }
}

/** Closes the gaps that repeated records leave in `order` and moves `first` accordingly. */
function dropDuplicates(records: ZoneRecords, first: Uint32Array, order: Uint32Array): void {
  const { type } = records;
  let mostAtNode = 0;
  for (let node = 0; node < first.length - 1; node++) mostAtNode = Math.max(mostAtNode, first[node + 1]! - first[node]!);
  const hashes = new Int32Array(mostAtNode);
  let to = 0;
  let from = 0;
  for (let node = 0; node < first.length - 1; node++) {
    first[node] = to;
    for (const end = first[node + 1]!; from < end; ) {
      let next = from + 1;
      while (next < end && type[order[next]!] === type[order[from]!]) next++;
      if (next === from + 1) order[to++] = order[from]!;
      else to = keepDistinct(records, order, from, next, to, hashes);
      from = next;
    }
  }
  first[first.length - 1] = to;
}

/**
 * Copies the distinct records of the RRset order[from..end) to order[to..) and returns the end of the copy. Of two equal
 * records the one with the lower TTL stays, in the place of the earlier. Quadratic, but only in comparisons of integers.
 */
function keepDistinct(
  records: ZoneRecords,
  order: Uint32Array,
  from: number,
  end: number,
  to: number,
  hashes: Int32Array,
): number {
  const { ttlSec } = records;
  let kept = 0;
  for (let j = from; j < end; j++) {
    const record = order[j]!;
    const hash = hashRdata(records, record);
    let k = 0;
    while (k < kept && !(hashes[k] === hash && compareRdata(records, order[to + k]!, record) === 0)) k++;
    if (k === kept) {
      hashes[kept] = hash;
      order[to + kept++] = record;
    } else if (ttlSec[record]! < ttlSec[order[to + k]!]!) order[to + k] = record;
  }
  return to + kept;
}

/** Equal RDATA have equal hashes. */
function hashRdata(records: ZoneRecords, record: number): number {
  const { octets } = records;
  const from = records.rdataOffset[record]!;
  let h = records.rdataLength[record]!;
  for (let i = from; i < from + records.rdataLength[record]!; i++) h = Math.imul(h ^ LOWER[octets[i]!]!, 0x01000193);
  return h;
}
