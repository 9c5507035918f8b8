// Where Meridian and another server answer differently, both on purpose: every class of difference that the differential run
// (test/differential/) may meet, who is on the other side, and the text that decides it. A rule holds for the narrowest set of
// replies that can be told; one that no reply needs fails the run.

import { RCODE } from '../../src/wire/constants.ts';
import { TYPE } from '../../src/wire/rrtype.ts';
import type { PeerName } from './peer-servers.ts';
import type { ZoneQuestion } from './question-set.ts';
import type { Field, View } from './reply-differences.ts';

export interface Comparison {
  readonly question: ZoneQuestion;
  /** Origin of the zone that answers. */
  readonly zone: string;
  /** Largest reply in octets. */
  readonly limit: number;
  readonly ours: View;
  readonly theirs: View;
  readonly fields: readonly Field[];
}

export interface DecidedDifference {
  readonly id: string;
  readonly servers: readonly PeerName[];
  /** The text that decides it. */
  readonly by: string;
  /** What Meridian does, and what the others do. */
  readonly decision: string;
  /** Whether all differences of a comparison are of this class. */
  holds(comparison: Comparison): boolean;
}

/** Aliases that Meridian follows in one reply, and Knot. */
const OUR_LINKS = 11;
const KNOT_LINKS = 5;
/** Octets by which a reply whose names are not all compressed is larger. */
const UNCOMPRESSED = 256;

export const DECIDED_DIFFERENCES: readonly DecidedDifference[] = [
  {
    id: 'any-other-rrset',
    servers: ['NSD', 'BIND'],
    by: 'RFC 8482 section 4.1',
    decision:
      'ANY is answered with one RRset of the name, whichever the server likes; each server likes another, which may be one that does not fit.',
    holds: ({ question, ours, theirs, fields }) => {
      if (question.type !== TYPE.ANY || !isOnly(fields, 'tc', 'answer')) return false;
      if (ours.tc !== theirs.tc) return new Set((ours.tc ? theirs : ours).answer.map(rrsetOf)).size === 1;
      const rrsets = [without(ours, theirs), without(theirs, ours)].map((lines) => new Set(lines.map(rrsetOf)));
      return rrsets.every(({ size }) => size === 1) && ownerOf([...rrsets[0]!][0]!) === ownerOf([...rrsets[1]!][0]!);
    },
  },
  {
    id: 'any-without-dnssec-types',
    servers: ['BIND'],
    by: 'RFC 8482 section 4.1, RFC 2308 section 2.2',
    decision:
      'ANY at a name that has only RRSIG, NSEC or NSEC3PARAM gets that RRset; BIND hides it without DO, and sends nothing at all.',
    holds: ({ question, ours, theirs, fields }) =>
      question.type === TYPE.ANY &&
      isOnly(fields, 'answer') &&
      theirs.answer.length === 0 &&
      theirs.authority.length === 0 &&
      ours.answer.every((line) => ['RRSIG', 'NSEC', 'NSEC3PARAM'].includes(typeOf(line))),
  },
  {
    id: 'any-through-dname',
    servers: ['BIND'],
    by: 'RFC 6672 section 3.2, step 3c',
    decision: 'ANY below a DNAME goes on at the substituted name; BIND takes the synthesised CNAME for the answer.',
    holds: ({ question, ours, theirs, fields }) =>
      question.type === TYPE.ANY &&
      isOnly(fields, 'rcode', 'tc', 'answer', 'authority', 'glue') &&
      theirs.rcode === RCODE.NOERROR &&
      theirs.authority.length === 0 &&
      theirs.answer.map(typeOf).sort().join() === 'CNAME,DNAME' &&
      (ours.tc || without(theirs, ours).length === 0),
  },
  {
    id: 'nsec-at-alias',
    servers: ['Knot', 'BIND'],
    by: 'RFC 1034 section 3.6.2, RFC 4035 section 2.5',
    decision:
      'A query for NSEC follows a CNAME like one for any type that the name does not have; the others end there, because in a signed zone the name would have one.',
    holds: ({ question, ours, theirs, fields }) =>
      question.type === TYPE.NSEC &&
      isOnly(fields, 'rcode', 'tc', 'answer', 'authority', 'glue') &&
      theirs.rcode === RCODE.NOERROR &&
      theirs.authority.map(typeOf).join() === 'SOA' &&
      without(theirs, ours).length === (ours.tc ? theirs.answer.length : 0) &&
      (ours.tc || without(ours, theirs).some((line) => typeOf(line) === 'CNAME')),
  },
  {
    id: 'chain-longer-than-ours',
    servers: ['NSD', 'BIND'],
    by: 'RFC 1034 sections 3.6.2 and 5.2.2 (no number), RFC 2308 section 2.1',
    decision: `After ${OUR_LINKS} aliases the reply ends without an error and the client asks on; NSD goes on to the end, BIND adds one more and says SERVFAIL.`,
    holds: ({ ours, theirs, fields }) =>
      isOnly(fields, 'rcode', 'tc', 'answer', 'authority') &&
      ours.rcode === RCODE.NOERROR &&
      aliases(ours) === OUR_LINKS &&
      (theirs.tc || (aliases(theirs) > OUR_LINKS && without(ours, theirs).length === 0)),
  },
  {
    id: 'chain-shorter-than-ours',
    servers: ['Knot'],
    by: 'RFC 1034 sections 3.6.2 and 5.2.2 (no number), RFC 2308 section 2.1',
    decision: `Knot ends the reply after ${KNOT_LINKS} aliases; the client asks on in the same way, only sooner.`,
    holds: ({ ours, theirs, fields }) =>
      isOnly(fields, 'tc', 'answer', 'authority') &&
      aliases(theirs) === KNOT_LINKS &&
      (ours.tc || (aliases(ours) > KNOT_LINKS && without(theirs, ours).length === 0)),
  },
  {
    id: 'alias-into-other-zone',
    servers: ['NSD'],
    by: 'RFC 2181 section 5.4.1',
    decision:
      'Only the alias is authoritative in an answer, so an alias that leaves the zone ends the reply; NSD goes on in other zones that it serves, truncates what is too much then, and says with the SOA of the first zone that the last name of all does not exist.',
    holds: ({ ours, theirs, fields, zone }) => {
      if (!isOnly(fields, 'rcode', 'tc', 'answer', 'authority', 'glue') || ours.answer.length === 0 || ours.tc) return false;
      if (theirs.tc) return ours.answer.every((line) => ['CNAME', 'DNAME'].includes(typeOf(line)));
      const others = [...without(theirs, ours), ...theirs.authority.filter((line) => rrsetOf(line) !== `${zone}. SOA`)];
      return without(ours, theirs).length === 0 && others.every((line) => !isIn(line, zone) || isIn(line, `child.${zone}`));
    },
  },
  {
    id: 'alias-into-child-zone',
    servers: ['BIND'],
    by: 'RFC 1034 section 4.3.2, step 3b',
    decision:
      'An alias below a cut ends in a referral, whoever serves the child; BIND ends at the alias if it serves the child too.',
    holds: ({ ours, theirs, fields }) =>
      isOnly(fields, 'authority', 'glue') &&
      ours.answer.length > 0 &&
      theirs.authority.length === 0 &&
      ours.authority.every((line) => rrsetOf(line) === 'child.cut.test. NS'),
  },
  {
    id: 'required-glue-missing',
    servers: ['NSD', 'BIND'],
    by: 'RFC 9471 section 3.1',
    decision: 'A referral that has no room for all required glue has TC set; the others leave glue out in silence.',
    holds: ({ ours, theirs, fields }) =>
      isOnly(fields, 'tc', 'glue') &&
      ours.tc &&
      ours.answer.length === 0 &&
      theirs.authority.length > 0 &&
      theirs.authority.every((line) => typeOf(line) === 'NS'),
  },
  {
    id: 'nsec3-owner',
    servers: ['NSD', 'Knot', 'BIND'],
    by: 'RFC 5155 section 7.2.8',
    decision:
      'The owner of an NSEC3 record does not exist in a signed zone; in an unsigned one it is a name like others, but the others hide it there too.',
    holds: ({ question, ours, theirs, fields }) =>
      isOnly(fields, 'rcode', 'answer', 'authority') &&
      question.text.toLowerCase().startsWith('2t7b4g4vsa5smi47k61mv5bv1a22bojr.types.test. ') &&
      ours.rcode === RCODE.NOERROR &&
      theirs.rcode === RCODE.NXDOMAIN,
  },
  {
    id: 'wildcard-ns',
    servers: ['Knot'],
    by: 'RFC 4592 section 4.2',
    decision: 'NS at a wildcard is data when it is synthesised; Knot refers to the wildcard as if it were a cut.',
    holds: ({ ours, theirs, fields }) =>
      isOnly(fields, 'aa', 'answer', 'authority') &&
      ours.aa &&
      theirs.answer.length === 0 &&
      theirs.authority.every((line) => rrsetOf(line) === '*.wild.wildcut.test. NS'),
  },
  {
    id: 'wildcard-dname-owner',
    servers: ['Knot'],
    by: 'RFC 6672 section 3.1',
    decision: 'A DNAME in an answer has the name it stands at, be it a wildcard; Knot puts the name asked for there.',
    holds: ({ ours, theirs, fields }) =>
      isOnly(fields, 'answer') &&
      without(ours, theirs).map(rrsetOf).join() === '*.wild-dname.core.test. DNAME' &&
      without(theirs, ours).map(typeOf).join() === 'DNAME',
  },
  {
    id: 'dname-twice',
    servers: ['Knot'],
    by: 'RFC 2181 section 5',
    decision: 'A chain that ends at a DNAME it went through has it once; Knot writes it a second time.',
    holds: ({ ours, theirs, fields }) =>
      isOnly(fields, 'answer') &&
      theirs.answer.length === ours.answer.length + 1 &&
      without(theirs, ours).length === 0 &&
      theirs.answer.some((line, i) => typeOf(line) === 'DNAME' && theirs.answer[i + 1] === line),
  },
  {
    id: 'labels-of-nul',
    servers: ['Knot'],
    by: 'RFC 2181 section 11',
    decision: 'A name of two labels of one NUL is not the name of one label of three; Knot takes it for that.',
    holds: ({ question }) => question.text.startsWith('\\000.\\000.odd.test. '),
  },
  {
    id: 'names-not-compressed',
    servers: ['BIND'],
    by: 'RFC 1035 section 4.1.4',
    decision:
      'Compression is optional; BIND compares names with their case and leaves them out of compression more often, so it truncates earlier.',
    holds: ({ ours, theirs, fields, limit }) =>
      isOnly(fields, 'tc', 'answer', 'authority', 'glue') && theirs.tc && !ours.tc && ours.size > limit - UNCOMPRESSED,
  },
  {
    id: 'pointer-into-dname',
    servers: ['BIND'],
    by: 'RFC 3597 section 4',
    decision:
      'The synthesised CNAME spells its target out, like those of NSD and Knot; BIND points into the data of the DNAME, so more fits.',
    holds: ({ ours, theirs, fields, limit }) =>
      isOnly(fields, 'tc', 'answer') &&
      ours.tc &&
      !theirs.tc &&
      theirs.size > limit - UNCOMPRESSED &&
      theirs.answer.some((line) => typeOf(line) === 'DNAME') &&
      theirs.answer.length === aliases(theirs) + 1,
  },
];

const isOnly = (fields: readonly Field[], ...allowed: readonly Field[]): boolean =>
  fields.every((field) => allowed.includes(field));
const without = (a: View, b: View): string[] => a.answer.filter((line) => !b.answer.includes(line));
const aliases = (view: View): number => view.answer.filter((line) => typeOf(line) === 'CNAME').length;

const ownerOf = (line: string): string => line.split(' ')[0]!;
const typeOf = (line: string): string => line.split(' ')[2]!;
const rrsetOf = (line: string): string => `${ownerOf(line)} ${typeOf(line)}`;
const isIn = (line: string, zone: string): boolean => `.${ownerOf(line)}`.endsWith(`.${zone}.`);
