// Order of the RDATA of two records of one type: by octets, names in them without regard to case (RFC 4343).

import { LOWER } from '../wire/name.ts';
import { rdataNameAt } from './rdata-names.ts';
import type { ZoneRecords } from './records.ts';

/** Negative, zero or positive; zero means that the records are duplicates if they have the same owner. */
export function compareRdata(records: ZoneRecords, a: number, b: number): number {
  const { octets, rdataOffset, rdataLength } = records;
  const size = rdataLength[a]!;
  if (size !== rdataLength[b]) return size - rdataLength[b]!;
  const nameAt = rdataNameAt(records.type[a]!);
  const exact = nameAt < 0 ? size : nameAt;
  for (let i = 0; i < size; i++) {
    const x = octets[rdataOffset[a]! + i]!;
    const y = octets[rdataOffset[b]! + i]!;
    if (x === y) continue;
    const difference = i < exact ? x - y : LOWER[x]! - LOWER[y]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
