// Answers per second, from counters that only grow: the difference of two looks over the time between them.

import type { Status } from '../../../src/admin/schemas/status.ts';

/** How long the page remembers: 150 looks at 2 s are five minutes. */
const MOST_SAMPLES = 150;
/** Looks that are closer together say too little. */
const LEAST_INTERVAL_MS = 1000;

export interface Sample {
  readonly atMs: number;
  /** Per second, by rcode; `dropped` for queries left without a reply. */
  readonly perSec: Readonly<Record<string, number>>;
}

/** What the server counts as lost, beside the rcodes. */
export const DROPPED = 'dropped';

interface Counted {
  readonly atMs: number;
  readonly counts: Readonly<Record<string, number>>;
}

export class Rates {
  readonly samples: Sample[] = [];
  #last: Counted | undefined;

  add(status: Status, atMs: number): void {
    const counts = countsOf(status);
    const last = this.#last;
    if (last !== undefined && atMs - last.atMs < LEAST_INTERVAL_MS) return;
    this.#last = { atMs, counts };
    if (last === undefined) return;
    const sec = (atMs - last.atMs) / 1000;
    const perSec = Object.fromEntries(
      // A count that fell is that of a restarted server: it says nothing of this interval.
      Object.entries(counts).map(([name, count]) => [name, Math.max(0, count - (last.counts[name] ?? 0)) / sec]),
    );
    this.samples.push({ atMs, perSec });
    if (this.samples.length > MOST_SAMPLES) this.samples.shift();
  }
}

const REPLIES = /^meridian_dns_replies_total\{rcode="([^"]+)"\}$/;
const UNANSWERED = 'meridian_dns_dropped_total';

/** Replies by rcode since the start, and what was left without one. */
function countsOf({ counters }: Status): Record<string, number> {
  const counts: Record<string, number> = { [DROPPED]: 0 };
  for (const [name, count] of Object.entries(counters)) {
    const rcode = REPLIES.exec(name)?.[1];
    if (rcode !== undefined) counts[rcode] = count;
    else if (name === UNANSWERED) counts[DROPPED] = count;
  }
  return counts;
}
