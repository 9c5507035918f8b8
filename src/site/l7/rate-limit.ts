// So many requests in so much time, counted by client network or by a header, in the memory of this process.

import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { textKey } from '../../balance/key.ts';
import type { HttpRateLimit } from '../../model/site-http.ts';
import type { RequestHead } from './request-head.ts';
import { headerOf } from './routes.ts';

/** Clients choose what a header says: its values share so many counts, so that they cannot fill the memory. */
const HEADER_COUNTS = 2 ** 18;

export class RateLimit {
  readonly rule: HttpRateLimit;
  readonly #limiter: RateLimiterMemory;

  constructor(rule: HttpRateLimit) {
    this.rule = rule;
    this.#limiter = new RateLimiterMemory({ points: rule.requests, duration: rule.windowSec });
  }

  /** 0 = the request may go on; otherwise the seconds after which one may come again, at least 1. `clientKey`: of its network. */
  async waitSec(head: RequestHead, clientKey: number): Promise<number> {
    const value = this.rule.by.kind === 'header' ? headerOf(head, this.rule.by.name) : null;
    try {
      await this.#limiter.consume(value === null ? `c${clientKey}` : `h${textKey(value) % HEADER_COUNTS}`);
      return 0;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
    }
  }
}
