// How a server is doing before and after a change, and whether it has become so much worse that the change is taken back. Only what
// the change may have caused counts: shares of replies since, not totals; sites of the configuration then, not those of before.

import { type CounterName, type CounterTotals, repliesOf } from '../../metrics/counters.ts';

/** Totals and numbers of one moment. */
export interface Vitals {
  readonly counters: CounterTotals;
  readonly threads: { readonly alive: number; readonly wanted: number };
  readonly sites: { readonly serving: number; readonly configured: number };
}

/** With fewer replies one stray query would be a trend. */
const LEAST_REPLIES = 100;
/** A server that is well gives almost none of these: one in a hundred is an incident. */
const MOST_SERVFAIL_PERCENT = 1;
/** These depend on what is asked, which changes from minute to minute. */
const MOST_REFUSAL_PERCENT = 10;

type Share = readonly [words: string, counters: readonly CounterName[], mostPercent: number];

const SHARES: readonly Share[] = [
  ['SERVFAIL', ['REPLIES_SERVFAIL'], MOST_SERVFAIL_PERCENT],
  ['REFUSED', ['REPLIES_REFUSED'], MOST_REFUSAL_PERCENT],
  ['NXDOMAIN', ['REPLIES_NXDOMAIN'], MOST_REFUSAL_PERCENT],
  ['no address', ['GSLB_NODATA'], MOST_REFUSAL_PERCENT],
];

/** In words why `now` is worse than `before`, the moment of the change; null = it is not. `before` holds totals since the start. */
export function worseBecause(before: Vitals, now: Vitals): string | null {
  const exceptions = now.counters.EXCEPTIONS - before.counters.EXCEPTIONS;
  if (exceptions > 0 && before.counters.EXCEPTIONS === 0) return `${exceptions} queries met a bug`;
  const dead = now.threads.wanted - now.threads.alive;
  if (dead > before.threads.wanted - before.threads.alive) return `${dead} threads that answer have died`;
  const idle = now.sites.configured - now.sites.serving;
  if (idle > before.sites.configured - before.sites.serving)
    return `${now.sites.serving} of ${now.sites.configured} sites serve, before it were ${before.sites.serving} of ${before.sites.configured}`;
  const after = repliesOf(now.counters) - repliesOf(before.counters);
  if (after < LEAST_REPLIES) return null;
  for (const [words, names, mostPercent] of SHARES) {
    const was = percent(sum(before.counters, names), repliesOf(before.counters));
    // Who was asked too little before to know what is usual is judged by what is never usual alone.
    if (repliesOf(before.counters) < LEAST_REPLIES && mostPercent > MOST_SERVFAIL_PERCENT) continue;
    const is = percent(sum(now.counters, names) - sum(before.counters, names), after);
    if (is > was + mostPercent) return `${is.toFixed(1)} % of ${after} replies are ${words}, before it were ${was.toFixed(1)} %`;
  }
  return null;
}

const sum = (counters: CounterTotals, names: readonly CounterName[]): number =>
  names.reduce((total, name) => total + counters[name], 0);

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);
