// The client's side of one exchange, whatever the version of HTTP: what the exchange may ask of it, and what it tells the exchange.

import type { Family } from '../../base/address.ts';
import type { Fields } from './fields.ts';
import type { TunnelSide } from './tunnel.ts';

/** Who connected; the same for all requests on the connection. */
export interface Peer {
  readonly family: Family;
  /** 4 or 16 octets. */
  readonly octets: Uint8Array;
  readonly text: string;
  readonly scheme: 'http' | 'https';
}

export interface Client {
  readonly peer: Peer;
  /** 1xx. */
  sendInterim(status: number, fields: Fields): void;
  /**
   * `fields` without those of framing and connection. `size` of the body: octets, or -1 = unknown. In a response without a body
   * `hasBody` is false, and `size` what Content-Length says all the same; -1 = nothing.
   */
  sendHead(status: number, reason: string, fields: Fields, size: number, hasBody: boolean): void;
  /** False: wait for onClientDrain. The octets are used or copied before it returns, unless `holdsBody`. */
  sendBody(octets: Buffer): boolean;
  /** Whether the octets of the last sendBody must stay as they are. */
  readonly holdsBody: boolean;
  /** What was sent so far goes out. */
  flush(): void;
  sendEnd(trailers: Fields | null): void;
  /** Breaks the response off, so that it never looks complete. */
  abort(): void;
  /** The body of the request may come, or must wait. Before the first call it waits. */
  readBody(): void;
  pauseBody(): void;
  /** Changes to another protocol: 101 goes out, then octets pass unseen. */
  openTunnel(fields: Fields, upgrade: string): TunnelSide;
}
