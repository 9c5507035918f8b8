// A second opinion on what a zone says about a name: the text of RFC 1034 section 4.3.2, RFC 4592 section 3.3.1 and
// RFC 6672 section 3.2 put into code step by step, over arrays of records, with no thought for speed.

import { nameSize } from '../../src/wire/name.ts';
import { TYPE } from '../../src/wire/rrtype.ts';
import type { ZoneImage } from '../../src/zone/image.ts';
import { RECORD_HEAD, RRSET } from '../../src/zone/image.ts';
import { FOUND, type Found } from '../../src/zone/lookup-result.ts';
import { encodeRdata, type Row, wire } from './zone-records.ts';

/** Labels, leftmost first, in lower case, one character an octet. */
export type Labels = readonly string[];

/** The answer in a form that a naive zone and a zone image can both be asked for. */
export interface Finding {
  readonly kind: keyof typeof FOUND;
  /** Labels of the node that the answer comes from, in front of the root. */
  readonly node?: Labels;
  readonly wildcard?: boolean;
  readonly type?: number;
  /** RDATA of the records, as hexadecimal digits, in zone order. */
  readonly rdata?: readonly string[];
}

interface NaiveRecord {
  readonly owner: Labels;
  readonly type: number;
  readonly rdata: string;
}

export class NaiveZone {
  readonly #apex: Labels;
  readonly #records: readonly NaiveRecord[];

  constructor(origin: string, rows: readonly Row[]) {
    this.#apex = labelsOf(wire(origin));
    this.#records = rows.map(([owner, type, data]) => ({
      owner: labelsOf(wire(owner, wire(origin))),
      type: TYPE[type],
      rdata: hex(encodeRdata(type, data, wire(origin))),
    }));
  }

  find(name: Labels, type: number): Finding {
    if (!isAtOrBelow(name, this.#apex)) return { kind: 'OUTSIDE' };
    // Step 3: match down, label by label.
    for (let labels = this.#apex.length; labels <= name.length; labels++) {
      const current = name.slice(name.length - labels);
      if (!this.#exists(current)) return this.#noMatch(name.slice(name.length - labels + 1), type);
      const isWhole = labels === name.length;
      const isCut = labels > this.#apex.length && this.#has(current, TYPE.NS);
      if (isCut && !(isWhole && type === TYPE.DS)) return this.#rrset('REFERRAL', current, TYPE.NS);
      if (!isWhole && this.#has(current, TYPE.DNAME)) return this.#rrset('DNAME', current, TYPE.DNAME);
    }
    return this.#match(name, type, false);
  }

  /** Step 3c: a match is impossible below `encloser`. */
  #noMatch(encloser: Labels, type: number): Finding {
    if (this.#has(encloser, TYPE.DNAME)) return this.#rrset('DNAME', encloser, TYPE.DNAME);
    const wildcard = ['*', ...encloser];
    if (!this.#exists(wildcard)) return { kind: 'NXDOMAIN', node: encloser, wildcard: false };
    return this.#match(wildcard, type, true);
  }

  #match(node: Labels, type: number, wildcard: boolean): Finding {
    const types = [...new Set(this.#records.filter((r) => isSame(r.owner, node)).map((r) => r.type))].sort((a, b) => a - b);
    if (types.includes(TYPE.GSLB)) {
      const isOnly = type === TYPE.ANY && types[0] === TYPE.GSLB;
      if (type === TYPE.A || type === TYPE.AAAA || isOnly) return this.#rrset('GSLB', node, TYPE.GSLB, wildcard);
    }
    if (type === TYPE.ANY && types.length > 0) return this.#rrset('DATA', node, types[0]!, wildcard);
    if (type !== TYPE.GSLB && types.includes(type)) return this.#rrset('DATA', node, type, wildcard);
    if (types.includes(TYPE.CNAME)) return this.#rrset('CNAME', node, TYPE.CNAME, wildcard);
    return { kind: 'NODATA', node, wildcard };
  }

  #rrset(kind: Finding['kind'], node: Labels, type: number, wildcard = false): Finding {
    const rdata = this.#records.filter((r) => isSame(r.owner, node) && r.type === type).map((r) => r.rdata);
    return { kind, node, wildcard, type, rdata: [...new Set(rdata)] };
  }

  /** A name exists if it or a name below it owns a record (RFC 4592 section 2.2.3). */
  #exists(name: Labels): boolean {
    return this.#records.some((r) => isAtOrBelow(r.owner, name));
  }

  #has(name: Labels, type: number): boolean {
    return this.#records.some((r) => r.type === type && isSame(r.owner, name));
  }
}

const KINDS = Object.keys(FOUND) as (keyof typeof FOUND)[];

/** What a lookup in the image has found. */
export function finding(image: ZoneImage, found: Found): Finding {
  const kind = KINDS.find((key) => FOUND[key] === found.kind)!;
  if (kind === 'OUTSIDE') return { kind };
  const node = labelsOf(image.octets, image.nameOffset(found.node));
  const wildcard = found.wildcard === 1;
  if (found.rrset < 0) return { kind, node, wildcard };
  return { kind, node, wildcard, type: image.rrsetType(found.rrset), rdata: rdataOf(image, found.rrset) };
}

/** RDATA of the records of an RRset, as hexadecimal digits. */
export function rdataOf(image: ZoneImage, rrset: number): string[] {
  const rdata: string[] = [];
  const from = image.rrsetWord(rrset, RRSET.DATA);
  const end = from + image.rrsetWord(rrset, RRSET.SIZE);
  for (let at = from; at < end; ) {
    const size = (image.octets[at + 8]! << 8) | image.octets[at + 9]!;
    rdata.push(hex(image.octets.slice(at + RECORD_HEAD, at + RECORD_HEAD + size)));
    at += RECORD_HEAD + size;
  }
  return rdata;
}

export function labelsOf(octets: Uint8Array, offset = 0): string[] {
  const end = offset + nameSize(octets, offset) - 1;
  const labels: string[] = [];
  for (let at = offset; at < end; at += octets[at]! + 1) {
    labels.push(String.fromCharCode(...octets.slice(at + 1, at + 1 + octets[at]!)).replace(/[A-Z]/g, (c) => c.toLowerCase()));
  }
  return labels;
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const isSame = (a: Labels, b: Labels): boolean => a.length === b.length && a.every((label, i) => label === b[i]);
const isAtOrBelow = (name: Labels, ancestor: Labels): boolean =>
  ancestor.length <= name.length && isSame(name.slice(name.length - ancestor.length), ancestor);
