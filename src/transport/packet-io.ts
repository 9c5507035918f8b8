// The packet addon (native/packet-io): what it offers. It holds nothing that threads share. Errors of the system are negative errno
// numbers.

import { getSystemErrorName } from 'node:util';
import { type AddonStatus, loadAddon } from '../addon/load.ts';

/**
 * Who else may have the port: nobody; nobody yet, but others may join (a second server started by mistake is refused, a second
 * worker is not); or others that share it have it already.
 */
export type Sharing = 'alone' | 'first' | 'join';

/** Where things are in the memory of a port: offsets and distances in octets. */
export interface Layout {
  /** Datagrams in a batch, at most. */
  readonly batchSize: number;
  /** uint32 for each datagram: its size as it was sent; beyond maxQuerySize its end is lost. */
  readonly querySizesAt: number;
  /** uint32 for each datagram: the size of its reply, 0 for none. */
  readonly replySizesAt: number;
  /** sockaddr_in or sockaddr_in6 for each datagram. */
  readonly sendersAt: number;
  readonly senderStride: number;
  readonly queriesAt: number;
  readonly queryStride: number;
  readonly repliesAt: number;
  readonly replyStride: number;
  readonly totalSize: number;
}

interface UdpSettings {
  /** Numeric. */
  readonly address: string;
  readonly port: number;
  readonly sharing: Sharing;
  /** A socket to duplicate instead of opening one, or -1. */
  readonly fd: number;
  readonly receiveBufferSize: number;
  readonly sendBufferSize: number;
  /** Microseconds; 0 = off. */
  readonly busyPollUs: number;
  /** Replies of one size to one client go to the kernel as one message (UDP_SEGMENT), where it can cut them. */
  readonly sendsTrains: boolean;
  readonly maxQuerySize: number;
  readonly maxReplySize: number;
}

/** An open UDP socket, which calls back from the event loop until it is closed. */
export interface NativePort {
  readonly port: number;
  readonly family: 4 | 6;
  /** IPv4 clients come in as ::ffff:a.b.c.d. */
  readonly isDualStack: boolean;
  /** Datagrams that the kernel has dropped at the socket, modulo 2^32. */
  kernelDrops(): number;
  /** Frees the port at once; idempotent. */
  close(): void;
}

export interface PacketIo {
  layout(maxQuerySize: number, maxReplySize: number): Layout;
  /**
   * `memory` has layout().totalSize octets and must not be transferred. `receive(count)` is called when so many datagrams are in
   * memory; when it returns, their reply sizes are there. What it begins in the event loop may begin 100 ms late.
   * `lose(refused, overflowed, receiveErrors)` is told of losses.
   */
  openUdp(
    settings: UdpSettings,
    memory: ArrayBuffer,
    receive: (count: number) => void,
    lose: (refused: number, overflowed: number, receiveErrors: number) => void,
  ): NativePort | number;
  /** A listening, non-blocking TCP socket; its descriptor is the caller's. */
  openTcp(settings: {
    readonly address: string;
    readonly port: number;
    readonly sharing: Sharing;
    readonly backlog: number;
  }): number;
  /** Another descriptor of a socket; the caller's. */
  duplicate(fd: number): number;
  /**
   * Blocks of so many octets and more, of the whole process, go back to the system as soon as they are free. glibc alone keeps them
   * in heaps once it has freed one as large.
   */
  mapLargeBlocks(size: number): void;
}

export type PacketIoStatus = AddonStatus<PacketIo>;

export const packetIo: PacketIoStatus = loadAddon<PacketIo>('packet-io', {
  layout: true,
  openUdp: true,
  openTcp: true,
  duplicate: true,
  mapLargeBlocks: true,
});

/** An Error with `code`, such as EADDRINUSE, from a negative errno of the addon. */
export function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${call} ${code}`), { code, errno });
}
