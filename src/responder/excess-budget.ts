// What all clients together may get in large replies, those of more than three times the octets of their queries. Widely
// distributed forged sources look like real clients one by one; this bounds what they gain from the whole server.
// Replies of up to three times their query are not counted. As much may be sent to an address that is not proven, QUIC found
// (RFC 9000 section 8.1), and it leaves addresses, negative answers and most referrals alone, however busy the server is.
// The memory is shared by all workers, with plain loads and stores: two that spend at once may lose one of the sums.

import type { Client } from '../model/client.ts';

/** Times its query that a reply may be large and still count for nothing. */
const FREE_FACTOR = 3;
/** Largest UDP reply, in octets: whoever begins one while the budget is not spent has room for it. */
const MOST_REPLY = 4096;

/** Octets of the shared memory, zero at first: a whole cache line, so that it shares none. */
export const EXCESS_BUDGET_SIZE = 64;

/** Largest reply that counts for nothing. */
export const freeReplySize = (querySize: number): number => FREE_FACTOR * querySize;

export class ExcessBudget {
  readonly #perMs: number;
  readonly #capacity: number;
  /** Octets spent and not yet made up for, and when that was worked out. */
  readonly #state: Float64Array;

  /** Octets per second, above 0; a second's worth may come at once. */
  constructor(perSecond: number, memory: SharedArrayBuffer, offset: number) {
    this.#perMs = perSecond / 1000;
    this.#capacity = Math.max(perSecond, 2 * MOST_REPLY);
    this.#state = new Float64Array(memory, offset, 2);
  }

  /** Whether no large reply may be sent now (Client.nowMs). */
  isSpent(client: Client): boolean {
    return this.#spent(client) > this.#capacity - MOST_REPLY;
  }

  /** Accounts for a large reply of so many octets more than its query. */
  spend(excess: number, client: Client): void {
    const state = this.#state;
    state[0] = this.#spent(client) + excess;
    state[1] = Math.max(state[1]!, client.nowMs); // or two workers, one ahead of the other, would be paid with every turn
  }

  /** Another worker's time may be a little ahead. */
  #spent({ nowMs }: Client): number {
    const state = this.#state;
    return Math.max(0, state[0]! - Math.max(0, nowMs - state[1]!) * this.#perMs);
  }
}
