// Counts that only grow, to rates over the last minute and to a history of a few minutes for people to look at. Pure: who calls says
// what time it is.

/** Between two samples of the history, and how many are kept: five minutes. */
const SAMPLE_MS = 2000;
const MOST_SAMPLES = 150;

export interface RateSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Answers per second. */
  readonly byRcode: Readonly<Record<string, number>>;
  readonly bySite: Readonly<Record<string, number>>;
}

export interface Totals {
  readonly byRcode: Readonly<Record<string, number>>;
  readonly bySite: Readonly<Record<string, number>>;
}

export class RateHistory {
  readonly samples: RateSample[] = [];
  readonly #listeners = new Set<(sample: RateSample) => void>();
  #last: { readonly monotonicMs: number; readonly totals: Totals } | null = null;

  /** Takes the totals since the start; makes a sample if it is time for one. */
  take(totals: Totals, monotonicMs: number, wallMs: number): void {
    const last = this.#last;
    const passedMs = last === null ? 0 : monotonicMs - last.monotonicMs;
    if (last !== null && passedMs < SAMPLE_MS) return;
    this.#last = { monotonicMs, totals };
    if (last === null) return;
    const sample: RateSample = {
      atMs: Math.floor(wallMs),
      byRcode: ratesOf(last.totals.byRcode, totals.byRcode, passedMs),
      bySite: ratesOf(last.totals.bySite, totals.bySite, passedMs),
    };
    this.push(sample);
  }

  /** Takes the next sample of another history, of which this one is then a copy. */
  push(sample: RateSample): void {
    this.samples.push(sample);
    if (this.samples.length > MOST_SAMPLES) this.samples.shift();
    for (const listen of this.#listeners) listen(sample);
  }

  /** Calls `listen` with each sample until the returned function is called. */
  subscribe(listen: (sample: RateSample) => void): () => void {
    this.#listeners.add(listen);
    return () => this.#listeners.delete(listen);
  }
}

const ratesOf = (before: Totals['bySite'], after: Totals['bySite'], passedMs: number): Record<string, number> =>
  Object.fromEntries(
    Object.entries(after).map(([name, total]) => [name, (1000 * Math.max(0, total - (before[name] ?? 0))) / passedMs]),
  );

/** Rates over about a minute, of totals by name. */
export class LastMinute<Name extends string> {
  readonly #seen: { readonly atMs: number; readonly totals: Readonly<Record<Name, number>> }[] = [];
  readonly #lengthMs: number;

  constructor(lengthMs = 60_000) {
    this.#lengthMs = lengthMs;
  }

  /** Per second since a minute ago; null until that long is known. `nowMs` only grows. */
  take(totals: Readonly<Record<Name, number>>, nowMs: number): Record<Name, number> | null {
    this.#seen.push({ atMs: nowMs, totals });
    while (this.#seen.length > 2 && nowMs - this.#seen[1]!.atMs >= this.#lengthMs) this.#seen.shift();
    const first = this.#seen[0]!;
    const passedMs = nowMs - first.atMs;
    if (passedMs < this.#lengthMs) return null;
    const names = Object.keys(totals) as Name[];
    return Object.fromEntries(names.map((name) => [name, (1000 * (totals[name] - first.totals[name])) / passedMs])) as Record<
      Name,
      number
    >;
  }
}
