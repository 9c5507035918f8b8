// TCP clients that want to be a burden, ten kinds of them. Each goes on, reconnecting where it can, until told to stop.

import { connect, type Socket } from 'node:net';
import { frame } from './dns-octets.ts';
import { queryOctets } from './query-octets.ts';

const QUERY = frame(queryOctets({ name: 'www.example.test.', type: 'A' }));
const LARGE = frame(queryOctets({ name: 'example.test.', type: 'ANY', opt: { udpPayloadSize: 4096 } }));
const MANY = Buffer.concat(Array(100).fill(QUERY));
const MANY_LARGE = Buffer.concat(Array(50).fill(LARGE));
/** Octets that a client lets wait in its own memory. */
const MAX_QUEUED = 65_536;
/** Pause of a client before it connects again; the storm has none. */
const RECONNECT_MS = 20;
/** Most times one client connects, so that no run is without end. */
const MAX_CONNECTIONS = 400;

type Behaviour = (socket: Socket, every: (ms: number, work: () => void) => void) => void;

export const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  'says nothing': () => {},
  'sends one octet at a time': (socket, every) => {
    let at = 0;
    every(5, () => socket.write(QUERY.subarray(at % QUERY.length, (at++ % QUERY.length) + 1)));
  },
  'sends half a message': (socket) => socket.write(QUERY.subarray(0, QUERY.length >> 1)),
  'never reads': (socket, every) => {
    socket.pause();
    every(20, () => socket.writableLength < MAX_QUEUED && socket.write(MANY_LARGE));
  },
  'resets after asking': (socket) => socket.write(QUERY, () => socket.resetAndDestroy()),
  'sends frames without a message': (socket) => socket.write(Buffer.alloc(10)),
  'sends garbage': (socket, every) => every(20, () => socket.write(Buffer.alloc(500, 0xa5))),
  'floods with queries': (socket, every) => every(20, () => socket.writableLength < MAX_QUEUED && socket.write(MANY)),
  'closes its half at once': (socket) => socket.end(),
  'connects again and again': (socket) => setImmediate(() => socket.destroy()),
};

/** One client. `stop` resolves when it is gone. */
export class HostileClient {
  connections = 0;
  readonly #behaviour: Behaviour;
  readonly #options: { readonly port: number; readonly host: string; readonly localAddress: string };
  readonly #pauseMs: number;
  #isStopping = false;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #gone: () => void = () => {};

  /** `localAddress` is what the server sees, any of 127.0.0.0/8. */
  constructor(kind: string, port: number, localAddress: string) {
    this.#behaviour = BEHAVIOURS[kind]!;
    this.#options = { port, host: '127.0.0.1', localAddress };
    this.#pauseMs = kind === 'connects again and again' ? 0 : RECONNECT_MS;
    this.#connect();
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#socket === undefined) {
      clearTimeout(this.#timer);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#gone = resolve;
      this.#socket!.destroy();
    });
  }

  #connect(): void {
    const socket = connect({ ...this.#options, noDelay: true, allowHalfOpen: true });
    const intervals: NodeJS.Timeout[] = [];
    this.#socket = socket;
    this.connections++;
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.once('end', () => socket.destroy());
    socket.once('connect', () =>
      this.#behaviour(socket, (ms, work) => {
        intervals.push(setInterval(() => socket.writable && work(), ms));
      }),
    );
    socket.once('close', () => {
      for (const interval of intervals) clearInterval(interval);
      this.#socket = undefined;
      if (this.#isStopping) this.#gone();
      else if (this.connections < MAX_CONNECTIONS) this.#timer = setTimeout(() => this.#connect(), this.#pauseMs);
    });
  }
}
