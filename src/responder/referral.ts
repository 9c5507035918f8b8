// A delegation: the NS RRset of the cut in the authority section, addresses of its servers in the additional section.
// Glue of servers at or below the cut is required, or no one could reach them: without room for all of it, TC is set
// (RFC 9471 section 3.1). Addresses of other servers that this zone happens to know are a help, given while there is room.

import { TYPE } from '../wire/rrtype.ts';
import { APEX, type ZoneImage } from '../zone/image.ts';
import { rrsetOf } from '../zone/lookup.ts';
import type { Found } from '../zone/lookup-result.ts';
import type { CurrentName } from './current-name.ts';
import { ENCODED_TTL, type ReplyWriter } from './writer.ts';

/** Writes the referral that a lookup of `name` found; false if its NS RRset does not fit. */
export function writeReferral(writer: ReplyWriter, zone: ZoneImage, name: CurrentName, found: Found): boolean {
  const cut = found.node;
  const servers = zone.rrsetRecords(found.rrset);
  name.teach(zone, found);
  for (let k = 0; k < servers; k++) {
    const server = zone.ref(found.rrset, k);
    if (isGlue(zone, cut, server)) name.teachBelow(zone, cut, server);
  }
  writer.setOwnerName(cut);
  if (!writer.rrset(found.rrset, ENCODED_TTL)) return false;
  writer.authorities += servers;
  for (let k = 0; k < servers; k++) {
    const server = zone.ref(found.rrset, k);
    if (isGlue(zone, cut, server) && !writeAddresses(writer, zone, server)) writer.isTruncated = true;
  }
  if (writer.isTruncated) return true;
  for (let k = 0; k < servers; k++) {
    const server = zone.ref(found.rrset, k);
    if (server < zone.nodeCount && !isGlue(zone, cut, server)) writeAddresses(writer, zone, server);
  }
  return true;
}

/** Whether the zone has records at or below the cut under this name. */
function isGlue(zone: ZoneImage, cut: number, name: number): boolean {
  if (name >= zone.nodeCount) return false;
  let id = name;
  while (id !== cut && id !== APEX) id = zone.nameParent(id);
  return id === cut;
}

/** Writes the A and AAAA RRsets of a node; false if one of them does not fit. */
function writeAddresses(writer: ReplyWriter, zone: ZoneImage, node: number): boolean {
  writer.setOwnerName(node);
  const a = writeAdditional(writer, zone, rrsetOf(zone, node, TYPE.A));
  const aaaa = writeAdditional(writer, zone, rrsetOf(zone, node, TYPE.AAAA));
  return a && aaaa;
}

function writeAdditional(writer: ReplyWriter, zone: ZoneImage, rrset: number): boolean {
  if (rrset < 0) return true;
  if (!writer.rrset(rrset, ENCODED_TTL)) return false;
  writer.additionals += zone.rrsetRecords(rrset);
  return true;
}
