// What a packet driver is: it moves datagrams between a socket and the responder (RFC 1035 section 4.2.1), and knows no more of DNS
// than that a message gets one reply or none. The responder knows no driver, so a new one (AF_XDP, say) is another implementation of
// PacketDriver and another line in udp.ts.

import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Respond } from '../model/client.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Sharing } from './packet-io.ts';

/** Octets asked for the socket's receive queue: some 30 ms of queries at full speed. The kernel may cap it at net.core.rmem_max. */
export const RECEIVE_BUFFER_SIZE = 4 * 1024 * 1024;

export interface UdpOptions {
  /** The address is numeric. Port 0 takes a free one. */
  readonly endpoint: Endpoint;
  readonly respond: Respond;
  /** Largest reply in octets that `respond` writes. */
  readonly maxReplySize: number;
  readonly clock: Clock;
  /** Who else may have the port; anything but `alone` only where `supportsReusePort`. Default: alone. */
  readonly sharing?: Sharing;
  /**
   * An open socket to adopt (systemd socket activation) instead of opening one: `endpoint` is then only its name in messages.
   * The native driver works on a duplicate, so the descriptor itself stays open and may be given to every worker. node:dgram
   * cannot duplicate: there it belongs to the one that adopts it, and is closed with it.
   */
  readonly fd?: number;
  /** Microseconds that a receive waits for the network card (SO_BUSY_POLL); 0 or absent = off. Ignored by node:dgram. */
  readonly busyPollUs?: number;
  /** Replies to one client may go to the kernel as one message that it cuts. Default: yes. Ignored by node:dgram, which cannot. */
  readonly sendsTrains?: boolean;
  /** The worker's row of counters, indexed by COUNTER. */
  readonly counters: Float64Array;
}

export interface UdpSocket {
  readonly port: number;
  /** Stops at once and frees the port; replies that still wait are lost. */
  close(): Promise<void>;
}

export interface PacketDriver {
  readonly name: 'batch' | 'dgram';
  /** Binds, and calls `respond` for every datagram; an address that cannot be used is an ERR_LISTEN problem. */
  open(options: UdpOptions): Promise<Result<UdpSocket, Problem>>;
}
