// Who is answered in full, who is sent to TCP, who gets nothing: decided for each query over UDP. Streams are not judged: their
// clients' addresses are proven. How large a reply may be is known before any zone is looked at; a network with hardly any room
// left is turned away at once, and in other cases a reply that does not fit is never written.
//
//   query                                   reply fits the budgets         it does not fit
//   valid cookie, or address allowed        in full                        in full (budgets are not even looked at)
//   a question                              in full                        truncated; one in so many dropped (dropOneIn)
//   malformed or refused by its form        as it is                       dropped: nothing would change over TCP
//
// What comes back to a flooded network is what was sent in its name, less what was dropped, plus the budget: the drops make up for
// what was answered in full. With one dropped in eight, a flood gets less than it sends as soon as what is limited of it is
// eight times the budget, while a real client in that network is sent to TCP seven times of eight.
// A reply beyond what all clients together may get (ExcessBudget) is truncated and never dropped: its network did nothing wrong.
// Then the governor of this worker, if there is one, turns answers into truncations, and truncations into nothing.

import { PrefixSet } from '../base/prefix-set.ts';
import { COUNTER } from '../metrics/counters.ts';
import type { Client } from '../model/client.ts';
import type { RateLimitSettings } from '../model/snapshot.ts';
import type { Query } from '../wire/query.ts';
import { EXCESS_BUDGET_SIZE, ExcessBudget, freeReplySize } from './excess-budget.ts';
import { Governor } from './governor.ts';
import { RateLimit, rateLimitSize } from './rate-limit.ts';

export const FATE = { ANSWER: 0, TRUNCATE: 1, DROP: 2 } as const;

/** More than any message has. */
const ANY_SIZE = 0x10000;

/** What the limits of all workers share: budgets are those of the server, however the kernel spreads a source over workers. */
export interface SharedLimits {
  /** Two random words or more, secret and of this process. */
  readonly key: Uint32Array;
  /** sharedLimitsSize() octets, zero at first. What is in them outlives a worker. */
  readonly memory: SharedArrayBuffer;
}

export const sharedLimitsSize = ({ tableSize }: RateLimitSettings): number => EXCESS_BUDGET_SIZE + rateLimitSize(tableSize);

export class Admission {
  /** Octets that the reply to the query judged last may have. */
  mostSize = ANY_SIZE;

  readonly #allowed: PrefixSet;
  readonly #rateLimit: RateLimit;
  readonly #excess: ExcessBudget | null;
  readonly #governor: Governor | null;
  readonly #counters: Float64Array;
  /** Of so many limited replies one is dropped; 0 = none. */
  readonly #dropOneIn: number;
  /** Of the query judged last: whether budgets apply to it, and whether it is that of all clients which sets `mostSize`. */
  #isCounted = false;
  #isAllSpent = false;
  /** State of a linear congruential generator: whose turn it is must not follow from the order of the queries. */
  #random: number;

  /** `counters`: this worker's row of metrics/counters. */
  constructor(settings: RateLimitSettings, { key, memory }: SharedLimits, counters: Float64Array) {
    this.#allowed = new PrefixSet(settings.allow);
    this.#rateLimit = new RateLimit({ ...settings, key, memory, offset: EXCESS_BUDGET_SIZE });
    this.#excess = settings.totalExcess === 0 ? null : new ExcessBudget(settings.totalExcess, memory, 0);
    this.#governor = settings.total === 0 ? null : new Governor(settings.total);
    this.#dropOneIn = settings.dropOneIn;
    this.#counters = counters;
    this.#random = key[0]! | 0;
  }

  /** Judges a query of `size` octets over UDP; `isQuestion`: it can be looked up. Returns a FATE and sets `mostSize`. */
  judge(query: Query, isQuestion: boolean, size: number, client: Client): number {
    const isKnown = this.#isKnown(query, client);
    this.mostSize = ANY_SIZE;
    this.#isCounted = false;
    this.#isAllSpent = false;
    let fate: number = FATE.ANSWER;
    if (!isKnown) {
      const room = this.#rateLimit.room(client);
      if (room === 0) fate = this.#limit(isQuestion);
      else this.#bound(size, room, client);
      this.#isCounted = room > 0;
    }
    return this.#governor === null ? fate : this.#govern(this.#governor, fate, isKnown, isQuestion, client);
  }

  /** The FATE of the question judged last, if its reply would have been larger than `mostSize`. */
  turnAway(): number {
    if (!this.#isAllSpent) return this.#limit(true);
    this.#counters[COUNTER.RATE_LIMIT_LARGE]!++;
    return FATE.TRUNCATE;
  }

  /** Accounts for the reply to the query judged last, if it is the larger of the two; sizes are octets. */
  charge(querySize: number, replySize: number, client: Client): void {
    if (!this.#isCounted) return;
    this.#rateLimit.charge(replySize - querySize, client);
    if (this.#excess !== null && replySize > freeReplySize(querySize)) this.#excess.spend(replySize - querySize, client);
  }

  #isKnown(query: Query, client: Client): boolean {
    if (!query.hasValidCookie) return this.#allowed.has(client.family, client.octets);
    this.#counters[COUNTER.RATE_LIMIT_COOKIE]!++;
    return true;
  }

  #bound(size: number, room: number, client: Client): void {
    const free = freeReplySize(size);
    this.#isAllSpent = this.#excess !== null && free < size + room && this.#excess.isSpent(client);
    this.mostSize = this.#isAllSpent ? free : size + room;
  }

  #limit(isQuestion: boolean): number {
    const fate = isQuestion && !this.#isDropped() ? FATE.TRUNCATE : FATE.DROP;
    this.#counters[fate === FATE.TRUNCATE ? COUNTER.RATE_LIMIT_TRUNCATED : COUNTER.RATE_LIMIT_DROPPED]!++;
    return fate;
  }

  #isDropped(): boolean {
    if (this.#dropOneIn < 2) return this.#dropOneIn === 1;
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) | 0; // Numerical Recipes, section 7.1
    return (this.#random >>> 16) % this.#dropOneIn === 0;
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
