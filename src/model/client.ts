// Who sent a query, and the one function that stands between sockets and answers.

import type { Family } from '../base/address.ts';

/** The sender of a query. One reusable record per socket; the fields are overwritten for each query. */
export class Client {
  family: Family = 4;
  /** Address in network order: 4 or 16 octets of it are valid. */
  readonly octets: Uint8Array = new Uint8Array(16);
  port = 0;
  /** TCP and its like: the reply may be 65,535 octets long, and the address is proven. */
  isStream = false;
  /** When the query was received: milliseconds that only grow, and seconds since 1970. The socket sets both. */
  nowMs = 0;
  nowSec = 0;
  /** Set by the responder if its reply is the first message of several; the stream's socket takes it and sets null again. */
  continuation: Continuation | null = null;
}

/** Further messages of a reply that takes several: a zone transfer. */
export interface Continuation {
  /** Writes the next message at `output[outputOffset..]` and returns its size in octets; 0 if there are no more. */
  next(output: Uint8Array, outputOffset: number): number;
}

/**
 * Answers the DNS message in `input[offset..offset+length)`: writes the reply at `output[outputOffset..]` and returns its
 * size in octets; 0 means that no reply may be sent. `output` must have room for 65,535 octets behind `outputOffset`
 * for a stream, for Snapshot.server.udpPayloadSize otherwise. Never throws.
 */
export type Respond = (
  input: Uint8Array,
  offset: number,
  length: number,
  client: Client,
  output: Uint8Array,
  outputOffset: number,
) => number;
