// What may stand at a name, and beside what: SOA and NS, CNAME, DNAME, GSLB, and what lies below a zone cut (RFC 1034
// sections 3.6.2 and 4.2.1, RFC 6672 section 2.4). Contradictions are errors; data that is merely never answered, a warning.

import { nameToText } from '../wire/name.ts';
import { TYPE, typeName } from '../wire/rrtype.ts';
import { AT, flagOf, type ZoneView } from './check-view.ts';
import { NO_NAME } from './image.ts';

const BESIDE_CNAME = AT.NS | AT.SOA | AT.ADDRESS | AT.OTHER;

/** SOA and NS at the apex. What an unreadable line may have held is not missed: call it for zones without errors only. */
export function checkApex(view: ZoneView): void {
  const { records, apex, log } = view;
  const flags = apex === NO_NAME ? 0 : view.flags[apex]!;
  const origin = nameToText(records.origin);
  const file = records.files[0] ?? '';
  if (!(flags & AT.SOA)) log.error('ERR_ZONE_SOA', `zone has no SOA record at its apex ${origin}`, file, 1, 1);
  if (!(flags & AT.NS)) log.error('ERR_ZONE_NS', `zone has no NS record at its apex ${origin}`, file, 1, 1);
}

export function checkOwners(view: ZoneView): void {
  for (let id = 0; id < view.existing; id++) {
    if (!view.isOwner(id)) continue;
    if (view.inZone[id] === 0) {
      const message = `${view.text(id)} lies outside the zone ${nameToText(view.records.origin)}`;
      view.error('ERR_ZONE_OUT_OF_ZONE', message, view.firstAt(id));
      continue;
    }
    const flags = view.flags[id]!;
    if (flags & AT.SOA) checkSoa(view, id);
    if (flags & AT.CNAME) checkCname(view, id, flags);
    if (flags & AT.GSLB) checkGslb(view, id, flags);
    if (flags & AT.DNAME) checkDname(view, id, flags);
    if (view.cut[id] !== 0) checkOcclusion(view, id, flags);
    else if (view.dname[id] !== 0) {
      const message = `${view.text(id)} lies below the DNAME at ${view.text(view.dname[id]! - 1)}`;
      view.error('ERR_ZONE_DNAME_CLASH', message, view.firstAt(id));
    }
  }
}

function checkSoa(view: ZoneView, id: number): void {
  if (id !== view.apex) {
    const message = `SOA at ${view.text(id)}; the only one stands at the apex ${nameToText(view.records.origin)}`;
    view.error('ERR_ZONE_SOA', message, view.recordAt(id, TYPE.SOA));
    return;
  }
  const second = view.secondAt(id, TYPE.SOA);
  if (second >= 0) view.error('ERR_ZONE_SOA', 'a second, different SOA; a zone has one', second);
}

function checkCname(view: ZoneView, id: number, flags: number): void {
  const owner = view.text(id);
  if (flags & BESIDE_CNAME) {
    const message = `${owner} has a CNAME beside ${typesBeside(view, id, BESIDE_CNAME)}; a CNAME stands alone`;
    view.error('ERR_ZONE_CNAME_CLASH', message, view.recordAt(id, TYPE.CNAME));
  }
  const second = view.secondAt(id, TYPE.CNAME);
  if (second >= 0) view.error('ERR_ZONE_CNAME_CLASH', `${owner} has more than one CNAME`, second);
}

function checkGslb(view: ZoneView, id: number, flags: number): void {
  const owner = view.text(id);
  const clashing = AT.ADDRESS | AT.CNAME | AT.DNAME;
  if (flags & clashing) {
    const message = `${owner} has GSLB beside ${typesBeside(view, id, clashing)}, which the policy would replace`;
    view.error('ERR_ZONE_GSLB_CLASH', message, view.recordAt(id, TYPE.GSLB));
  }
  const second = view.secondAt(id, TYPE.GSLB);
  if (second >= 0) view.error('ERR_ZONE_GSLB_CLASH', `${owner} has more than one GSLB`, second);
  if (view.cut[id] !== 0) {
    const message = `${owner} has GSLB, but is delegated at ${view.text(view.cut[id]! - 1)}`;
    view.error('ERR_ZONE_GSLB_CLASH', message, view.recordAt(id, TYPE.GSLB));
  }
}

function checkDname(view: ZoneView, id: number, flags: number): void {
  const owner = view.text(id);
  const second = view.secondAt(id, TYPE.DNAME);
  if (second >= 0) view.error('ERR_ZONE_DNAME_CLASH', `${owner} has more than one DNAME`, second);
  const clashing = flags & (id === view.apex ? AT.CNAME : AT.CNAME | AT.NS);
  if (clashing === 0) return;
  const message = `${owner} has a DNAME beside ${typesBeside(view, id, clashing)}`;
  view.error('ERR_ZONE_DNAME_CLASH', message, view.recordAt(id, TYPE.DNAME));
}

/** Below a cut only glue is of use, and at the cut what the parent says about the child. GSLB and DNAME have errors of their own. */
function checkOcclusion(view: ZoneView, id: number, flags: number): void {
  const { records, order, first } = view;
  const isCut = view.cut[id] === id + 1;
  for (let k = first[id]!; k < first[id + 1]!; k++) {
    const type = records.type[order[k]!]!;
    if (type === TYPE.GSLB || (isCut && (type === TYPE.NS || type === TYPE.DS || type === TYPE.RRSIG || type === TYPE.NSEC)))
      continue;
    if (isCut && type === TYPE.DNAME) continue;
    if ((type === TYPE.A || type === TYPE.AAAA) && flags & AT.NS_TARGET) continue;
    const message = `${typeName(type)} at ${view.text(id)} is hidden by the delegation at ${view.text(view.cut[id]! - 1)}`;
    view.warning('ERR_ZONE_OCCLUDED', message, order[k]!);
    return;
  }
}

/** The types at `id` that are among `flags`, for a message. */
function typesBeside(view: ZoneView, id: number, flags: number): string {
  const types = new Set<string>();
  for (let k = view.first[id]!; k < view.first[id + 1]!; k++) {
    const type = view.records.type[view.order[k]!]!;
    if (flagOf(type) & flags) types.add(typeName(type));
  }
  return [...types].join(', ');
}
