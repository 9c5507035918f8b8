// The native addon (native/packet-io): what it offers, and why it is not there if it is not. The only file that loads it.
// Every thread loads it for itself; it holds nothing that threads share. Errors of the system are negative errno numbers.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';

/** Beside dist/ in a checkout as in an installed package. */
const BUILD = fileURLToPath(new URL('../../../native/build/', import.meta.url));
/** Environment variable that switches the addon off. */
const SWITCH = 'MERIDIAN_NATIVE';

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

/** The addon, or the reason for its absence in words that follow "because". */
export type PacketIoStatus = { readonly addon: PacketIo } | { readonly addon: undefined; readonly reason: string };

export const packetIo: PacketIoStatus = loadPacketIo(process.env, BUILD);

export function loadPacketIo(env: Readonly<Record<string, string | undefined>>, directory: string): PacketIoStatus {
  if (env[SWITCH] === 'off') return { addon: undefined, reason: `${SWITCH}=off` };
  const file = `${directory}packet-io.node`;
  try {
    return { addon: createRequire(import.meta.url)(file) as PacketIo };
  } catch (error) {
    return { addon: undefined, reason: absence(directory, file, error) };
  }
}

function absence(directory: string, file: string, error: unknown): string {
  if (existsSync(file)) return `it does not load: ${firstLine(error instanceof Error ? error.message : String(error))}`;
  const note = `${directory}reason`;
  return existsSync(note) ? firstLine(readFileSync(note, 'utf8')) : 'it has not been built';
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

/** An Error with `code`, such as EADDRINUSE, from a negative errno of the addon. */
export function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${call} ${code}`), { code, errno });
}
