// A name and a type to what the zone says about them: RFC 1034 section 4.3.2 with wildcards (RFC 4592), DNAME (RFC 6672),
// empty non-terminals (RFC 8020), zone cuts with DS on the parent's side (RFC 4035 section 3.1.4.1), and GSLB.
//
//   name at or below a cut     REFERRAL; but DS at the cut itself is answered like elsewhere
//   name below a DNAME         DNAME
//   elsewhere, a node          DATA, GSLB, CNAME or NODATA by its types
//   elsewhere, no node         the same by the types of the closest encloser's child `*`; NXDOMAIN if it has none
//
// A wildcard's NS or DNAME is plain data when it is reached by synthesis (RFC 4592 sections 4.2 and 4.4).
// Nothing here allocates; a hit costs one probe of the table, a miss one for each halving of the depths that the zone has.

import type { QueryName } from '../wire/qname.ts';
import * as types from '../wire/rrtype.ts';
import type { ZoneImage } from './image.ts';
import * as layout from './image.ts';
import type { Found } from './lookup-result.ts';
import * as result from './lookup-result.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { TYPE } = types;
const { APEX, NO_NAME, NODE, NODE_FLAG, RRSET_COUNT_MASK, SLOT } = layout;
const { FOUND } = result;

/**
 * Looks up the query name. ANY finds the first RRset of a node (RFC 8482 section 4.1), so the kind is DATA, or GSLB if
 * there is no other. GSLB itself is a type that no client can ask for: NODATA where it stands.
 */
export function lookup(image: ZoneImage, name: QueryName, type: number, found: Found): void {
  const apex = name.labels - image.apexLabels;
  if (apex >= 0 && name.isAt(name.offset[apex]!, name.size, image.octets, image.nameOffset(APEX))) {
    lookupInside(image, name, type, found);
  } else setFound(found, FOUND.OUTSIDE, APEX, -1);
}

/** The same for a query name that is known to be the apex or below it: the zone was found by it. */
export function lookupInside(image: ZoneImage, name: QueryName, type: number, found: Found): void {
  const node = name.labels > image.maxLabels ? -1 : findNode(image, name, 0);
  if (node >= 0) answerAt(image, node, type, found);
  else answerBelow(image, closestEncloser(image, name), type, found);
}

/** The same for a name of the image, such as the target of a CNAME. */
export function lookupName(image: ZoneImage, nameId: number, type: number, found: Found): void {
  let id = nameId;
  while (id !== NO_NAME && id >= image.nodeCount) id = image.nameParent(id);
  if (id === NO_NAME) setFound(found, FOUND.OUTSIDE, APEX, -1);
  else if (id === nameId) answerAt(image, id, type, found);
  else answerBelow(image, id, type, found);
}

/** Index of the RRset of `type` at a node; -1 if there is none. Takes no notice of cuts: this is how glue is found. */
export function rrsetOf(image: ZoneImage, node: number, type: number): number {
  const first = image.nodeWord(node, NODE.RRSETS);
  const end = first + (image.nodeWord(node, NODE.FLAGS) & RRSET_COUNT_MASK);
  for (let rrset = first; rrset < end; rrset++) if (image.rrsetType(rrset) === type) return rrset;
  return -1;
}

/** Node of the suffix that starts at label `k` of a name in the zone; -1 if there is none. */
function findNode(image: ZoneImage, name: QueryName, k: number): number {
  const { words, tableAt, tableMask } = image;
  const hash = name.hash[k]!;
  const labels = name.labels - k;
  const from = name.offset[k]!;
  const end = name.offset[name.labels - image.apexLabels]!;
  let slot = hash & tableMask;
  let at = tableAt + slot * SLOT.WORDS;
  while (words[at + SLOT.NODE_PLUS_1] !== 0) {
    // QueryName has signed hashes
    if ((words[at + SLOT.HASH]! | 0) === hash) {
      const node = words[at + SLOT.NODE_PLUS_1]! - 1;
      // Both end in the apex: with as many labels, they are the same if they are up to there.
      const isPossible = image.nodeLabels(node) === labels;
      if (isPossible && name.isAt(from, end, image.octets, image.nameOffset(node))) return node;
    }
    slot = (slot + 1) & tableMask;
    at = tableAt + slot * SLOT.WORDS;
  }
  return -1;
}

/**
 * The longest proper suffix of a name in the zone that is a node. All ancestors of a node up to the apex are nodes, so the
 * suffixes between the apex and the deepest node are bisected.
 */
function closestEncloser(image: ZoneImage, name: QueryName): number {
  let longest = Math.max(1, name.labels - image.maxLabels);
  let shortest = name.labels - image.apexLabels;
  let encloser = APEX;
  while (longest < shortest) {
    const middle = (longest + shortest) >> 1;
    const node = findNode(image, name, middle);
    if (node < 0) longest = middle + 1;
    else {
      encloser = node;
      shortest = middle;
    }
  }
  return encloser;
}

/** The name is `node`. */
function answerAt(image: ZoneImage, node: number, type: number, found: Found): void {
  const boundary = image.nodeWord(node, NODE.BOUNDARY) - 1;
  if (boundary < 0 || (boundary === node && type === TYPE.DS)) matchType(image, node, type, 0, found);
  else answerBoundary(image, boundary, found);
}

/** The name does not exist; `encloser` is its closest encloser. */
function answerBelow(image: ZoneImage, encloser: number, type: number, found: Found): void {
  const boundary = image.nodeWord(encloser, NODE.BOUNDARY) - 1;
  const wildcard = image.nodeWord(encloser, NODE.WILDCARD) - 1;
  if (boundary >= 0) answerBoundary(image, boundary, found);
  else if ((image.nodeWord(encloser, NODE.FLAGS) & NODE_FLAG.DNAME) !== 0) answerBoundary(image, encloser, found);
  else if (wildcard >= 0) matchType(image, wildcard, type, 1, found);
  else setFound(found, FOUND.NXDOMAIN, encloser, -1);
}

/** `node` is the topmost cut at or above the name, or the topmost DNAME above it. At a cut, NS outranks DNAME. */
function answerBoundary(image: ZoneImage, node: number, found: Found): void {
  if ((image.nodeWord(node, NODE.FLAGS) & NODE_FLAG.CUT) !== 0) {
    setFound(found, FOUND.REFERRAL, node, rrsetOf(image, node, TYPE.NS));
  } else setFound(found, FOUND.DNAME, node, rrsetOf(image, node, TYPE.DNAME));
}

function matchType(image: ZoneImage, node: number, type: number, wildcard: number, found: Found): void {
  const flags = image.nodeWord(node, NODE.FLAGS);
  const isSteered = (flags & NODE_FLAG.GSLB) !== 0;
  let kind: number = FOUND.DATA;
  let rrset = -1;
  if (isSteered && (type === TYPE.A || type === TYPE.AAAA)) {
    kind = FOUND.GSLB;
    rrset = rrsetOf(image, node, TYPE.GSLB);
  } else if (type === TYPE.ANY && (flags & RRSET_COUNT_MASK) > 0) {
    rrset = image.nodeWord(node, NODE.RRSETS);
    if (image.rrsetType(rrset) === TYPE.GSLB) kind = FOUND.GSLB;
  } else if (type !== TYPE.GSLB) rrset = rrsetOf(image, node, type);

  if (rrset < 0 && (flags & NODE_FLAG.CNAME) !== 0) {
    kind = FOUND.CNAME;
    rrset = rrsetOf(image, node, TYPE.CNAME);
  } else if (rrset < 0) kind = FOUND.NODATA;
  setFound(found, kind, node, rrset);
  found.wildcard = wildcard;
}

/** For an answer that does not come through a wildcard. */
function setFound(found: Found, kind: number, node: number, rrset: number): void {
  found.kind = kind;
  found.node = node;
  found.rrset = rrset;
  found.wildcard = 0;
}
