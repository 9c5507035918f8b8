// The hosts that NS, MX and SRV records name: glue where a resolver could not do without (RFC 9471), an address where the
// zone itself should have one, and no alias in between (RFC 2181 section 10.3). Targets outside the zone are not ours to judge.

import { TYPE, typeName } from '../wire/rrtype.ts';
import { AT, type ZoneView } from './check-view.ts';
import { NO_NAME } from './image.ts';

/** With `isWhole` false, a line that could not be read may have held what is missing: only aliases are looked for. */
export function checkTargets(view: ZoneView, isWhole: boolean): void {
  const { records, order, first } = view;
  for (let id = 0; id < view.existing; id++) {
    if (view.inZone[id] === 0) continue;
    const cut = view.cut[id]!;
    const isHidden = view.dname[id] !== 0 || (cut !== 0 && cut !== id + 1);
    if (isHidden) continue;
    for (let k = first[id]!; k < first[id + 1]!; k++) {
      const i = order[k]!;
      const type = records.type[i]!;
      if (type === TYPE.NS || (cut === 0 && (type === TYPE.MX || type === TYPE.SRV))) checkTarget(view, i, cut, isWhole);
    }
  }
}

/** `cut`: 1 + id of the zone cut that the record `i` makes, or 0. */
function checkTarget(view: ZoneView, i: number, cut: number, isWhole: boolean): void {
  const target = view.target(i);
  if (view.inZone[target] === 0 || view.records.octets[view.targetAt(i)] === 0) return;
  const name = view.text(target);
  const type = typeName(view.records.type[i]!);
  if (view.cut[target] !== 0) {
    // Below another cut the address is to be had from there, or comes as glue.
    const isGlueNeeded = view.cut[target] === cut && !(view.flags[target]! & AT.ADDRESS);
    if (isWhole && isGlueNeeded) {
      view.error('ERR_ZONE_MISSING_GLUE', `${name} lies in the zone that it serves; its A or AAAA is needed here`, i);
    }
    return;
  }
  const flags = view.dname[target] !== 0 ? AT.CNAME : answering(view, target);
  if (flags & AT.CNAME) {
    const message = `target ${name} of ${type} is an alias; name the host itself`;
    if (type === 'NS') view.error('ERR_ZONE_TARGET_ALIAS', message, i);
    else view.warning('ERR_ZONE_TARGET_ALIAS', message, i);
  } else if (isWhole && !(flags & (AT.ADDRESS | AT.GSLB))) {
    view.warning('ERR_ZONE_TARGET_MISSING', `target ${name} of ${type} has no address in this zone`, i);
  }
}

/** Bits of AT of the name that answers for `id`: itself, or the wildcard below its closest encloser. */
function answering(view: ZoneView, id: number): number {
  if (id < view.existing) return view.flags[id]!;
  const wildcard = view.wildcardBelow(view.closestExisting(id));
  return wildcard === NO_NAME ? 0 : view.flags[wildcard]!;
}
