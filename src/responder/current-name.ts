// The name that is being looked up, and what the reply already holds of it. First the question's own; after a CNAME a name of
// the zone image, known by its id; after a DNAME or a steered alias one composed here of labels and, mostly, a name of the zone.
// Composed names keep the case of the letters they are made from.

import * as constants from '../wire/constants.ts';
import { nameSize, namesEqual, ROOT } from '../wire/name.ts';
import { QueryName } from '../wire/qname.ts';
import type { ZoneImage } from '../zone/image.ts';
import * as layout from '../zone/image.ts';
import { lookup, lookupInside, lookupName } from '../zone/lookup.ts';
import type { Found } from '../zone/lookup-result.ts';
import type { ReplyWriter } from './writer.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { HEADER_SIZE, MAX_NAME_SIZE } = constants;
const { APEX, NO_NAME } = layout;

const UNKNOWN = -1;

export class CurrentName {
  /** The name composed last: it becomes the current one by followComposed(). */
  readonly composed: Uint8Array = new Uint8Array(MAX_NAME_SIZE);
  readonly #composedName: QueryName = new QueryName();
  readonly #writer: ReplyWriter;

  /** The name's id in the zone; UNKNOWN if it is #name. */
  #id = UNKNOWN;
  #name: QueryName = this.#composedName;
  /** The wire octets of the name. */
  #source: Uint8Array = this.composed;
  #from = 0;
  /** The first #literalSize octets of #name stand uncompressed at message offset #at. */
  #at = 0;
  #literalSize = 0;

  constructor(writer: ReplyWriter) {
    this.#writer = writer;
  }

  /** Starts at the question, which the reply holds already and the zone was found by. */
  start(question: QueryName): void {
    this.#id = UNKNOWN;
    this.#name = question;
    this.#source = this.#writer.out;
    this.#from = this.#writer.position(HEADER_SIZE);
    this.#at = HEADER_SIZE;
    this.#literalSize = question.size - 1;
  }

  /** Goes on to a name of the zone, which the reply holds already. */
  follow(zone: ZoneImage, id: number): void {
    this.#id = id;
    if (id === NO_NAME) return;
    this.#source = zone.octets;
    this.#from = zone.nameOffset(id);
  }

  /** Goes on to the name in `composed`, whose first `literalSize` octets stand at message offset `at`. */
  followComposed(at: number, literalSize: number): void {
    this.#composedName.read(this.composed, 0, MAX_NAME_SIZE);
    this.#id = UNKNOWN;
    this.#name = this.#composedName;
    this.#source = this.composed;
    this.#from = 0;
    this.#at = at;
    this.#literalSize = literalSize;
  }

  /** Composes this name with its suffix `owner`, a node, replaced by `target`; returns its size, over 255 if it is too long. */
  substitute(zone: ZoneImage, owner: number, target: number): number {
    const literalSize = this.sizeAbove(zone, owner);
    const tail = target === NO_NAME ? ROOT : zone.octets;
    const tailAt = target === NO_NAME ? 0 : zone.nameOffset(target);
    const tailSize = nameSize(tail, tailAt);
    if (literalSize + tailSize > MAX_NAME_SIZE) return literalSize + tailSize;
    for (let i = 0; i < literalSize; i++) this.composed[i] = this.#source[this.#from + i]!;
    for (let i = 0; i < tailSize; i++) this.composed[literalSize + i] = tail[tailAt + i]!;
    return literalSize + tailSize;
  }

  /** Takes the name at `source[from..]` into `composed` and returns its size. */
  compose(source: Uint8Array, from: number): number {
    const size = nameSize(source, from);
    for (let i = 0; i < size; i++) this.composed[i] = source[from + i]!;
    return size;
  }

  /** Octets of the labels that the composed name has in front of the zone's apex; -1 if it does not lie in the zone. */
  sizeBelowApex(zone: ZoneImage): number {
    const apexAt = zone.nameOffset(APEX);
    for (let at = 0; ; at += this.composed[at]! + 1) {
      if (namesEqual(this.composed, at, zone.octets, apexAt)) return at;
      if (this.composed[at] === 0) return -1;
    }
  }

  /** Id of this name in the zone, where the lookup of it found an exact match; NO_NAME if it has none or it is not known. */
  id(found: Found): number {
    if (this.#id !== UNKNOWN) return this.#id;
    return found.wildcard !== 0 ? NO_NAME : found.node;
  }

  /** Octets of the labels that this name has in front of its suffix `owner`. */
  sizeAbove(zone: ZoneImage, owner: number): number {
    return nameSize(this.#source, this.#from) - nameSize(zone.octets, zone.nameOffset(owner));
  }

  lookup(zone: ZoneImage, type: number, found: Found): void {
    if (this.#id !== UNKNOWN) lookupName(zone, this.#id, type, found);
    else if (this.#name === this.#composedName) lookup(zone, this.#name, type, found);
    else lookupInside(zone, this.#name, type, found);
  }

  /** Makes this name the owner of the records to come. */
  own(): void {
    if (this.#id !== UNKNOWN) this.#writer.setOwnerName(this.#id);
    else this.#writer.setOwnerAt(this.#name.labels === 0 ? 0 : this.#at);
  }

  /** Tells the writer which names of the zone stand in this name, so that records can point at them. */
  teach(zone: ZoneImage, found: Found): void {
    if (this.#id !== UNKNOWN) return; // writing it has taught all its suffixes
    const node = found.wildcard !== 0 ? zone.nameParent(found.node) : found.node;
    this.#teachFrom(zone, node, this.#name.labels - zone.nodeLabels(node));
  }

  /** The same below a zone cut: `node` is at or below `cut`, and this name may be too. */
  teachBelow(zone: ZoneImage, cut: number, node: number): void {
    if (this.#id !== UNKNOWN) return;
    const name = this.#name;
    let k = name.labels - zone.nodeLabels(node);
    for (let id = node; id !== cut; id = zone.nameParent(id), k++) {
      if (k < 0 || !namesEqual(zone.octets, zone.nameOffset(id), name.octets, name.offset[k]!)) continue;
      this.#teachFrom(zone, id, k);
      return;
    }
  }

  /** `node` is the suffix of the name that starts at label `k`. */
  #teachFrom(zone: ZoneImage, node: number, label: number): void {
    const names = this.#writer.names;
    const offset = this.#name.offset;
    let id = node;
    for (let k = label; offset[k]! < this.#literalSize && names.of(id) === 0; k++) {
      names.learn(id, this.#at + offset[k]!);
      id = zone.nameParent(id);
    }
  }
}
