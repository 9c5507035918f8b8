// A client connection that speaks HTTP/2 (RFC 9113), by node:http2. Each stream is one exchange. Frames, flow control and floods of
// settings, pings and header fields are nghttp2's and node's to bound; resets of streams are counted here.

import type { OutgoingHttpHeaders } from 'node:http';
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Client, Peer } from './client.ts';
import type { Context } from './context.ts';
import type { Timed } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import { type Fields, mayTrail, tokenEnd, without } from './fields.ts';
import { sendPage } from './pages.ts';
import { CHUNKED, FieldReader, placeTarget, type Refusal, RequestHead } from './request-head.ts';
import type { TunnelSide } from './tunnel.ts';
import { beginWebSocket, isKeyConfirmed, WEB_SOCKET } from './web-socket.ts';

/** Over which resets of streams are counted. */
const RESET_WINDOW_MS = 10_000;
/** For a stream's own window; the default of 64 kB is one round trip's worth of a slow line. */
const WINDOW_SIZE = 256 * 1024;

/** A client that does not end its side of a tunnel whose other side has ended has so long for it. */
const LINGER_MS = 2000;

export class Http2Session implements Timed {
  deadlineMs: number;
  readonly #session: ServerHttp2Session;
  readonly #peer: Peer;
  readonly #context: Context;
  #streams = 0;
  #requests = 0;
  #resets = 0;
  #windowEndMs = 0;
  /** How long it stays without a stream; undefined = as the settings say. */
  #idleMs: number | undefined;

  constructor(socket: TLSSocket, peer: Peer, context: Context) {
    const { limits, timeouts } = context.plan.settings;
    this.#peer = peer;
    this.#context = context;
    this.#session = performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams: limits.mostStreams,
        maxHeaderListSize: limits.headSize,
        initialWindowSize: WINDOW_SIZE,
        enablePush: false,
        enableConnectProtocol: true, // RFC 8441 section 3
      },
      maxHeaderListPairs: limits.mostHeaders + 4,
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 100,
    });
    this.deadlineMs = context.clock.monotonicMs() + timeouts.keepAliveMs;
    context.deadlines.add(this);
    this.#session.on('stream', (stream: ServerHttp2Stream, _headers: IncomingHttpHeaders, flags: number, raw: string[]) =>
      this.#begin(stream, flags, raw),
    );
    this.#session.on('error', ignore); // `close` follows
    // Who sends no more has left: nothing could be told of windows any more.
    socket.on('end', () => this.#session.destroy());
    this.#session.on('close', () => context.deadlines.delete(this));
  }

  /**
   * Says goodbye: streams that are open go on; those that the client has opened and we have not seen are refused, and it may ask again
   * elsewhere (RFC 9113 section 8.7). With `idleMs` that is when no stream was open for so long.
   */
  drain(idleMs = 0): void {
    if (this.#session.closed) return;
    if (idleMs === 0) {
      this.#session.close();
      return;
    }
    this.#idleMs = idleMs;
    if (this.#streams === 0) this.deadlineMs = this.#context.clock.monotonicMs() + idleMs;
  }

  /** Nobody has asked for long. */
  expire(): void {
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.drain();
  }

  #begin(stream: ServerHttp2Stream, flags: number, raw: string[]): void {
    const { limits } = this.#context.plan.settings;
    this.#streams++;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    if (++this.#requests === limits.mostRequestsPerConnection) this.drain();
    const client = new Http2Client(stream, this.#peer, this.#context);
    stream.on('close', () => {
      if (--this.#streams === 0) {
        this.deadlineMs = this.#context.clock.monotonicMs() + (this.#idleMs ?? this.#context.plan.settings.timeouts.keepAliveMs);
      }
      if (client.isUnfinished) this.#countReset(limits.mostResets);
    });
    client.begin(readHead(raw, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0, limits));
  }

  /** To open streams and reset them at once costs a client nothing and us a request each (CVE-2023-44487). */
  #countReset(most: number): void {
    const nowMs = this.#context.clock.monotonicMs();
    if (nowMs >= this.#windowEndMs) {
      this.#windowEndMs = nowMs + RESET_WINDOW_MS;
      this.#resets = 0;
    }
    if (++this.#resets !== most + 1 || this.#session.destroyed) return;
    this.#context.counts.malformed++;
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    setImmediate(() => this.#session.destroy());
  }
}

/** One stream. */
class Http2Client implements Client, Timed {
  readonly peer: Peer;
  readonly holdsBody = false;
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #stream: ServerHttp2Stream;
  readonly #context: Context;
  #exchange: Exchange | null = null;
  #isReading = false;
  /** Octets of the body that have come since its deadline was last moved. */
  #unpaced = 0;
  #isEnded = false;
  #trailers: Fields | null = null;
  /** Of a request for a WebSocket: what the server must confirm; null = it is none. */
  #webSocketKey: string | null = null;
  /** The client gets no body, whatever the server sends. */
  #isMute = false;

  constructor(stream: ServerHttp2Stream, peer: Peer, context: Context) {
    this.#stream = stream;
    this.peer = peer;
    this.#context = context;
    stream.on('error', ignore); // `close` follows
    stream.on('close', () => {
      context.deadlines.delete(this);
      this.#exchange?.onClientGone();
    });
    stream.on('drain', () => this.#exchange?.onClientDrain());
  }

  /** Whether the response is not whole, and nobody here has broken it off. */
  get isUnfinished(): boolean {
    return !this.#isEnded;
  }

  begin(head: RequestHead | Refusal): void {
    if (typeof head === 'number') {
      this.#context.counts.malformed++;
      this.#context.counts.responses[Math.trunc(head / 100)]!++;
      sendPage(this, head, false);
      return;
    }
    if (head.isExtendedConnect) this.#webSocketKey = beginWebSocket(head);
    if (head.bodySize !== 0) this.#listen();
    this.#exchange = new Exchange(this.#context, this, head);
    this.#exchange.start();
  }

  expire(): void {
    this.deadlineMs = Number.POSITIVE_INFINITY;
    // A client that gives a response no window would have us hold it for ever (CVE-2019-9517).
    if (this.#isEnded) this.#stream.close(constants.NGHTTP2_CANCEL);
    else this.#exchange?.refuse(408);
  }

  sendInterim(status: number, fields: Fields): void {
    this.#try(() => this.#stream.additionalHeaders({ ...headersOf(fields), ':status': status }));
  }

  sendHead(status: number, _reason: string, fields: Fields, size: number, hasBody: boolean): void {
    if (this.#webSocketKey !== null && status < 300) {
      // To the client it would be an open tunnel (RFC 8441 section 5).
      this.#isMute = true;
      this.#try(() => this.#stream.respond({ ':status': 502 }, { endStream: true }));
      return;
    }
    const headers = headersOf(fields);
    headers[':status'] = status;
    if (size >= 0) headers['content-length'] = size;
    const waitForTrailers = hasBody && size < 0;
    if (waitForTrailers)
      this.#stream.on('wantTrailers', () => this.#try(() => this.#stream.sendTrailers(headersOf(this.#trailers ?? []))));
    this.#try(() => this.#stream.respond(headers, { endStream: !hasBody || size === 0, waitForTrailers }));
  }

  sendBody(octets: Buffer): boolean {
    return this.#stream.writable && !this.#isMute ? this.#stream.write(Buffer.from(octets)) : true;
  }

  flush(): void {}

  sendEnd(trailers: Fields | null): void {
    this.#isEnded = true;
    this.#trailers = trailers;
    this.#exchange = null;
    if (!this.#stream.closed) {
      const { clock, deadlines, plan } = this.#context;
      this.deadlineMs = clock.monotonicMs() + plan.settings.timeouts.responseIdleMs;
      deadlines.add(this);
    }
    if (this.#stream.writable) this.#stream.end();
    // What still comes of a request that has its response is of no use (RFC 9113 section 8.1).
    if (!this.#stream.readableEnded) this.#stream.resume();
  }

  abort(): void {
    this.#isEnded = true;
    this.#exchange = null;
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  readBody(): void {
    this.#isReading = true;
    this.#waitForBody();
    this.#stream.resume();
  }

  pauseBody(): void {
    this.#isReading = false;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#stream.pause();
  }

  /** Of a WebSocket, the only protocol that is asked for here: 200 takes the place of 101 (RFC 8441 section 5). */
  openTunnel(fields: Fields): TunnelSide {
    const stream = this.#stream;
    this.#exchange = null;
    this.#isEnded = true; // however it ends, nothing is cut off
    this.deadlineMs = Number.POSITIVE_INFINITY;
    if (isKeyConfirmed(this.#webSocketKey, fields))
      this.#try(() => stream.respond({ ...headersOf(without(fields, ['sec-websocket-accept'])), ':status': 200 }));
    else {
      this.#try(() => stream.respond({ ':status': 502 }, { endStream: true }));
      stream.close(constants.NGHTTP2_CANCEL);
    }
    return {
      listen: (listener) => {
        let isOver = false;
        const end = (): void => {
          if (!isOver) listener.onClose();
          isOver = true;
        };
        stream.on('data', (octets: Buffer) => listener.onOctets(octets));
        stream.on('drain', () => listener.onDrain());
        stream.on('end', end);
        stream.on('close', end);
        if (stream.closed) process.nextTick(end); // once both sides are joined
      },
      write: (octets) => (stream.writable ? stream.write(Buffer.from(octets)) : true),
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      end: () => {
        if (stream.writable) stream.end();
        this.deadlineMs = this.#context.clock.monotonicMs() + LINGER_MS;
        this.#context.deadlines.add(this);
      },
      destroy: () => stream.close(constants.NGHTTP2_CANCEL),
    };
  }

  #listen(): void {
    const stream = this.#stream;
    this.#context.deadlines.add(this);
    let trailers: Fields | null = null;
    stream.on('data', (octets: Buffer) => {
      this.#unpaced += octets.length;
      if (this.#unpaced >= this.#context.plan.settings.limits.bodyPieceSize) this.#waitForBody();
      this.#exchange?.onRequestBody(octets);
    });
    stream.pause();
    stream.on('trailers', (_headers, _flags, raw?: string[]) => {
      trailers = raw === undefined ? null : trailersOf(raw);
    });
    stream.on('end', () => {
      this.deadlineMs = Number.POSITIVE_INFINITY;
      // A stream that was cut off ends too.
      if (!stream.aborted) this.#exchange?.onRequestEnd(trailers);
    });
  }

  #waitForBody(): void {
    this.#unpaced = 0;
    if (this.#isReading) this.deadlineMs = this.#context.clock.monotonicMs() + this.#context.plan.settings.timeouts.bodyIdleMs;
  }

  /** Node throws for what a server may well send, such as a field that must be single twice: the stream is broken off then. */
  #try(send: () => void): void {
    if (this.#stream.destroyed || this.#stream.closed) return;
    try {
      send();
    } catch {
      this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }
}

/** Pseudo fields and fields as one head. nghttp2 has checked names, values, and that a body is as long as it says. */
function readHead(
  raw: readonly string[],
  isWhole: boolean,
  limits: { readonly targetSize: number; readonly mostHeaders: number },
): RequestHead | Refusal {
  const head = new RequestHead();
  const reader = new FieldReader(head);
  let target = '';
  let authority: string | null = null;
  let protocol: string | null = null;
  let host: string | null = null;
  let hasLength = false;
  if (raw.length / 2 > limits.mostHeaders + 4) return 431;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    let why: Refusal | null = null;
    if (name === ':method') head.method = value;
    else if (name === ':path') target = value;
    else if (name === ':authority') authority = value;
    else if (name === ':protocol') protocol = value;
    else if (name === 'host') host = value;
    else if (name.charCodeAt(0) !== 58) {
      if (name === 'content-length') hasLength = true;
      why = reader.take(name, value);
    }
    if (why !== null) return why;
  }
  // Two names for one host: servers see the one that routes are chosen by (RFC 9113 section 8.3.1).
  if (authority !== null && host !== null && authority.toLowerCase() !== host.toLowerCase()) return 400;
  const why = reader.take('host', authority ?? host ?? '') ?? reader.finish();
  if (why !== null) return why;
  if (head.method === '' || tokenEnd(head.method, 0) !== head.method.length) return 400;
  if (target.length > limits.targetSize) return 414;
  if (protocol !== null) {
    if (head.method !== 'CONNECT') return 400;
    if (protocol !== WEB_SOCKET) return 501;
    head.method = 'GET';
    head.isExtendedConnect = true;
    head.bodySize = 0;
    return placeTarget(head, target) ?? head;
  }
  if (!isWhole && !hasLength) head.bodySize = CHUNKED;
  if (isWhole) head.bodySize = 0;
  return placeTarget(head, target) ?? head;
}

/** Those that may be passed on; null = none. */
function trailersOf(raw: readonly string[]): Fields | null {
  const trailers: Fields = [];
  for (let i = 0; i < raw.length; i += 2) if (mayTrail(raw[i]!)) trailers.push(raw[i]!, raw[i + 1]!);
  return trailers.length === 0 ? null : trailers;
}

/** As node wants them: a list only for Set-Cookie, others joined. */
function headersOf(fields: Fields): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    const before = headers[name];
    if (before === undefined) headers[name] = name === 'set-cookie' ? [value] : value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = `${before}, ${value}`;
  }
  return headers;
}

const ignore = (): void => {};
