// The fleet aggregator in TypeScript: what native/fleet does, from the same functions that judge single results. It computes
// in the thread that calls pass(); kernel-thread.ts gives it one of its own. State is in SharedArrayBuffers.

import { damp, OPINION } from '../health/damping.ts';
import { concludes } from '../health/quorum.ts';
import { OUTCOME } from '../model/probe.ts';
import {
  type Batch,
  badRow,
  checkBatch,
  checkShape,
  EWMA_FRACTION_BITS,
  EWMA_WEIGHT_BITS,
  FAMILY_SHIFT,
  type Findings,
  type FleetColumns,
  type FleetKernel,
  type FleetShape,
  HELD_DOWN,
  LATENCY_MOST_US,
  OUTCOME_MASK,
} from './fleet.ts';
import { entryOf, ROW, rowAt, tallyRows } from './tallies.ts';

export class TypeScriptKernel implements FleetKernel {
  readonly columns: FleetColumns;
  readonly #shape: FleetShape;
  readonly #changed: Uint32Array;
  readonly #tallies: Uint32Array;
  /** By region, for one target at a time. */
  readonly #freshOf: Uint16Array;
  readonly #downOf: Uint16Array;
  readonly #notUpOf: Uint16Array;

  /** Throws a RangeError if the shape is impossible. */
  constructor(shape: FleetShape) {
    checkShape(shape);
    this.#shape = shape;
    const targets = shape.siteOfTarget.length;
    const pairs = targets * shape.regionOfProber.length;
    const u32 = (count: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(count * 4));
    this.columns = {
      opinion: new Uint8Array(new SharedArrayBuffer(pairs)),
      streak: new Uint8Array(new SharedArrayBuffer(pairs)),
      penalty: new Uint16Array(new SharedArrayBuffer(pairs * 2)),
      anchorSec: u32(pairs),
      lastSec: u32(pairs),
      ewma: u32(pairs),
      verdict: new Uint8Array(new SharedArrayBuffer(targets)),
    };
    this.#changed = u32(targets);
    this.#tallies = u32(tallyRows(shape.sites, shape.regions) * ROW);
    this.#freshOf = new Uint16Array(shape.regions);
    this.#downOf = new Uint16Array(shape.regions);
    this.#notUpOf = new Uint16Array(shape.regions);
  }

  async pass(batch: Batch, nowSec: number): Promise<Findings> {
    checkBatch(batch, nowSec);
    const targets = this.#shape.siteOfTarget.length;
    const probers = this.#shape.regionOfProber.length;
    for (let row = 0; row < batch.count; row++) {
      if (batch.target[row]! >= targets || batch.prober[row]! >= probers) throw badRow(row, batch, targets, probers);
    }
    this.#take(batch);
    return { changed: this.#changed.subarray(0, this.#conclude(nowSec)), tallies: this.#tallies };
  }

  close(): void {}

  #take({ count, target, prober, what, latencyUs, atSec }: Batch): void {
    const { siteOfTarget, regionOfProber, regions, damping } = this.#shape;
    const probers = regionOfProber.length;
    const { columns } = this;
    const { lastSec, ewma, opinion, streak } = columns;
    const tallies = this.#tallies.fill(0);
    for (let row = 0; row < count; row++) {
      const found = what[row]!;
      const outcome = found & OUTCOME_MASK;
      const latency = Math.min(LATENCY_MOST_US, Math.max(1, latencyUs[row]!));
      const site = siteOfTarget[target[row]!]!;
      const region = regionOfProber[prober[row]!]!;
      tallies[rowAt(site, region, found >> FAMILY_SHIFT, regions) + entryOf(found, latency)]!++;
      if (outcome >= OUTCOME.NOT_CHECKED) continue;
      const pair = target[row]! * probers + prober[row]!;
      if (atSec[row]! > lastSec[pair]!) lastSec[pair] = atSec[row]!;
      if (outcome === OUTCOME.OK) {
        const sample = latency << EWMA_FRACTION_BITS;
        const before = ewma[pair]!;
        ewma[pair] = before === 0 ? sample : before + ((sample - before) >> EWMA_WEIGHT_BITS);
        if (opinion[pair] === OPINION.UP && streak[pair] === 0) continue; // nothing speaks against it, nothing changes
      }
      damp(columns, pair, outcome, atSec[row]!, damping);
    }
  }

  /** Returns how many verdicts changed. */
  #conclude(nowSec: number): number {
    const targets = this.#shape.siteOfTarget.length;
    const { verdict } = this.columns;
    let changed = 0;
    for (let target = 0; target < targets; target++) {
      const before = verdict[target]!;
      const after = this.#verdictOf(target, nowSec, before);
      if (after === before) continue;
      verdict[target] = after;
      this.#changed[changed++] = target;
    }
    return changed;
  }

  #verdictOf(target: number, nowSec: number, before: number): number {
    const { regionOfProber, freshSec, quorum } = this.#shape;
    const probers = regionOfProber.length;
    const { opinion, lastSec } = this.columns;
    const freshOf = this.#freshOf.fill(0);
    const downOf = this.#downOf.fill(0);
    const notUpOf = this.#notUpOf.fill(0);
    let fresh = 0;
    let down = 0;
    let notUp = 0;
    for (let prober = 0; prober < probers; prober++) {
      const pair = target * probers + prober;
      if (opinion[pair] === OPINION.UNKNOWN || lastSec[pair]! + freshSec <= nowSec) continue;
      const region = regionOfProber[prober]!;
      fresh++;
      freshOf[region]!++;
      if (opinion[pair] === OPINION.UP) continue;
      notUp++;
      notUpOf[region]!++;
      if (opinion[pair] !== OPINION.DOWN) continue;
      down++;
      downOf[region]!++;
    }
    let regions = 0;
    let regionsDown = 0;
    let regionsNotUp = 0;
    for (let region = 0; region < freshOf.length; region++) {
      if (freshOf[region] === 0) continue;
      regions++;
      if (2 * downOf[region]! >= freshOf[region]!) regionsDown++;
      if (2 * notUpOf[region]! >= freshOf[region]!) regionsNotUp++;
    }
    const tally = { fresh, regions, down, regionsDown, notUp, regionsNotUp };
    const state = concludes(tally, quorum, (before & HELD_DOWN) === 0);
    if (state === 'unknown') return OPINION.UNKNOWN | (before & HELD_DOWN);
    return state === 'down' ? OPINION.DOWN | HELD_DOWN : OPINION.UP;
  }
}
