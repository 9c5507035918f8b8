// RRsets: one TTL, no record twice, and a size that one reply can hold (RFC 2181 section 5).

import { TYPE, typeName } from '../wire/rrtype.ts';
import type { ZoneView } from './check-view.ts';
import { RECORD_HEAD } from './image.ts';
import { MAX_RRSET_OCTETS, MAX_RRSET_RECORDS } from './limits.ts';
import { compareRdata } from './rdata-order.ts';

/** Octets of a compressed owner. */
const POINTER_SIZE = 2;
/** RDATA that a record cannot hold without being an RRset too large by itself. */
const LARGE_RDATA = MAX_RRSET_OCTETS - RECORD_HEAD - POINTER_SIZE;

export function checkRrsets(view: ZoneView): void {
  const { records, order, first } = view;
  for (let id = 0; id < view.existing; id++) {
    for (let from = first[id]!; from < first[id + 1]!; ) {
      let to = from + 1;
      while (to < first[id + 1]! && records.type[order[to]!] === records.type[order[from]!]) to++;
      if (to - from > 1 || records.rdataLength[order[from]!]! > LARGE_RDATA) checkRrset(view, id, from, to);
      from = to;
    }
  }
}

/** The records order[from..to) are one RRset. */
function checkRrset(view: ZoneView, id: number, from: number, to: number): void {
  const { records, order } = view;
  const one = order[from]!;
  const rrset = `${view.text(id)} ${typeName(records.type[one]!)}`;
  let octets = 0;
  for (let k = from; k < to; k++) octets += POINTER_SIZE + RECORD_HEAD + records.rdataLength[order[k]!]!;
  if (to - from > MAX_RRSET_RECORDS) {
    view.error('ERR_ZONE_LIMIT', `${rrset} has ${to - from} records; the most in one RRset is ${MAX_RRSET_RECORDS}`, one);
    return;
  }
  if (octets > MAX_RRSET_OCTETS) {
    view.error('ERR_ZONE_LIMIT', `${rrset} takes ${octets} octets in a reply; the most is ${MAX_RRSET_OCTETS}`, one);
  }
  checkTtl(view, rrset, from, to);
  const sorted = order.slice(from, to).sort((a, b) => compareRdata(records, a, b) || a - b);
  for (let k = 1; k < sorted.length; k++) {
    if (compareRdata(records, sorted[k - 1]!, sorted[k]!) !== 0) continue;
    view.warning('ERR_ZONE_DUPLICATE', `${rrset} has this record twice; one is kept`, sorted[k]!);
  }
}

/** RRSIGs have the TTL of what they cover, not one of their own (RFC 4034 section 3). */
function checkTtl(view: ZoneView, rrset: string, from: number, to: number): void {
  const { ttlSec, type } = view.records;
  const one = view.order[from]!;
  if (type[one] === TYPE.RRSIG) return;
  for (let k = from + 1; k < to; k++) {
    const i = view.order[k]!;
    if (ttlSec[i] === ttlSec[one]) continue;
    const message = `${rrset} has TTL ${ttlSec[i]} here and ${ttlSec[one]} before; the lowest is used for all`;
    view.warning('ERR_ZONE_TTL_MISMATCH', message, i);
    return;
  }
}
