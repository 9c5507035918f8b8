// Outlier detection: servers that fail while others do not are ejected for a while, longer each time, and never many at once. At once
// after so many failures in a row, and at the end of each interval by a success rate far below the mean of all. Source: Envoy's
// outlier detection, with its defaults: 5 in a row, 10 s, 30 s times the ejections up to 300 s, 10 %, 100 requests, 5 servers, 1.9.

import type { OutlierRule } from '../model/site.ts';

interface Record {
  failuresInRow: number;
  /** Of the present interval. */
  requests: number;
  failures: number;
  /** Ejections in a row, less one for each interval without. */
  ejections: number;
  /** 0 = not ejected. */
  ejectedUntilMs: number;
}

export class OutlierDetector {
  readonly #rule: OutlierRule;
  readonly #records = new Map<number, Record>();
  #ejected = 0;
  #sweepAtMs = Number.NaN;

  constructor(rule: OutlierRule) {
    this.#rule = rule;
  }

  /** The servers that there are, by slot. What is known of others is forgotten, of these it stays. */
  configure(slots: readonly number[]): void {
    const wanted = new Set(slots);
    for (const slot of this.#records.keys()) if (!wanted.has(slot)) this.#records.delete(slot);
    for (const slot of slots) {
      if (this.#records.has(slot)) continue;
      this.#records.set(slot, { failuresInRow: 0, requests: 0, failures: 0, ejections: 0, ejectedUntilMs: 0 });
    }
    this.#ejected = [...this.#records.values()].filter(({ ejectedUntilMs }) => ejectedUntilMs > 0).length;
  }

  isEjected(slot: number): boolean {
    return (this.#records.get(slot)?.ejectedUntilMs ?? 0) > 0;
  }

  /** Takes one result of a server that is configured, and says whether it was ejected for it. */
  observe(slot: number, isFailure: boolean, nowMs: number): boolean {
    const record = this.#records.get(slot);
    if (record === undefined || record.ejectedUntilMs > 0) return false;
    record.requests++;
    if (!isFailure) {
      record.failuresInRow = 0;
      return false;
    }
    record.failures++;
    record.failuresInRow++;
    const { consecutiveFailures } = this.#rule;
    return consecutiveFailures > 0 && record.failuresInRow >= consecutiveFailures && this.#eject(record, nowMs);
  }

  /** When sweep should be called next: the interval counts from the first call. */
  get sweepAtMs(): number {
    return this.#sweepAtMs;
  }

  /** The end of an interval: lets those back whose time is over, and ejects by success rate. Whether anything changed. */
  sweep(nowMs: number): boolean {
    this.#sweepAtMs = nowMs + this.#rule.intervalMs;
    let hasChanged = false;
    for (const record of this.#records.values()) {
      if (record.ejectedUntilMs === 0) {
        record.ejections = Math.max(0, record.ejections - 1);
      } else if (record.ejectedUntilMs <= nowMs) {
        record.ejectedUntilMs = 0;
        this.#ejected--;
        hasChanged = true;
      }
    }
    for (const record of this.#farBelow()) if (this.#eject(record, nowMs)) hasChanged = true;
    for (const record of this.#records.values()) {
      record.requests = 0;
      record.failures = 0;
    }
    return hasChanged;
  }

  /** Records whose success rate in this interval is far below the mean, worst first. */
  #farBelow(): readonly Record[] {
    const { leastRequests, leastServers, deviations } = this.#rule;
    const judged = [...this.#records.values()].filter(
      ({ requests, ejectedUntilMs }) => ejectedUntilMs === 0 && requests >= Math.max(1, leastRequests),
    );
    if (judged.length < leastServers) return [];
    const rate = ({ requests, failures }: Record): number => 1 - failures / requests;
    const mean = judged.reduce((sum, record) => sum + rate(record), 0) / judged.length;
    const variance = judged.reduce((sum, record) => sum + (rate(record) - mean) ** 2, 0) / judged.length;
    const mark = mean - deviations * Math.sqrt(variance);
    return judged.filter((record) => rate(record) < mark).sort((a, b) => rate(a) - rate(b));
  }

  #eject(record: Record, nowMs: number): boolean {
    const { mostEjectedPercent, ejectionMs, mostEjectionMs } = this.#rule;
    if (this.#ejected >= Math.max(1, Math.floor((this.#records.size * mostEjectedPercent) / 100))) return false;
    if (this.#ejected + 1 >= this.#records.size) return false; // the last one stays, however bad
    this.#ejected++;
    record.ejections++;
    record.failuresInRow = 0;
    record.ejectedUntilMs = nowMs + Math.min(mostEjectionMs, ejectionMs * record.ejections);
    return true;
  }
}
