// Two replies to one question, compared in what a resolver acts on. Sections are sets of records: their order, compression and
// the case of names are free (RFC 1035 section 4.1.4, RFC 4343); optional additional records are not compared.

import { toHex } from '../../src/wire/base-n.ts';
import { decodeMessage } from '../../src/wire/message.ts';
import type { DnsRecord } from '../../src/wire/message-types.ts';
import { isAtOrBelow, LOWER, nameSize, nameToText } from '../../src/wire/name.ts';
import { TYPE, typeName } from '../../src/wire/rrtype.ts';

/**
 * `glue`: address records of a referral whose owners lie at or below the cut (RFC 9471 section 3.1). Of two truncated replies the
 * sections are not compared: what is in them is not to be used (RFC 2181 section 9).
 */
export type Field = 'rcode' | 'aa' | 'tc' | 'answer' | 'authority' | 'glue';

export interface View {
  readonly rcode: number;
  readonly aa: boolean;
  readonly tc: boolean;
  /** Records as sorted lines: owner, TTL, type, RDATA in hexadecimal digits. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly glue: readonly string[];
  /** Octets. */
  readonly size: number;
}

export function viewOf(octets: Uint8Array): View {
  const message = decodeMessage(octets);
  if (typeof message === 'string') throw new Error(`${message}: ${toHex(octets)}`);
  const { answers, authorities, additionals } = message;
  return {
    rcode: message.rcode,
    aa: message.flags.aa,
    tc: message.flags.tc,
    answer: lines(answers),
    authority: lines(authorities),
    glue: lines(additionals.filter(({ owner }) => authorities.some((ns) => isReferral(ns) && isAtOrBelow(owner, ns.owner)))),
    size: octets.length,
  };
}

/** The fields in which the replies differ. */
export function differences(a: View, b: View): Field[] {
  const fields: Field[] = [];
  for (const field of ['rcode', 'aa', 'tc'] as const) if (a[field] !== b[field]) fields.push(field);
  if (a.tc && b.tc) return fields;
  for (const field of ['answer', 'authority', 'glue'] as const) if (a[field].join() !== b[field].join()) fields.push(field);
  return fields;
}

/** One line for a message about a difference. */
export function describe(view: View): string {
  const { rcode, aa, tc, answer, authority, glue } = view;
  return `rcode ${rcode}${aa ? ' aa' : ''}${tc ? ' tc' : ''} answer [${answer.join('; ')}] authority [${authority.join('; ')}] glue [${glue.join('; ')}]`;
}

const isReferral = ({ type }: DnsRecord): boolean => type === TYPE.NS;

const lines = (records: readonly DnsRecord[]): string[] => records.map(line).sort();

function line({ owner, type, ttlSec, rdata }: DnsRecord): string {
  return `${nameToText(owner).toLowerCase()} ${ttlSec} ${typeName(type)} ${toHex(withoutCase(type, rdata))}`;
}

/**
 * Octets before the names in RDATA, and number of names, of the types whose names have no case in canonical form
 * (RFC 4034 section 6.2): some servers fold them when they load a zone, and compression takes the case of an earlier name.
 */
const NAMES_AT: ReadonlyMap<number, readonly [lead: number, names: number]> = new Map([
  [TYPE.NS, [0, 1]],
  [TYPE.CNAME, [0, 1]],
  [TYPE.SOA, [0, 2]],
  [TYPE.PTR, [0, 1]],
  [TYPE.MX, [2, 1]],
  [TYPE.RP, [0, 2]],
  [TYPE.SRV, [6, 1]],
  [TYPE.DNAME, [0, 1]],
]);

function withoutCase(type: number, rdata: Uint8Array): Uint8Array {
  const names = NAMES_AT.get(type);
  if (names === undefined) return rdata;
  const folded = Uint8Array.from(rdata);
  let end = names[0];
  for (let k = 0; k < names[1]; k++) end += nameSize(rdata, end);
  for (let i = names[0]; i < end; i++) folded[i] = LOWER[folded[i]!]!;
  return folded;
}
