// Latencies of any number in constant space: buckets that grow with the value, 64 to each power of two, so that what is read back
// is at most 1/64 above what was put in (as HdrHistogram does, G. Tene 2012).

const STEPS = 64;
const POWERS = 32;

export class LatencyHistogram {
  readonly #counts = new Float64Array(STEPS * POWERS);
  #max = 0;
  #count = 0;

  /** Of values added. */
  get count(): number {
    return this.#count;
  }

  /** Adds a latency in microseconds. */
  add(us: number): void {
    this.#counts[bucketOf(us)]!++;
    this.#count++;
    this.#max = Math.max(this.#max, us);
  }

  /**
   * The least latency in microseconds that a share (0..1) of `asked` queries did not exceed. Those that were not added took for ever:
   * null if they are that many, and if nothing was asked.
   */
  percentile(share: number, asked: number): number | null {
    const rank = Math.ceil(asked * share);
    if (rank === 0 || rank > this.#count) return null;
    if (rank === this.#count) return this.#max;
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return Math.min(highestOf(bucket), this.#max);
    }
    return this.#max; // not reached: the counts add up to more than the rank
  }
}

/** Values below STEPS have a bucket each; above, each power of two has STEPS buckets. */
function bucketOf(us: number): number {
  const value = Math.max(0, Math.round(us));
  if (value < STEPS) return value;
  const power = Math.floor(Math.log2(value / STEPS));
  const bucket = STEPS * (power + 1) + Math.floor(value / 2 ** power) - STEPS;
  return Math.min(bucket, STEPS * POWERS - 1);
}

function highestOf(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const power = Math.floor(bucket / STEPS) - 1;
  return ((bucket % STEPS) + STEPS + 1) * 2 ** power - 1;
}
