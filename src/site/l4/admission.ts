// Who may come in at layer 4: connections or flows at once and beginnings a second, in all and of each client. One client is one IPv4
// address, or one IPv6 /64: that is what a household or data centre has (RFC 6177), and an address per connection must not evade a limit.

import { type Family, formatAddress, maskOctets } from '../../base/address.ts';
import type { RateLimit } from '../../model/site.ts';
import { ClientBuckets, TokenBucket } from './token-bucket.ts';

const IPV6_CLIENT_PREFIX_LEN = 64;

export interface AdmissionRules {
  /** At once. */
  readonly most: number;
  readonly mostPerClient: number;
  /** null = no limit. */
  readonly rate: RateLimit | null;
  readonly ratePerClient: RateLimit | null;
}

/** Why not. */
export type Refusal = 'refusedByLimit' | 'refusedByRate';

export class Admission {
  #rules: AdmissionRules;
  #bucket: TokenBucket | null;
  #buckets: ClientBuckets | null;
  /** By client: what it has at once. */
  readonly #perClient = new Map<string, number>();

  constructor(rules: AdmissionRules) {
    this.#rules = rules;
    this.#bucket = rules.rate && new TokenBucket(rules.rate);
    this.#buckets = rules.ratePerClient && new ClientBuckets(rules.ratePerClient);
  }

  /** What there is stays counted; a rate that changes starts with all of its burst. */
  replace(rules: AdmissionRules): void {
    const { rate, ratePerClient } = this.#rules;
    this.#rules = rules;
    if (!isSame(rate, rules.rate)) this.#bucket = rules.rate && new TokenBucket(rules.rate);
    if (!isSame(ratePerClient, rules.ratePerClient))
      this.#buckets = rules.ratePerClient && new ClientBuckets(rules.ratePerClient);
  }

  /** Whether one more may come, of whatever client, while there are `count`. Null = yes. */
  refuses(count: number, nowMs: number): Refusal | null {
    if (count >= this.#rules.most) return 'refusedByLimit';
    return this.#bucket === null || this.#bucket.tryTake(nowMs) ? null : 'refusedByRate';
  }

  /** The same of this client. Null = yes; then it is counted until `leave`. */
  refusesClient(client: string, nowMs: number): Refusal | null {
    const count = this.#perClient.get(client) ?? 0;
    if (count >= this.#rules.mostPerClient) return 'refusedByLimit';
    if (this.#buckets !== null && !this.#buckets.tryTake(client, nowMs)) return 'refusedByRate';
    this.#perClient.set(client, count + 1);
    return null;
  }

  leave(client: string): void {
    const left = this.#perClient.get(client)! - 1;
    if (left === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, left);
  }

  /** To be called now and then: forgets what says nothing any more. */
  sweep(nowMs: number): void {
    this.#buckets?.sweep(nowMs);
  }
}

const isSame = (a: RateLimit | null, b: RateLimit | null): boolean => a?.perSec === b?.perSec && a?.burst === b?.burst;

/** What a client is counted by: its address, 4 or 16 octets, or its /64. */
export function clientName(family: Family, address: Uint8Array): string {
  if (family === 4) return `${address[0]}.${address[1]}.${address[2]}.${address[3]}`;
  const octets = Uint8Array.from(address);
  maskOctets(octets, IPV6_CLIENT_PREFIX_LEN, octets.length);
  return formatAddress(octets, 6);
}
