// Answers per second as the server measures them: the last five minutes when the page opens, then each new sample as it is made. So
// every page shows the same, however long it has been open.

import type { RateSample } from '../../../src/admin/schemas/watch.ts';

/** What the server keeps: five minutes. */
const MOST_SAMPLES = 150;

/** What the server counts as lost, beside the rcodes. */
export const DROPPED = 'dropped';

/** Samples in order of time, each once; a server that started anew begins anew. */
export function addSamples(known: readonly RateSample[], more: readonly RateSample[]): readonly RateSample[] {
  const byTime = new Map([...known, ...more].map((sample) => [sample.atMs, sample]));
  return [...byTime.values()].sort((a, b) => a.atMs - b.atMs).slice(-MOST_SAMPLES);
}
