// Who is answered in full, who is sent to TCP, who gets nothing: decided for each query over UDP before any zone is looked at, so
// that what is limited costs little. Streams are not judged: their clients' addresses are proven.
//
//   query                                   network within its rate        network over its rate
//   valid cookie, or address allowed        in full                        in full (its rate is not even looked at)
//   a question                              in full                        truncated; dropped if not its turn (slip)
//   malformed or refused by its form        as it is                       dropped: nothing would change over TCP
//
// Then the governor of the whole worker, if there is one, turns answers into truncations, and truncations into nothing.

import { PrefixSet } from '../base/prefix-set.ts';
import { COUNTER } from '../metrics/counters.ts';
import type { Client } from '../model/client.ts';
import type { RateLimitSettings } from '../model/snapshot.ts';
import type { Query } from '../wire/query.ts';
import { Governor } from './governor.ts';
import { RateLimit } from './rate-limit.ts';

export const FATE = { ANSWER: 0, TRUNCATE: 1, DROP: 2 } as const;

export class Admission {
  readonly #allowed: PrefixSet;
  readonly #rateLimit: RateLimit;
  readonly #governor: Governor | null;
  readonly #counters: Float64Array;
  /** Of so many limited replies one is sent, truncated; 0 = none. */
  readonly #slip: number;
  /** State of a linear congruential generator: whose turn it is must not follow from the order of the queries. */
  #random: number;

  /** `key`: two random words or more, secret and of this process. `counters`: this worker's row of metrics/counters. */
  constructor(settings: RateLimitSettings, key: Uint32Array, counters: Float64Array) {
    this.#allowed = new PrefixSet(settings.allow);
    this.#rateLimit = new RateLimit({ ...settings, key });
    this.#governor = settings.total === 0 ? null : new Governor(settings.total);
    this.#slip = settings.slip;
    this.#counters = counters;
    this.#random = key[0]! | 0;
  }

  /** Judges a query over UDP; `isQuestion`: it can be looked up. Returns a FATE. */
  judge(query: Query, isQuestion: boolean, client: Client): number {
    const counters = this.#counters;
    const isKnown = this.#isKnown(query, client);
    let fate: number = FATE.ANSWER;
    if (!isKnown && this.#rateLimit.isOver(client)) {
      fate = isQuestion && this.#isItsTurn() ? FATE.TRUNCATE : FATE.DROP;
      counters[fate === FATE.TRUNCATE ? COUNTER.RATE_LIMIT_TRUNCATED : COUNTER.RATE_LIMIT_DROPPED]!++;
    }
    return this.#governor === null ? fate : this.#govern(this.#governor, fate, isKnown, isQuestion, client);
  }

  #isKnown(query: Query, client: Client): boolean {
    if (!query.hasValidCookie) return this.#allowed.has(client.family, client.octets);
    this.#counters[COUNTER.RATE_LIMIT_COOKIE]!++;
    return true;
  }

  #isItsTurn(): boolean {
    if (this.#slip < 2) return this.#slip === 1;
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) | 0; // Numerical Recipes, section 7.1
    return (this.#random >>> 16) % this.#slip === 0;
  }

  #govern(governor: Governor, fate: number, isKnown: boolean, isQuestion: boolean, client: Client): number {
    if (fate === FATE.DROP) return fate;
    if (fate === FATE.ANSWER) {
      if (governor.allowsFull(client) || isKnown) return FATE.ANSWER;
      if (isQuestion && governor.allowsTruncated(client)) {
        this.#counters[COUNTER.GOVERNOR_TRUNCATED]!++;
        return FATE.TRUNCATE;
      }
    } else if (governor.allowsTruncated(client)) return fate;
    this.#counters[COUNTER.GOVERNOR_DROPPED]!++;
    return FATE.DROP;
  }
}
