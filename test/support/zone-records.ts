// Records of a zone from short rows, without the zone parser, so that the compiler and the lookup are tested by themselves.

import { parseAddress } from '../../src/base/address.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { TYPE } from '../../src/wire/rrtype.ts';
import { ZoneRecords } from '../../src/zone/records.ts';

/** Owner (relative names are completed by the origin), type, data (see encodeRdata), TTL in seconds (3600 if left out). */
export type Row = readonly [owner: string, type: keyof typeof TYPE, data: string, ttlSec?: number];

const DEFAULT_TTL_SEC = 3600;

export const SOA_ROW: Row = ['@', 'SOA', 'ns host 7 3600 600 86400 300'];

/** Records in the order of the rows. Consecutive rows with the same owner share its octets, as from the parser. */
export function zoneRecords(origin: string, rows: readonly Row[]): ZoneRecords {
  const apex = wire(origin);
  const records = new ZoneRecords(apex);
  let ownerText = '';
  let ownerOffset = 0;
  for (const [index, [owner, type, data, ttlSec = DEFAULT_TTL_SEC]] of rows.entries()) {
    if (owner !== ownerText) ownerOffset = records.addOctets(wire(owner, apex));
    ownerText = owner;
    const rdata = encodeRdata(type, data, apex);
    const rdataOffset = records.addOctets(rdata);
    records.add(ownerOffset, TYPE[type], ttlSec, rdataOffset, rdata.length, 0, index + 1);
  }
  return records;
}

/** Presentation form to wire octets. */
export function wire(text: string, origin?: Uint8Array): Uint8Array {
  const octets = nameFromText(text, origin);
  if (typeof octets === 'string') throw new Error(octets);
  return octets;
}

/** Names and numbers as in a zone file; GSLB as `minTtlSec policy`; any type without a form of its own as plain text octets. */
export function encodeRdata(type: keyof typeof TYPE, data: string, origin: Uint8Array): Uint8Array {
  const words = data.split(' ');
  const u16 = (word: string): number[] => [Number(word) >> 8, Number(word) & 0xff];
  const u32 = (word: string): number[] => [...u16(String(Number(word) >>> 16)), ...u16(String(Number(word) & 0xffff))];
  const text = (word: string): number[] => [...word].map((c) => c.charCodeAt(0));
  switch (type) {
    case 'A':
    case 'AAAA':
      return parseAddress(data)!.octets;
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      return wire(data, origin);
    case 'MX':
      return Uint8Array.from([...u16(words[0]!), ...wire(words[1]!, origin)]);
    case 'SRV':
      return Uint8Array.from([...words.slice(0, 3).flatMap(u16), ...wire(words[3]!, origin)]);
    case 'SOA':
      return Uint8Array.from([...wire(words[0]!, origin), ...wire(words[1]!, origin), ...words.slice(2).flatMap(u32)]);
    case 'GSLB':
      return Uint8Array.from([...u32(words[0]!), ...text(words[1]!)]);
    default:
      return Uint8Array.from(text(data));
  }
}
