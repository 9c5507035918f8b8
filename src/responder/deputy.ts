// What the responder leaves to another, src/transfer in practice: signatures and transfers. Both are rare, hold state between
// messages and need keys, none of which belongs on the path of a plain query.

import type { Client } from '../model/client.ts';
import type { Query } from '../wire/query.ts';

export interface Deputy {
  /** Whether the signature that verify() checked last was good. */
  readonly isAuthentic: boolean;
  /**
   * Checks the signature of a query that has one (query.tsigAt is not 0); if it is not good, query.rcode is what to reply.
   * Returns the octets to keep free behind the reply for sign(); 0 if it takes no signature.
   */
  verify(query: Query, input: Uint8Array, offset: number, length: number): number;
  /** Appends the signature to the reply in `out[offset..offset+size)` and returns its new size. */
  sign(out: Uint8Array, offset: number, size: number): number;
  /**
   * Answers a query for a whole zone: writes the first message of the reply, signed if the query was, and returns its size;
   * more of them are left in client.continuation. Returns 0 if the reply is but query.rcode.
   */
  transfer(query: Query, input: Uint8Array, offset: number, client: Client, output: Uint8Array, outputOffset: number): number;
}
