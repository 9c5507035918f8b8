// The packet driver on the native addon: up to 64 datagrams come in with one system call and one callback, and their replies leave
// with another. Datagrams and replies lie in one ArrayBuffer that the kernel writes to and reads from; a batch allocates nothing, on
// either side.

import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { COUNTER } from '../metrics/counters.ts';
import { Client, type Respond } from '../model/client.ts';
import { MAX_QUERY_SIZE } from './frame-reader.ts';
import { listenProblem } from './listen.ts';
import { type Layout, type NativePort, type PacketIo, systemError } from './packet-io.ts';
import { unmapClient } from './sender.ts';
import { type PacketDriver, RECEIVE_BUFFER_SIZE, type UdpOptions, type UdpSocket } from './udp-driver.ts';

/** Octets asked for the socket's send queue: a few batches of the largest replies. */
const SEND_BUFFER_SIZE = 1024 * 1024;
/** The kernel's count of dropped datagrams is read so often. */
const DROPS_INTERVAL_MS = 1000;
/** The time of day is asked for so often, and counted on from there: V8 asks by a long way, most of it out of the cache each time. */
const TIME_OF_DAY_INTERVAL_MS = 1000;
/** Where sockaddr_in and sockaddr_in6 hold what we want; the port is at the same place in both, in network order. */
const PORT_AT = 2;
const IPV4_AT = 4;
const IPV6_AT = 8;

export const batchDriver = (addon: PacketIo): PacketDriver => ({
  name: 'batch',
  open: async (options) => open(addon, options),
});

function open(addon: PacketIo, options: UdpOptions): Result<UdpSocket, Problem> {
  const layout = addon.layout(MAX_QUERY_SIZE, options.maxReplySize);
  const memory = new ArrayBuffer(layout.totalSize);
  const batch = new Batch(memory, layout, options);
  const { counters, endpoint } = options;
  const port = addon.openUdp(
    {
      ...endpoint,
      sharing: options.sharing ?? 'alone',
      fd: options.fd ?? -1,
      receiveBufferSize: RECEIVE_BUFFER_SIZE,
      sendBufferSize: SEND_BUFFER_SIZE,
      busyPollUs: options.busyPollUs ?? 0,
      sendsTrains: options.sendsTrains ?? true,
      maxQuerySize: MAX_QUERY_SIZE,
      maxReplySize: options.maxReplySize,
    },
    memory,
    (count) => batch.answer(count),
    (refused, overflowed, receiveErrors) => {
      counters[COUNTER.UDP_SEND_ERRORS]! += refused;
      counters[COUNTER.UDP_OVERFLOWED]! += overflowed;
      counters[COUNTER.UDP_RECEIVE_ERRORS]! += receiveErrors;
    },
  );
  if (typeof port === 'number') return err(listenProblem('udp', endpoint, failure(port, options)));
  batch.serve(port);
  return ok(new BatchSocket(port, counters));
}

/** Nothing else that is done to open a socket is forbidden with EPERM. */
function failure(errno: number, { busyPollUs = 0 }: UdpOptions): NodeJS.ErrnoException {
  const error = systemError('open', errno);
  if (error.code === 'EPERM' && busyPollUs > 0)
    error.message = 'this kernel allows udpBusyPollUs only with the privilege CAP_NET_ADMIN; give it, or set 0';
  return error;
}

/** The memory of one port, and what is done with each batch in it. */
class Batch {
  readonly #respond: Respond;
  readonly #clock: Clock;
  readonly #counters: Float64Array;
  readonly #layout: Layout;
  readonly #memory: Uint8Array;
  readonly #querySizes: Uint32Array;
  readonly #replySizes: Uint32Array;
  readonly #client = new Client();
  #isIpv6 = false;
  #isDualStack = false;
  /** Of the clocks: the time of day less the monotonic one, and when to look again. */
  #offsetMs = 0;
  #nextLookMs = Number.NEGATIVE_INFINITY;

  constructor(memory: ArrayBuffer, layout: Layout, options: UdpOptions) {
    this.#respond = options.respond;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#layout = layout;
    this.#memory = new Uint8Array(memory);
    this.#querySizes = new Uint32Array(memory, layout.querySizesAt, layout.batchSize);
    this.#replySizes = new Uint32Array(memory, layout.replySizesAt, layout.batchSize);
  }

  serve({ family, isDualStack }: NativePort): void {
    this.#isIpv6 = family === 6;
    this.#isDualStack = isDualStack;
    this.#client.family = family;
  }

  /** Answers the first `count` datagrams in memory. All of a batch have waited for the same turn, so they count as received now. */
  answer(count: number): void {
    const client = this.#client;
    const memory = this.#memory;
    const replySizes = this.#replySizes;
    const respond = this.#respond;
    const { queryStride, replyStride, senderStride } = this.#layout;
    let { queriesAt: query, repliesAt: reply, sendersAt: sender } = this.#layout;
    this.#stamp();
    for (let i = 0; i < count; i++) {
      const size = this.#querySizes[i]!;
      if (size > MAX_QUERY_SIZE) {
        this.#counters[COUNTER.UDP_OVERSIZED]!++;
        replySizes[i] = 0;
      } else {
        this.#readSender(sender);
        const replySize = respond(memory, query, size, client, memory, reply);
        replySizes[i] = client.port === 0 ? 0 : replySize; // nobody listens on port 0
      }
      query += queryStride;
      reply += replyStride;
      sender += senderStride;
    }
  }

  #stamp(): void {
    const client = this.#client;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#nextLookMs) {
      this.#offsetMs = this.#clock.wallMs() - nowMs;
      this.#nextLookMs = nowMs + TIME_OF_DAY_INTERVAL_MS;
    }
    client.nowMs = nowMs;
    client.nowSec = Math.floor((nowMs + this.#offsetMs) / 1000);
  }

  #readSender(at: number): void {
    const client = this.#client;
    const memory = this.#memory;
    const { octets } = client;
    client.port = (memory[at + PORT_AT]! << 8) | memory[at + PORT_AT + 1]!;
    if (this.#isIpv6) {
      for (let i = 0; i < 16; i++) octets[i] = memory[at + IPV6_AT + i]!;
      if (!this.#isDualStack) return;
      client.family = 6;
      unmapClient(client);
    } else for (let i = 0; i < 4; i++) octets[i] = memory[at + IPV4_AT + i]!;
  }
}

class BatchSocket implements UdpSocket {
  readonly #native: NativePort;
  readonly #counters: Float64Array;
  /** What of the kernel's count is in the counters. The count is the socket's: workers that share an adopted one all add it. */
  #drops: number;
  readonly #dropsTimer: NodeJS.Timeout;

  constructor(native: NativePort, counters: Float64Array) {
    this.#native = native;
    this.#counters = counters;
    this.#drops = native.kernelDrops(); // an adopted socket may have a past
    this.#dropsTimer = setInterval(() => this.#countDrops(), DROPS_INTERVAL_MS).unref();
  }

  get port(): number {
    return this.#native.port;
  }

  async close(): Promise<void> {
    clearInterval(this.#dropsTimer);
    this.#countDrops();
    this.#native.close();
  }

  #countDrops(): void {
    const drops = this.#native.kernelDrops();
    this.#counters[COUNTER.UDP_KERNEL_DROPS]! += (drops - this.#drops) >>> 0;
    this.#drops = drops;
  }
}
