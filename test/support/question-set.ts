// The questions of the differential run, made from zone files: around each owner name every name where servers like to differ,
// asked for 20 types and for the types that the owner has.

import { readFileSync } from 'node:fs';
import { err } from '../../src/base/result.ts';
import { CLASS_IN, HEADER_SIZE, MAX_LABEL_SIZE, MAX_NAME_SIZE } from '../../src/wire/constants.ts';
import { encodeQuery } from '../../src/wire/message.ts';
import { nameSize, namesEqual, nameToText } from '../../src/wire/name.ts';
import { TYPE, typeName } from '../../src/wire/rrtype.ts';
import { parseZone } from '../../src/zone/parser.ts';
import type { ZoneFile } from './peer-servers.ts';
import { wireName } from './query-octets.ts';

export interface ZoneQuestion {
  readonly name: Uint8Array;
  readonly type: number;
  /** `www.example. A`, for messages. */
  readonly text: string;
}

/** A type in the private-use range (RFC 6895 section 3.1) that one zone has and no server knows. */
const PRIVATE_TYPE = 65280;

const { A, AAAA, NS, SOA, CNAME, DNAME, MX, TXT, SRV, PTR, DS, DNSKEY, HTTPS, CAA, NAPTR, TLSA, LOC, NSEC, ANY } = TYPE;
const TYPES = [
  A,
  AAAA,
  NS,
  SOA,
  CNAME,
  DNAME,
  MX,
  TXT,
  SRV,
  PTR,
  DS,
  DNSKEY,
  HTTPS,
  CAA,
  NAPTR,
  TLSA,
  LOC,
  NSEC,
  ANY,
  PRIVATE_TYPE,
];

/**
 * Every question once; the same name in another case is another question. `names`: others to ask for the 20 types, with a
 * final dot.
 */
export function questionSet(zones: readonly ZoneFile[], names: readonly string[]): ZoneQuestion[] {
  const questions = new Map<string, ZoneQuestion>();
  const add = (name: Uint8Array, type: number): void => {
    const text = `${nameToText(name)} ${typeName(type)}`;
    questions.set(text, { name, type, text });
  };
  for (const zone of zones) {
    for (const { owner, types } of owners(zone)) {
      for (const name of neighbours(owner)) for (const type of TYPES) add(name, type);
      for (const type of types) add(owner, type);
    }
  }
  for (const name of names) for (const type of TYPES) add(wireName(name), type);
  return [...questions.values()];
}

/** A query with EDNS and room for `udpPayloadSize` octets, or without EDNS. */
export function queryFor({ name, type }: ZoneQuestion, udpPayloadSize: number | undefined): Uint8Array {
  const edns = udpPayloadSize === undefined ? {} : { edns: { udpPayloadSize, dnssecOk: false, options: [] } };
  return encodeQuery({ id: 0, name, type, class: CLASS_IN, flags: { rd: false, ad: false, cd: false }, ...edns });
}

/** Octets of header and question together. */
export const questionEnd = (message: Uint8Array): number => HEADER_SIZE + nameSize(message, HEADER_SIZE) + 4;

/** Owner names of a zone file, each once, with their types. */
function owners({ origin, path }: ZoneFile): { readonly owner: Uint8Array; readonly types: readonly number[] }[] {
  const apex = wireName(`${origin}.`);
  const input = { text: readFileSync(path), file: path, origin: apex, readInclude: () => err('no file is included here') };
  const { records, problems } = parseZone(input);
  if (problems.length > 0) throw new Error(`${path}: ${problems[0]!.message}`);
  const found = new Map<string, { owner: Uint8Array; types: number[] }>();
  for (let i = 0; i < records.count; i++) {
    const at = records.ownerOffset[i]!;
    const owner = records.octets.slice(at, at + nameSize(records.octets, at));
    const key = nameToText(owner).toLowerCase();
    const entry = found.get(key) ?? { owner, types: [] };
    entry.types.push(records.type[i]!);
    found.set(key, entry);
  }
  return [...found.values()];
}

const X = 0x78;
const ASTERISK = 0x2a;
const CASE_BIT = 0x20;

/** The name itself and in other case, its parent, two children, two siblings, the wildcard beside it; those that are names. */
function neighbours(owner: Uint8Array): Uint8Array[] {
  const parent = owner.subarray(owner[0]! + 1);
  const label = owner.subarray(1, owner[0]! + 1);
  const names = [owner, otherCase(owner), parent, below(owner, [X]), below(owner, [0]), below(owner, [ASTERISK])];
  names.push(below(parent, [...label, X]), below(parent, [ASTERISK]), below(below(parent, [X]), [X]));
  return names.filter((name) => name.length <= MAX_NAME_SIZE && name[0]! <= MAX_LABEL_SIZE);
}

const below = (parent: Uint8Array, label: readonly number[]): Uint8Array => Uint8Array.of(label.length, ...label, ...parent);

/** Every second letter in the other case. */
function otherCase(name: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(name);
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) {
    for (let i = at + 1; i <= at + name[at]!; i += 2) {
      const lower = name[i]! | CASE_BIT;
      if (lower >= 0x61 && lower <= 0x7a) changed[i]! ^= CASE_BIT;
    }
  }
  if (!namesEqual(name, 0, changed, 0)) throw new Error(`${nameToText(name)} has changed`);
  return changed;
}
