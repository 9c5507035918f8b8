// Chains of CNAME and DNAME records: loops, and chains longer than resolvers follow. Each alias has at most one successor,
// the alias that answers for its target, so the aliases form a graph in which a walk that marks its path finds every loop.
// A DNAME stands for all names below it; its successor is the DNAME that its own target lies at or below.

import { MAX_NAME_SIZE } from '../wire/constants.ts';
import { nameSize } from '../wire/name.ts';
import { TYPE } from '../wire/rrtype.ts';
import { AT, type ZoneView } from './check-view.ts';
import { NO_NAME } from './image.ts';
import { MAX_ALIAS_CHAIN } from './limits.ts';

const NEW = 0;
const ON_PATH = 1;
const DONE = 2;
/** DNAMEs that one target is rewritten by before it is given up. */
const MAX_REWRITES = 16;
/** Names of a loop that a message lists. */
const MAX_SHOWN = 8;

export function checkAliases(view: ZoneView): void {
  const state = new Uint8Array(view.existing);
  /** Aliases from here to the end of the chain; 0 if it ends in a loop. Stops counting above 255. */
  const length = new Uint8Array(view.existing);
  const path: number[] = [];
  const isAlias = AT.CNAME | AT.DNAME;
  for (let start = 0; start < view.existing; start++) {
    if (!(view.flags[start]! & isAlias) || !isServed(view, start)) continue;
    let id = start;
    while (id !== NO_NAME && state[id] === NEW) {
      state[id] = ON_PATH;
      path.push(id);
      id = successor(view, id);
    }
    let isLooping = false;
    let rest = 0;
    if (id !== NO_NAME) {
      isLooping = state[id] === ON_PATH || length[id] === 0;
      rest = length[id]!;
      if (state[id] === ON_PATH) reportLoop(view, path.slice(path.indexOf(id)));
    }
    while (path.length > 0) {
      const last = path.pop()!;
      state[last] = DONE;
      if (isLooping) continue;
      rest = Math.min(rest + 1, 255);
      length[last] = rest;
      if (rest === MAX_ALIAS_CHAIN + 1) reportChain(view, last);
    }
  }
}

/** Whether the aliases at `id` are ever answered: inside the zone, not below a cut or DNAME. */
const isServed = (view: ZoneView, id: number): boolean => view.inZone[id] === 1 && view.cut[id] === 0 && view.dname[id] === 0;

function aliasAt(view: ZoneView, id: number): number {
  return view.recordAt(id, view.flags[id]! & AT.CNAME ? TYPE.CNAME : TYPE.DNAME);
}

const name = new Uint8Array(MAX_NAME_SIZE + 1);

/** Id of the alias that answers for the target of the alias at `id`; NO_NAME if none does. */
function successor(view: ZoneView, id: number): number {
  const { octets } = view.records;
  const isDname = !(view.flags[id]! & AT.CNAME);
  const at = view.targetAt(aliasAt(view, id));
  name.set(octets.subarray(at, at + nameSize(octets, at)));
  for (let rewrites = 0; rewrites < MAX_REWRITES; rewrites++) {
    const encloser = view.closestEncloser(name);
    if (encloser === NO_NAME || view.cut[encloser] !== 0) return NO_NAME;
    const isExact = view.suffixAt === 0;
    const flags = view.flags[encloser]!;
    const dname = dnameFor(view, encloser, isExact && !isDname);
    if (dname !== NO_NAME) {
      if (isDname) return dname;
      if (!rewrite(view, dname)) return NO_NAME;
      continue;
    }
    if (isDname) return NO_NAME;
    if (isExact) return flags & AT.CNAME ? encloser : NO_NAME;
    const wildcard = view.wildcardBelow(encloser);
    return wildcard !== NO_NAME && view.flags[wildcard]! & AT.CNAME ? wildcard : NO_NAME;
  }
  return NO_NAME;
}

/** The DNAME that stands above `name`, whose closest encloser is given, or at it unless `isStrict`; NO_NAME if none. */
function dnameFor(view: ZoneView, encloser: number, isStrict: boolean): number {
  if (view.dname[encloser] !== 0) return view.dname[encloser]! - 1;
  return !isStrict && view.flags[encloser]! & AT.DNAME ? encloser : NO_NAME;
}

/** Replaces the end of `name` by the target of `dname` (RFC 6672 section 2.2); false if the result is too long. */
function rewrite(view: ZoneView, dname: number): boolean {
  const { octets, ownerOffset } = view.records;
  const i = view.recordAt(dname, TYPE.DNAME);
  const prefixSize = nameSize(name) - nameSize(octets, ownerOffset[i]!);
  const at = view.targetAt(i);
  const size = nameSize(octets, at);
  if (prefixSize + size > MAX_NAME_SIZE) return false;
  name.set(octets.subarray(at, at + size), prefixSize);
  return true;
}

/** Once for each loop, at the record of it that is written first. */
function reportLoop(view: ZoneView, loop: readonly number[]): void {
  const shown = loop.slice(0, MAX_SHOWN).map((id) => view.text(id));
  const back = loop.length > MAX_SHOWN ? `... (${loop.length} names)` : view.text(loop[0]!);
  const first = loop.reduce((least, id) => Math.min(least, aliasAt(view, id)), Number.POSITIVE_INFINITY);
  view.error('ERR_ZONE_ALIAS_LOOP', `aliases lead back to themselves: ${[...shown, back].join(' -> ')}`, first);
}

function reportChain(view: ZoneView, id: number): void {
  const message = `${view.text(id)} begins a chain of more than ${MAX_ALIAS_CHAIN} aliases; some resolvers give up`;
  view.warning('ERR_ZONE_ALIAS_CHAIN', message, aliasAt(view, id));
}
