// Compiles the records of a zone into its image (image.ts). The records are grouped by node (compile-group.ts), measured
// in one pass that also numbers the names in RDATA, and written in a second one into a block of exactly the right size.
// The octets section has each node's name and right behind it the node's records, so that an answer touches few cache
// lines. A name in RDATA, or an ancestor, has no octets of its own: it points into those of a record or a descendant.
// The records must have passed the semantic check without an error; what is only warned about is dealt with here.

import { nameSize } from '../wire/name.ts';
import { TYPE } from '../wire/rrtype.ts';
import { type Groups, groupRecords } from './compile-group.ts';
import { ImageWriter, type Plan } from './compile-write.ts';
import { policyOf } from './gslb.ts';
import { APEX, RECORD_HEAD } from './image.ts';
import { rdataNameAt } from './rdata-names.ts';
import type { ZoneRecords } from './records.ts';

/** Throws if the records have no SOA record, which the semantic check reports. */
export function compileZone(records: ZoneRecords): SharedArrayBuffer {
  const groups = groupRecords(records);
  return new ImageWriter(records, groups, measure(records, groups)).write();
}

/** A column that grows. */
class Column {
  values: Uint32Array;
  count: number;

  /** The first `count` values are to be set by index; push() appends behind them. */
  constructor(count: number) {
    this.values = new Uint32Array(count + 16);
    this.count = count;
  }

  push(value: number): void {
    if (this.count === this.values.length) {
      const grown = new Uint32Array(2 * this.values.length);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.count++] = value;
  }
}

function measure(records: ZoneRecords, groups: Groups): Plan {
  const { names, first, order, apexLabels } = groups;
  const { octets, type, rdataOffset, rdataLength } = records;
  const nodeCount = first.length - 1;
  const maxLabels = names.maxLabels; // now, as names in RDATA may be deeper than any node
  const nameOffset = new Column(nodeCount);
  const refs = new Column(0);
  const policies = new Map<string, number>();

  // Numbers the name at `at`; `shift` leads from there to the place in the image where the same octets will stand.
  const intern = (at: number, shift: number): number => {
    const known = names.count;
    const id = names.intern(at);
    for (let added = known; added < names.count; added++) nameOffset.push(names.offset[added]! + shift);
    return id;
  };

  names.minLabels = Math.min(1, apexLabels);
  const apexAt = names.offset[APEX]!;
  // The apex opens the octets section; its ancestors are the ends of its name.
  if (apexLabels > 0) names.parent[APEX] = intern(apexAt + octets[apexAt]! + 1, -apexAt);

  let rrsetCount = 0;
  let cursor = 0;
  for (let node = 0; node < nodeCount; node++) {
    const from = first[node]!;
    const end = first[node + 1]!;
    nameOffset.values[node] = cursor;
    if (from < end) cursor += nameSize(octets, names.offset[node]);
    for (let j = from; j < end; j++) {
      const record = order[j]!;
      const rrtype = type[record]!;
      if (j === from || rrtype !== type[order[j - 1]!]) rrsetCount++;
      const at = rdataOffset[record]!;
      const nameAt = rdataNameAt(rrtype);
      if (nameAt >= 0) {
        const shift = cursor + RECORD_HEAD - at;
        refs.push(intern(at + nameAt, shift));
        if (rrtype === TYPE.SOA) refs.push(intern(at + nameSize(octets, at), shift));
      } else if (rrtype === TYPE.GSLB) {
        const policy = policyOf(records, record);
        if (!policies.has(policy)) policies.set(policy, policies.size);
      }
      cursor += RECORD_HEAD + rdataLength[record]!;
    }
  }

  // An empty non-terminal was entered together with, and right before, the child that it was needed for.
  for (let node = nodeCount - 1; node > APEX; node--) {
    if (first[node] === first[node + 1]) {
      nameOffset.values[node] = nameOffset.values[node + 1]! + octets[names.offset[node + 1]!]! + 1;
    }
  }
  return {
    maxLabels,
    rrsetCount,
    nodeOctets: cursor,
    nameOffset: nameOffset.values,
    refs: refs.values.subarray(0, refs.count),
    policies,
  };
}
