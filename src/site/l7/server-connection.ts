// A connection to a server, for one exchange after another. It is read into one buffer of its own: what a responder is given is valid
// during the call only, unless it takes the buffer.

import { connect, type Socket } from 'node:net';
import { BodyReader } from './body-reader.ts';
import { type Fields, headEnd } from './fields.ts';
import { type ResponseHead, readResponseHead } from './response-head.ts';
import type { TunnelListener, TunnelSide } from './tunnel.ts';

/** Who waits for a response. */
export interface Responder {
  onConnected(): void;
  /** 1xx but 101. */
  onInterim(head: ResponseHead): void;
  onResponse(head: ResponseHead): void;
  onResponseBody(octets: Buffer): void;
  onResponseEnd(trailers: Fields | null): void;
  /** All that came at once has been handed on. */
  onPause(): void;
  /** 101: what the server sends from now on is no HTTP, and `side` has it. The responder hears no more. */
  onTunnel(head: ResponseHead, side: TunnelSide): void;
  /** More of the request can be taken. */
  onServerDrain(): void;
  /** There will be no (whole) response; the connection is gone. */
  onFailure(why: 'connect' | 'closed' | 'malformed'): void;
}

/** Of it, only what small responses use is ever touched, and so takes memory. */
const READ_SIZE = 65_536;
/** Less than this waits to be sent: more can be taken. */
const MOST_WAITING_SIZE = 65_536;
/** Larger heads of responses are refused. */
const MOST_HEAD_SIZE = 65_536;
/** More 1xx before one response are no hints but a flood, which would go to the client as fast as it comes. */
const MOST_INTERIM = 32;

export class ServerConnection {
  readonly socket: Socket;
  isConnected = false;
  /** Requests that were begun on it. */
  requests = 0;
  /** When it last became idle. */
  idleSinceMs = 0;
  #responder: Responder | null = null;
  #tunnel: TunnelListener | null = null;
  #phase: 'idle' | 'head' | 'body' | 'tunnel' = 'idle';
  #isForHead = false;
  #keepsAlive = true;
  /** 1xx before the present response. */
  #interims = 0;
  /** Whether octets of a response to the present request have come. */
  #hasBegun = false;
  #buffer: Buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  #partial: Buffer | null = null;
  #isPaused = false;
  /** The response has been read to its end; null and false = not yet. */
  #isDone = false;
  #trailers: Fields | null = null;
  readonly #body: BodyReader;
  readonly #onClose: (connection: ServerConnection) => void;

  /** `onClose` is called once, whenever it is closed. */
  constructor(address: string, port: number, onClose: (connection: ServerConnection) => void) {
    this.#onClose = onClose;
    this.#body = new BodyReader(
      {
        onBody: (octets) => this.#responder?.onResponseBody(octets),
        onBodyEnd: (trailers) => {
          this.#isDone = true;
          this.#trailers = trailers;
        },
      },
      false,
    );
    this.socket = connect({
      host: address,
      port,
      noDelay: true,
      onread: { buffer: () => this.#buffer, callback: (size) => this.#read(size) },
    });
    this.socket.on('connect', () => {
      this.isConnected = true;
      this.#responder?.onConnected();
    });
    this.socket.on('drain', () => (this.#tunnel === null ? this.#responder?.onServerDrain() : this.#tunnel.onDrain()));
    this.socket.on('end', () => this.#ended());
    this.socket.on('error', ignore); // `close` follows
    this.socket.on('close', () => {
      this.#fail(this.isConnected ? 'closed' : 'connect');
      this.#onClose(this);
    });
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether another request may be sent on it. */
  get isReusable(): boolean {
    return this.#keepsAlive && this.#phase === 'idle' && this.#responder === null && this.socket.writable && this.isConnected;
  }

  /** Sends the head of a request, latin1. */
  begin(responder: Responder, head: string, isForHead: boolean): void {
    this.#responder = responder;
    this.#isForHead = isForHead;
    this.#phase = 'head';
    this.#hasBegun = false;
    this.#interims = 0;
    this.requests++;
    this.socket.write(head, 'latin1');
  }

  /** Some of the body of the request; the octets must stay as they are. False: wait for onServerDrain. */
  sendBody(octets: Buffer, isChunked: boolean): boolean {
    const { socket } = this;
    if (!isChunked) {
      socket.write(octets);
      return socket.writableLength < MOST_WAITING_SIZE;
    }
    socket.cork();
    socket.write(`${octets.length.toString(16)}\r\n`, 'latin1');
    socket.write(octets);
    socket.write('\r\n', 'latin1');
    socket.uncork();
    return socket.writableLength < MOST_WAITING_SIZE;
  }

  /** The end of a body in chunks. */
  sendEnd(trailers: Fields | null): void {
    let text = '0\r\n';
    for (let i = 0; trailers !== null && i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
    this.socket.write(`${text}\r\n`, 'latin1');
  }

  /** The responder wants no more of it; the connection is of no use to others. */
  abandon(): void {
    this.#responder = null;
    this.socket.destroy();
  }

  /** What onResponseBody was given goes on being used after the call: it is not written over. */
  giveBuffer(): void {
    this.#buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  }

  pause(): void {
    this.#isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  #read(size: number): boolean {
    let octets: Buffer = this.#buffer.subarray(0, size);
    let seen = 0;
    if (this.#partial !== null) {
      seen = this.#partial.length;
      octets = Buffer.concat([this.#partial, octets]);
      this.#partial = null;
    }
    let at = 0;
    while (at < octets.length) {
      if (this.#phase === 'head') at = this.#readHead(octets, at, seen);
      else if (this.#phase === 'body') at = this.#body.read(octets, at);
      else if (this.#phase === 'tunnel') {
        this.#tunnel?.onOctets(at === 0 ? octets : octets.subarray(at));
        at = octets.length;
      } else at = -1; // nobody has asked
      seen = 0;
      if (at < 0) {
        this.#fail('malformed');
        this.socket.destroy();
        return true;
      }
      if (this.#isDone) {
        // What comes after a response answers nobody. It must never be taken for the response to the next request.
        if (at < octets.length) this.#keepsAlive = false;
        this.#finish();
        return true;
      }
    }
    this.#responder?.onPause();
    return true;
  }

  #readHead(octets: Buffer, from: number, seen: number): number {
    this.#hasBegun = true;
    const end = headEnd(octets, from, seen);
    if (end < 0) {
      if (octets.length - from > MOST_HEAD_SIZE) return -1;
      this.#partial = Buffer.from(octets.subarray(from));
      return octets.length;
    }
    const head = readResponseHead(octets.toString('latin1', from, end), this.#isForHead);
    if (head === null) return -1;
    const responder = this.#responder!;
    if (head.status === 101) {
      this.#phase = 'tunnel';
      this.#keepsAlive = false;
      this.#responder = null;
      responder.onTunnel(head, this.#tunnelSide());
    } else if (head.status < 200) {
      if (++this.#interims > MOST_INTERIM) return -1;
      responder.onInterim(head);
    } else {
      if (!head.keepsAlive) this.#keepsAlive = false;
      this.#phase = 'body';
      this.#body.begin(head.bodySize);
      responder.onResponse(head);
      if (this.#body.isEnded) this.#isDone = true;
    }
    return end;
  }

  #finish(): void {
    const responder = this.#responder;
    const trailers = this.#trailers;
    this.#responder = null;
    this.#trailers = null;
    this.#isDone = false;
    this.#phase = 'idle';
    this.resume();
    responder?.onResponseEnd(trailers);
  }

  /** The server sends no more. */
  #ended(): void {
    this.#keepsAlive = false;
    if (this.#phase === 'body') {
      if (this.#body.close()) this.#finish();
    } else if (this.#phase === 'idle') this.socket.destroy();
  }

  #tunnelSide(): TunnelSide {
    return {
      listen: (listener) => {
        this.#tunnel = listener;
      },
      // Its memory is read into again as soon as this returns: the other side copies what it keeps.
      write: (octets) => this.socket.write(Buffer.from(octets)),
      pause: () => this.pause(),
      resume: () => this.resume(),
      end: () => this.socket.end(),
      destroy: () => this.socket.destroy(),
    };
  }

  #fail(why: 'connect' | 'closed' | 'malformed'): void {
    const responder = this.#responder;
    const tunnel = this.#tunnel;
    this.#responder = null;
    this.#tunnel = null;
    responder?.onFailure(why);
    tunnel?.onClose();
  }
}

const ignore = (): void => {};
