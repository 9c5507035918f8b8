// The servers that may be chosen, with the weight that each has now: those of one priority that are up, recovering ones with
// less than their whole weight. Positions are dense and in order of the servers' identities, which is the same in every agent of
// the site, whatever the order of its configuration. None has weight zero.

import { NONE } from './chooser.ts';
import { NO_GROUP, type ServerTable } from './table.ts';

/** The present weight of a settled server of weight 1: weights are counted in thousandths. */
export const WHOLE = 1000;

export class Candidates {
  readonly table: ServerTable;
  /** By which the table knows them. */
  readonly group: number;
  size = 0;
  /** By position. */
  slots: Int32Array = new Int32Array(0);
  /** Integers, in thousandths of a configured weight of 1. */
  weights: Float64Array = new Float64Array(0);
  totalWeight = 0;
  /**
   * Mean configured weight of all servers, up or down, in thousandths: what ring.ts takes as its unit, so that a server that
   * fails does not change the points of the others.
   */
  meanWeight: number = WHOLE;
  /** Sum of the weights before each position. */
  #before: Float64Array = new Float64Array(0);

  constructor(table: ServerTable, group: number) {
    this.table = table;
    this.group = group;
  }

  /** Whether set would change nothing. A slot with a new owner is in no group yet, and so not the same. */
  isSame(slots: readonly number[], weightOf: (slot: number) => number, meanWeight: number): boolean {
    if (slots.length !== this.size || meanWeight !== this.meanWeight) return false;
    const { group } = this.table.columns;
    if (slots.some((slot) => group[slot] !== this.group)) return false;
    return this.weights.every((weight, at) => weight === weightOf(this.slots[at]!));
  }

  /** Replaces all. `weightOf` gives integers above zero. */
  set(slots: readonly number[], weightOf: (slot: number) => number, meanWeight: number): void {
    const { identityA, identityB, group } = this.table.columns;
    // One that has moved to another group is none of ours any more.
    for (const slot of this.slots) if (group[slot] === this.group) this.table.setGroup(slot, NO_GROUP);
    this.slots = Int32Array.from(slots).sort((a, b) => identityA[a]! - identityA[b]! || identityB[a]! - identityB[b]!);
    for (const slot of this.slots) this.table.setGroup(slot, this.group);
    this.size = slots.length;
    this.weights = Float64Array.from(this.slots, weightOf);
    this.#before = new Float64Array(this.size);
    this.meanWeight = meanWeight;
    this.totalWeight = 0;
    for (let at = 0; at < this.size; at++) {
      this.#before[at] = this.totalWeight;
      this.totalWeight += this.weights[at]!;
    }
  }

  /** Whether the candidate at a position may take one more. */
  isFree(at: number): boolean {
    return this.table.isFree(this.slots[at]!);
  }

  /** The position whose stretch of the total weight holds `point`, 0 <= point < totalWeight. There must be a candidate. */
  find(point: number): number {
    let low = 0;
    let high = this.size - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#before[middle]! <= point) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** A position other than `first`, by weight, from a number 0 <= random < 1. There must be two candidates. */
  findOther(first: number, random: number): number {
    const weight = this.weights[first]!;
    const point = random * (this.totalWeight - weight);
    return this.find(point < this.#before[first]! ? point : point + weight);
  }

  /** The first position from `from` on, around the end, that may take one more, or NONE. */
  nextFree(from: number): number {
    for (let i = 0, at = from; i < this.size; i++) {
      if (this.isFree(at)) return at;
      if (++at === this.size) at = 0;
    }
    return NONE;
  }

  /** The slot at a position; NONE for NONE. */
  slotAt(at: number): number {
    return at === NONE ? NONE : this.slots[at]!;
  }
}
