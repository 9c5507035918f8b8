// Records to zone text that parses back to the same records: absolute names, explicit TTL and class, one record a line.

import { nameToText } from '../wire/name.ts';
import { printGeneric } from '../wire/rdata/generic.ts';
import { codecOf } from '../wire/rdata/registry.ts';
import { TYPE, typeName } from '../wire/rrtype.ts';
import { gslbMinTtlSec, gslbPolicy } from './gslb.ts';
import type { ZoneRecords } from './records.ts';

/** All records in their order. */
export function printZone(records: ZoneRecords): string {
  let text = '';
  for (let i = 0; i < records.count; i++) text += `${printRecord(records, i)}\n`;
  return text;
}

export function printRecord(records: ZoneRecords, i: number): string {
  const { octets } = records;
  const type = records.type[i]!;
  const at = records.rdataOffset[i]!;
  const length = records.rdataLength[i]!;
  const owner = nameToText(octets, records.ownerOffset[i]!);
  const ttl = records.ttlSec[i]!;
  if (type === TYPE.GSLB) return `${owner} ${ttl}/${gslbMinTtlSec(octets, at)} IN GSLB ${gslbPolicy(octets, at, length)}`;
  const rdata = codecOf(type)?.print(octets, at, length) ?? printGeneric(octets, at, length);
  return `${owner} ${ttl} IN ${typeName(type)} ${rdata}`;
}
