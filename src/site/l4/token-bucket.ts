// How often something may begin: so many a second in the long run, and a burst at once. A token bucket kept as one number, the time at
// which it would be full again (GCRA, the generic cell rate algorithm of ITU-T I.371): a client costs one entry of a map. Pure.

import type { RateLimit } from '../../model/site.ts';

/** Clients that are remembered at once. Beyond, the one that was seen first is forgotten: it may spend a burst too many. */
const MOST_CLIENTS = 65_536;

export class TokenBucket {
  readonly #intervalMs: number;
  readonly #burstMs: number;
  #fullAtMs = Number.NEGATIVE_INFINITY;

  constructor({ perSec, burst }: RateLimit) {
    this.#intervalMs = 1000 / perSec;
    this.#burstMs = burst * this.#intervalMs;
  }

  /** Takes a token, if there is one. */
  tryTake(nowMs: number): boolean {
    const fullAtMs = Math.max(this.#fullAtMs, nowMs) + this.#intervalMs;
    // Half an interval of grace per million: sums of fractions are not exact.
    if (fullAtMs - nowMs > this.#burstMs + this.#intervalMs / 2_000_000) return false;
    this.#fullAtMs = fullAtMs;
    return true;
  }

  isFull(nowMs: number): boolean {
    return this.#fullAtMs <= nowMs;
  }
}

/** A bucket for each client. */
export class ClientBuckets {
  readonly #limit: RateLimit;
  readonly #most: number;
  /** In the order in which they were made. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(limit: RateLimit, mostClients: number = MOST_CLIENTS) {
    this.#limit = limit;
    this.#most = mostClients;
  }

  get size(): number {
    return this.#buckets.size;
  }

  tryTake(client: string, nowMs: number): boolean {
    const known = this.#buckets.get(client);
    if (known !== undefined) return known.tryTake(nowMs);
    if (this.#buckets.size >= this.#most) this.#forgetFirst();
    const bucket = new TokenBucket(this.#limit);
    this.#buckets.set(client, bucket);
    return bucket.tryTake(nowMs);
  }

  /** Forgets those whose bucket is full: they are as if they had never come. */
  sweep(nowMs: number): void {
    for (const [client, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(client);
  }

  #forgetFirst(): void {
    for (const client of this.#buckets.keys()) {
      this.#buckets.delete(client);
      return;
    }
  }
}
