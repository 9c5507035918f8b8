// The packet driver on node:dgram, for where the native one cannot be: one datagram for one callback, one reply for one datagram.
// Nothing here may throw or wait: a reply that cannot be sent is counted and forgotten, as UDP itself would do.
// To stay close to the cost of a bare echo, the Client, the reply buffer and its views are reused. `send` tries the system call
// at once but keeps the buffer if the socket is full, so a buffer is written again only when every send has reported back.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { COUNTER } from '../metrics/counters.ts';
import { Client, type Respond } from '../model/client.ts';
import { MAX_QUERY_SIZE } from './frame-reader.ts';
import { listenProblem } from './listen.ts';
import { setClientAddress, stampClient } from './sender.ts';
import { type PacketDriver, RECEIVE_BUFFER_SIZE, type UdpOptions, type UdpSocket } from './udp-driver.ts';

/** Replies that may wait for a full socket; beyond it they are dropped, for a late answer helps nobody. */
const MAX_PENDING = 256;

/** Numeric addresses need no look-up; answering at once keeps `send` synchronous. */
function noLookup(address: string, family: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, address, family as number);
}

export const dgramDriver: PacketDriver = { name: 'dgram', open };

/** Binds; an address that cannot be used is an ERR_LISTEN problem. */
function open(options: UdpOptions): Promise<Result<UdpSocket, Problem>> {
  const {
    endpoint: { address, port },
    sharing = 'alone',
  } = options;
  const socket = createSocket({
    ...(address.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' }),
    lookup: noLookup,
    recvBufferSize: RECEIVE_BUFFER_SIZE,
    // Older Nodes do not know the option and ignore it.
    ...(sharing === 'alone' ? {} : { reusePort: true }),
  });
  return new Promise((resolve) => {
    socket.once('error', (error) => {
      socket.close();
      resolve(err(listenProblem('udp', options.endpoint, error)));
    });
    const listening = (): void => resolve(ok(new DgramSocket(socket, options)));
    if (options.fd === undefined) socket.bind(port, address, listening);
    else socket.bind({ fd: options.fd }, listening);
  });
}

class DgramSocket implements UdpSocket {
  readonly #socket: Socket;
  readonly #respond: Respond;
  readonly #maxReplySize: number;
  readonly #clock: Clock;
  readonly #counters: Float64Array;
  readonly #client = new Client();
  /** Text that #client's octets were parsed from: queries of one resolver come in bursts. */
  #clientText = '';
  #output: Uint8Array;
  /** views[n]: the first n octets of #output, made when first needed. */
  readonly #views: (Uint8Array | undefined)[];
  /** Sends that have not reported back; while there are any, #output may be held by one of them. */
  #pending = 0;
  readonly #sent = (error: Error | null): void => {
    this.#pending--;
    if (error !== null) this.#counters[COUNTER.UDP_SEND_ERRORS]!++;
  };

  constructor(socket: Socket, options: UdpOptions) {
    this.#socket = socket;
    this.#respond = options.respond;
    this.#maxReplySize = options.maxReplySize;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#views = new Array(options.maxReplySize + 1).fill(undefined);
    this.#output = new Uint8Array(options.maxReplySize);
    socket.removeAllListeners('error');
    socket.on('error', () => this.#counters[COUNTER.UDP_RECEIVE_ERRORS]!++);
    socket.on('message', (input, sender) => this.#receive(input, sender));
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(resolve));
  }

  #receive(input: Uint8Array, sender: RemoteInfo): void {
    if (input.length > MAX_QUERY_SIZE) {
      this.#counters[COUNTER.UDP_OVERSIZED]!++;
      return;
    }
    const client = this.#client;
    if (sender.address !== this.#clientText) {
      setClientAddress(client, sender.address);
      this.#clientText = sender.address;
    }
    client.port = sender.port;
    stampClient(client, this.#clock);
    if (this.#pending > 0 && !this.#takeFreshOutput()) return;
    const size = this.#respond(input, 0, input.length, client, this.#output, 0);
    // Nobody listens on port 0, and `send` would throw.
    if (size === 0 || sender.port === 0) return;
    this.#views[size] ??= this.#output.subarray(0, size);
    this.#pending++;
    this.#socket.send(this.#views[size], sender.port, sender.address, this.#sent);
  }

  /** Leaves the present output to the send that holds it; false if too many replies wait already. */
  #takeFreshOutput(): boolean {
    if (this.#pending >= MAX_PENDING) {
      this.#counters[COUNTER.UDP_OVERFLOWED]!++;
      return false;
    }
    this.#output = new Uint8Array(this.#maxReplySize);
    this.#views.fill(undefined);
    return true;
  }
}
