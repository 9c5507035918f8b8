// What a worker sheds when it is asked more than it can do. The kernel would drop whatever comes when its queue is full, friend
// or foe; this drops with a choice. Of `perSecond` = n replies over UDP: the first n in each second are answered in full, the
// next n are truncated, so that a client comes back over TCP, where connections are limited and an address is proven; the rest
// get nothing. Clients that are known (a valid cookie, the allow list) are answered in full all the same.
// The signal is the rate of replies itself, set by the operator to what the machine was measured to do: it needs no clock of
// its own and no guess at queues that the process cannot see.

import type { Client } from '../model/client.ts';

/** Unused replies of this many milliseconds may be made up for later. */
const BURST_MS = 100;

export class Governor {
  readonly #full: TokenBucket;
  readonly #truncated: TokenBucket;

  /** Replies per second, above 0. */
  constructor(perSecond: number) {
    this.#full = new TokenBucket(perSecond);
    this.#truncated = new TokenBucket(perSecond);
  }

  /** Whether there is room for one more reply in full now (Client.nowMs). If there is, it is accounted for. */
  allowsFull(client: Client): boolean {
    return this.#full.take(client);
  }

  /** The same for a truncated reply. */
  allowsTruncated(client: Client): boolean {
    return this.#truncated.take(client);
  }
}

class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  /** Tokens, and when they were counted: in an array, since a fraction put into a field may cost an object. */
  readonly #state: Float64Array;

  constructor(perSecond: number) {
    this.#perMs = perSecond / 1000;
    this.#capacity = Math.max(1, this.#perMs * BURST_MS);
    this.#state = Float64Array.of(this.#capacity, 0);
  }

  take({ nowMs }: Client): boolean {
    const state = this.#state;
    const tokens = Math.min(this.#capacity, state[0]! + (nowMs - state[1]!) * this.#perMs);
    const isAllowed = tokens >= 1;
    state[0] = isAllowed ? tokens - 1 : tokens;
    state[1] = nowMs;
    return isAllowed;
  }
}
