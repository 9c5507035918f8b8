// Results counted by site, region of the prober and address family, with successes by latency: four buckets an octave, so
// that a quantile is exact to a quarter. Both kernels fill one row for each (site, region, family); sums of rows are rolled up
// here: per site, per region, and per (region, site), where the prober's region stands for that of the clients around it.

import { OUTCOME } from '../model/probe.ts';
import { LATENCY_MOST_US, OUTCOME_MASK } from './fleet.ts';

/** Numbers in a row. The first BUCKETS are successes by latency. */
export const ROW = 128;
const BUCKETS = 96;
const FAILURES = 96;
const NOT_CHECKED = 97;
const FAMILIES = 2;

/** Rows of a whole shape. */
export const tallyRows = (sites: number, regions: number): number => sites * regions * FAMILIES;

/** Where the row begins; `family` is 0 for IPv4, 1 for IPv6. */
export const rowAt = (site: number, region: number, family: number, regions: number): number =>
  ((site * regions + region) * FAMILIES + family) * ROW;

/** The place of a result within its row. `latencyUs` is 1..LATENCY_MOST_US. */
export function entryOf(what: number, latencyUs: number): number {
  const outcome = what & OUTCOME_MASK;
  if (outcome !== OUTCOME.OK) return outcome < OUTCOME.NOT_CHECKED ? FAILURES : NOT_CHECKED;
  const zeros = Math.clz32(latencyUs);
  return (31 - zeros) * 4 + (((latencyUs << zeros) >>> 29) & 3);
}

/** The least latency above all of a bucket, in microseconds. */
function bucketEndUs(bucket: number): number {
  return Math.min(LATENCY_MOST_US, 2 ** ((bucket + 1) >> 2) * (1 + ((bucket + 1) & 3) / 4));
}

/** What came of the checks that fall into one group. Quantiles are upper bounds, at most a quarter above; null = no success. */
export interface RollUp {
  readonly successes: number;
  readonly failures: number;
  readonly notChecked: number;
  readonly p50Us: number | null;
  readonly p90Us: number | null;
  readonly p99Us: number | null;
}

/** Rolled up per site, per region, and per region and site (`cells[region][site]`). */
export interface RollUps {
  readonly sites: readonly RollUp[];
  readonly regions: readonly RollUp[];
  readonly cells: readonly (readonly RollUp[])[];
}

export function rollUp(tallies: Uint32Array | Float64Array, sites: number, regions: number): RollUps {
  const eachSite = [...Array(sites).keys()];
  const eachRegion = [...Array(regions).keys()];
  const sumOf = (pairs: readonly (readonly [site: number, region: number])[]): RollUp => {
    const sum = new Float64Array(ROW);
    for (const [site, region] of pairs) {
      for (let family = 0; family < FAMILIES; family++) {
        const at = rowAt(site, region, family, regions);
        for (let i = 0; i < ROW; i++) sum[i]! += tallies[at + i]!;
      }
    }
    return summary(sum);
  };
  return {
    sites: eachSite.map((site) => sumOf(eachRegion.map((region) => [site, region]))),
    regions: eachRegion.map((region) => sumOf(eachSite.map((site) => [site, region]))),
    cells: eachRegion.map((region) => eachSite.map((site) => sumOf([[site, region]]))),
  };
}

function summary(sum: Float64Array): RollUp {
  let successes = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) successes += sum[bucket]!;
  const quantileUs = (percent: number): number | null => {
    if (successes === 0) return null;
    const rank = Math.ceil((successes * percent) / 100);
    let bucket = 0;
    for (let seen = sum[0]!; seen < rank; seen += sum[bucket]!) bucket++;
    return bucketEndUs(bucket);
  };
  return {
    successes,
    failures: sum[FAILURES]!,
    notChecked: sum[NOT_CHECKED]!,
    p50Us: quantileUs(50),
    p90Us: quantileUs(90),
    p99Us: quantileUs(99),
  };
}
