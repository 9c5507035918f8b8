// Whose client subnets count. A subnet of a sender that is not trusted, or in a question to a zone that does not use them, is
// treated like SOURCE 0 (RFC 7871 section 7.1.2): the question is answered for the address that it came from, and the option is
// echoed with scope 0, as section 12.1 demands of servers that use client subnets at all. Scope 0 is true: whatever network had
// been named, the answer would have been the same.

import type { Cidr } from '../base/address.ts';
import { PrefixSet } from '../base/prefix-set.ts';
import { COUNTER } from '../metrics/counters.ts';
import type { Client } from '../model/client.ts';
import type { Query } from '../wire/query.ts';

export class EcsTrust {
  /** null = everybody is trusted. */
  readonly #trusted: PrefixSet | null;
  readonly #counters: Float64Array;
  /** By zone. */
  #usesEcs: readonly boolean[] = [];

  /** `trusted`: networks of resolvers; null for all. `counters`: this worker's row of metrics/counters. */
  constructor(trusted: readonly Cidr[] | null, counters: Float64Array) {
    this.#trusted = trusted === null ? null : new PrefixSet(trusted);
    this.#counters = counters;
  }

  /** By zone, whether it uses client subnets; zones that the list does not reach do. */
  install(usesEcs: readonly boolean[]): void {
    this.#usesEcs = usesEcs;
  }

  /** Makes the query's client subnet count for nothing if the sender is not trusted or the zone does not use it. */
  apply(zoneIndex: number, query: Query, client: Client): void {
    if (this.#trusted !== null && !this.#trusted.has(client.family, client.octets)) {
      this.#counters[COUNTER.ECS_UNTRUSTED]!++;
      query.ecs.ignore();
    } else if (this.#usesEcs[zoneIndex] === false) query.ecs.ignore();
  }
}
