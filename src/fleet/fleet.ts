// The fleet aggregator's contract, for fleets whose results are too many to judge one at a time: columns of results go in,
// changed verdicts and tallies come out. Two kernels keep it and give the same bits: kernel.ts here, native/fleet in C++.
//
// For each result in the order of the batch, of a pair (target, prober):
//   outcome >= NOT_CHECKED   is tallied, nothing else
//   otherwise                lastSec = max(lastSec, atSec); damping as in health/damping.ts
//   success                  sample = latency << 4; ewma = ewma ? ewma + ((sample - ewma) >> 3) : sample
//   latency                  is taken as 1..LATENCY_MOST_US
// Then for every target: votes are the pairs whose opinion is known and lastSec + freshSec > nowSec; the verdict follows by
// concludes() of health/quorum.ts from what traffic followed before; unknown keeps that. A pair that its flap guard holds has an
// opinion of HELD or more.

import type { DampingColumns, DampingRule } from '../health/damping.ts';
import type { QuorumRule } from '../health/quorum.ts';

/** Bits of the `what` column: an outcome (model/probe.ts), and the family of the address: 0 IPv4, 1 IPv6. */
export const OUTCOME_MASK = 127;
export const FAMILY_SHIFT = 7;

/** Bits of a verdict: one of OPINION, and whether traffic treats the target as down (now, or when last concluded). */
export const STATE_MASK = 3;
export const HELD_DOWN = 4;

/** Latencies are capped here, at 16.8 s: the greatest number of 24 bits, which a 32-bit float holds exactly. */
export const LATENCY_MOST_US: number = 2 ** 24 - 1;
/** EWMA: units of 1/16 us; each new sample weighs 1/8. */
export const EWMA_FRACTION_BITS = 4;
export const EWMA_WEIGHT_BITS = 3;

/** What one kernel judges: the targets of one probe, so that all have the same rules. */
export interface FleetShape {
  /** Site of each target; its length is the number of targets. */
  readonly siteOfTarget: Uint16Array;
  readonly sites: number;
  /** Region of each prober, 1..1024 of them; every pair of them with a target has a place in the columns. */
  readonly regionOfProber: Uint8Array;
  readonly regions: number;
  readonly damping: DampingRule;
  readonly quorum: QuorumRule;
  /** A vote counts until this long after the newest result behind it; at least 1. */
  readonly freshSec: number;
}

/** Results in columns, `count` of each; over a SharedArrayBuffer if other threads fill them. Not to be written during a pass. */
export interface Batch {
  readonly count: number;
  readonly target: Uint32Array;
  readonly prober: Uint16Array;
  readonly what: Uint8Array;
  readonly latencyUs: Uint32Array;
  readonly atSec: Uint32Array;
}

/** Room for a batch of `count` results in shared memory; `prepare` sees the memory of each column before anything is written. */
export function sharedBatch(count: number, prepare: (memory: Uint8Array) => void = () => {}): Batch {
  const shared = (octets: number): SharedArrayBuffer => {
    const memory = new SharedArrayBuffer(octets);
    prepare(new Uint8Array(memory));
    return memory;
  };
  return {
    count,
    target: new Uint32Array(shared(count * 4)),
    prober: new Uint16Array(shared(count * 2)),
    what: new Uint8Array(shared(count)),
    latencyUs: new Uint32Array(shared(count * 4)),
    atSec: new Uint32Array(shared(count * 4)),
  };
}

/** State; pairs at target * probers + prober, verdicts by target. To be read between passes. */
export interface FleetColumns extends DampingColumns {
  /** Time of the newest result, in seconds; 0 = none. */
  readonly lastSec: Uint32Array;
  /** Latency of successes in 1/16 us, smoothed; 0 = none. */
  readonly ewma: Uint32Array;
  readonly verdict: Uint8Array;
}

/** What a pass found; the arrays are the kernel's own and hold until the next pass. */
export interface Findings {
  /** Targets whose verdict changed, ascending. */
  readonly changed: Uint32Array;
  /** Results of this batch, counted: see tallies.ts. */
  readonly tallies: Uint32Array;
}

export interface FleetKernel {
  readonly columns: FleetColumns;
  /**
   * Takes a batch. One pass at a time. A batch that names a target or a prober that is not there is refused whole, with a
   * RangeError that names the row.
   */
  pass(batch: Batch, nowSec: number): Promise<Findings>;
  close(): void;
}

const PROBERS_MOST = 1024;
const REGIONS_MOST = 255;
const THRESHOLD_MOST = 200;

/** Throws a RangeError if the shape is impossible. */
export function checkShape({ siteOfTarget, sites, regionOfProber, regions, damping, quorum, freshSec }: FleetShape): void {
  const targets = siteOfTarget.length;
  const probers = regionOfProber.length;
  within('targets', targets, 1, 2 ** 32 - 1);
  within('probers', probers, 1, PROBERS_MOST);
  within('pairs', targets * probers, 1, 2 ** 32 - 1);
  within('sites', sites, 1, 65_536);
  within('regions', regions, 1, REGIONS_MOST);
  within('sites x regions', sites * regions, 1, 2 ** 20);
  within('rise', damping.rise, 1, THRESHOLD_MOST);
  within('fall', damping.fall, 1, THRESHOLD_MOST);
  within('votes of the quorum', quorum.votes, 1, PROBERS_MOST);
  within('regions of the quorum', quorum.regions, 1, REGIONS_MOST);
  within('freshSec', freshSec, 1, 2 ** 31);
  for (const site of siteOfTarget) within('site', site, 0, sites - 1);
  for (const region of regionOfProber) within('region', region, 0, regions - 1);
}

/** Throws a RangeError if a column is shorter than the batch says, or the time is no number of 32 bits. */
export function checkBatch({ count, ...columns }: Batch, nowSec: number): void {
  within('nowSec', nowSec, 0, 2 ** 32 - 1);
  for (const [name, column] of Object.entries(columns)) within(`rows of ${name}`, count, 0, column.length);
}

/** The error for a row that names what is not there. */
export function badRow(row: number, batch: Batch, targets: number, probers: number): RangeError {
  const found = `target ${batch.target[row]}, prober ${batch.prober[row]}`;
  return new RangeError(`fleet: row ${row} of the batch: ${found}; allowed: targets below ${targets}, probers below ${probers}`);
}

function within(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`fleet: ${what}: found ${value}, allowed: ${least}..${most}`);
}
