// So many requests in so much time, counted by client network or by a header: in the memory of this process, and, where the limit is
// shared, by all agents of the site together. While those cannot be asked, this agent's own count decides.

import type { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { textKey } from '../../balance/key.ts';
import { once } from '../../base/once.ts';
import type { HttpRateLimit } from '../../model/site-http.ts';
import type { Sharing } from '../sharing.ts';
import type { HttpFrontCounts } from './counts.ts';
import type { RequestHead } from './request-head.ts';
import { headerOf } from './routes.ts';

/** Clients choose what a header says: its values share so many counts, so that they cannot fill the memory. */
const HEADER_COUNTS = 2 ** 18;
/** Nor may clients with many addresses fill that of the store: about 100 octets each. Of 10,000 clients in a window 12 meet another. */
const SHARED_COUNTS = 2 ** 22;
/** Clients that are known to be over the limit, of whom the store need not be asked. */
const MOST_REFUSED = 65_536;

interface Surroundings {
  readonly sharing: Sharing;
  readonly counts: HttpFrontCounts;
  readonly nowMs: number;
}

export class RateLimit {
  readonly rule: HttpRateLimit;
  /** Its code is read when a configuration has a limit: few have one, and an agent's start need not wait for forty files. */
  readonly #limiter: () => Promise<RateLimiterMemory>;
  /** By place: until when all agents together refuse. */
  readonly #refused = new Map<string, number>();

  constructor(rule: HttpRateLimit) {
    this.rule = rule;
    this.#limiter = once(() => memoryLimiter(rule));
    this.#limiter().catch(() => undefined); // a request that needs it tries again, and is told
  }

  /** 0 = the request may go on; otherwise the seconds after which one may come again, at least 1. `clientKey`: of its network. */
  async waitSec(head: RequestHead, clientKey: number, around: Surroundings): Promise<number> {
    const value = this.rule.by.kind === 'header' ? headerOf(head, this.rule.by.name) : null;
    const key = value === null ? null : textKey(value) % HEADER_COUNTS;
    const ownMs = this.#consume(key === null ? `c${clientKey}` : `h${key}`);
    const { shared } = this.rule;
    if (shared === null) return secondsOf(await ownMs);
    ownMs.catch(() => undefined); // only waited for where the others cannot be asked
    const name = `limit:${shared}:${key === null ? `c${clientKey % SHARED_COUNTS}` : `h${key}`}`;
    const refusedMs = (this.#refused.get(name) ?? 0) - around.nowMs;
    if (refusedMs > 0) return secondsOf(refusedMs);
    this.#refused.delete(name);
    const counted = await around.sharing.count(name, this.rule.windowSec * 1000);
    if (counted === undefined) {
      around.counts.limitedAlone++;
      return secondsOf(await ownMs);
    }
    if (counted.count <= this.rule.requests) return 0;
    if (this.#refused.size >= MOST_REFUSED) this.#refused.clear();
    this.#refused.set(name, around.nowMs + counted.leftMs);
    return secondsOf(counted.leftMs);
  }

  /** Of this agent alone: 0, or the time until the window ends. */
  async #consume(key: string): Promise<number> {
    const limiter = await this.#limiter();
    try {
      await limiter.consume(key);
      return 0;
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      return Math.max(1, (refusal as RateLimiterRes).msBeforeNext);
    }
  }
}

async function memoryLimiter({ requests, windowSec }: HttpRateLimit): Promise<RateLimiterMemory> {
  const { RateLimiterMemory } = await import('rate-limiter-flexible');
  return new RateLimiterMemory({ points: requests, duration: windowSec });
}

const secondsOf = (ms: number): number => Math.ceil(ms / 1000);
