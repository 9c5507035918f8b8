// A client connection that speaks HTTP/1.1: requests are read strictly and served one after another, in their order. What a client sends
// ahead waits, and its socket with it.

import type { Socket } from 'node:net';
import { BodyReader } from './body-reader.ts';
import type { Client, Peer } from './client.ts';
import type { Context } from './context.ts';
import type { Timed } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import { type Fields, hasBareLineFeed, headEnd } from './fields.ts';
import { reasonOf, sendPage } from './pages.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';
import type { TunnelListener, TunnelSide } from './tunnel.ts';

/** Up to here octets are cheaper to copy into one text with the head than to send by a call of their own. */
const MOST_JOINED_SIZE = 8192;
/** Less than this waits to be sent: more can be taken. */
const MOST_WAITING_SIZE = 65_536;
/** After a response that ends the connection, the rest of what the client sends is read for so long at most: an unread rest would make
 * the system reset the connection and with it the response (RFC 9112 section 9.6). */
const LINGER_MS = 2000;

type Phase = 'head' | 'busy' | 'lingering' | 'tunnel' | 'closed';

export class Http1Client implements Client, Timed {
  readonly peer: Peer;
  holdsBody = false;
  deadlineMs: number;
  readonly #socket: Socket;
  readonly #context: Context;
  readonly #body: BodyReader;
  #phase: Phase = 'head';
  #exchange: Exchange | null = null;
  #tunnel: TunnelListener | null = null;
  #requests = 0;
  #isHttp10 = false;
  /** After this response. */
  #keepsAlive = true;
  /** What was received and not read yet; while there is any, and its turn has not come, the socket waits. */
  #pending: Buffer | null = null;
  /** How much of it was searched for the end of a head. */
  #searched = 0;
  #isBodyWanted = false;
  /** Octets of the body that have come since its deadline was last moved. */
  #unpaced = 0;
  #isProcessing = false;
  /** What was to be sent and is not yet, latin1. */
  #out = '';
  #isChunking = false;
  /** While lingering. */
  #giveUpMs = 0;

  constructor(socket: Socket, peer: Peer, context: Context) {
    this.#socket = socket;
    this.peer = peer;
    this.#context = context;
    this.#body = new BodyReader(
      {
        onBody: (octets) => {
          const { limits, timeouts } = context.plan.settings;
          this.#unpaced += octets.length;
          if (this.#unpaced >= limits.bodyPieceSize) {
            this.#unpaced = 0;
            this.deadlineMs = context.clock.monotonicMs() + timeouts.bodyIdleMs;
          }
          this.#exchange?.onRequestBody(octets);
        },
        onBodyEnd: (trailers) => {
          this.deadlineMs = Number.POSITIVE_INFINITY;
          this.#exchange?.onRequestEnd(trailers);
        },
      },
      true,
    );
    this.deadlineMs = context.clock.monotonicMs() + context.plan.settings.timeouts.headMs;
    context.deadlines.add(this);
    socket.on('data', (octets: Buffer) => this.#receive(octets));
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#ended());
    socket.on('error', ignore); // `close` follows
    socket.on('close', () => this.#closed());
  }

  /** Ends the connection after what is under way, or after the next response; after `idleMs` if no request comes. */
  drain(idleMs: number): void {
    // A client that was not told of the end may have sent its next request.
    if (idleMs === 0) this.#keepsAlive = false;
    if (this.#phase !== 'head' || this.#pending !== null) return;
    if (idleMs === 0) this.#linger();
    else this.deadlineMs = Math.min(this.deadlineMs, this.#context.clock.monotonicMs() + idleMs);
  }

  expire(nowMs: number): void {
    switch (this.#phase) {
      case 'head':
        if (this.#pending === null) this.#socket.destroy();
        else this.#refuse(408);
        break;
      case 'busy':
        this.deadlineMs = nowMs + LINGER_MS;
        this.#exchange?.refuse(408);
        break;
      default:
        // Who reads slowly may have the rest of the response first.
        if (this.#socket.writableFinished || nowMs >= this.#giveUpMs) this.#socket.destroy();
        else this.deadlineMs = nowMs + LINGER_MS;
    }
  }

  sendInterim(status: number, fields: Fields): void {
    if (this.#isHttp10) return;
    this.#out += `HTTP/1.1 ${status} ${reasonOf(status)}\r\n${textOf(fields)}\r\n`;
    this.flush();
  }

  sendHead(status: number, reason: string, fields: Fields, size: number, hasBody: boolean): void {
    const isOfUnknownSize = hasBody && size < 0;
    this.#isChunking = isOfUnknownSize && !this.#isHttp10;
    // A body that ends with the connection, or a request that has not ended: nobody could tell where the next one begins.
    if ((isOfUnknownSize && this.#isHttp10) || !this.#body.isEnded || this.#context.isDraining) this.#keepsAlive = false;
    let text = `HTTP/1.1 ${status} ${reason}\r\n`;
    for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
    if (size >= 0) text += `content-length: ${size}\r\n`;
    else if (this.#isChunking) text += 'transfer-encoding: chunked\r\n';
    if (!this.#keepsAlive) text += 'connection: close\r\n';
    else if (this.#isHttp10) text += 'connection: keep-alive\r\n';
    this.#out += `${text}\r\n`;
  }

  sendBody(octets: Buffer): boolean {
    const size = octets.length;
    if (size <= MOST_JOINED_SIZE) {
      const text = octets.toString('latin1');
      this.#out += this.#isChunking ? `${size.toString(16)}\r\n${text}\r\n` : text;
      this.holdsBody = false;
      if (this.#out.length > MOST_JOINED_SIZE) this.flush();
      return this.#socket.writableLength < MOST_WAITING_SIZE;
    }
    this.#socket.cork();
    if (this.#isChunking) this.#out += `${size.toString(16)}\r\n`;
    this.flush();
    this.#socket.write(octets);
    if (this.#isChunking) this.#out += '\r\n';
    this.#socket.uncork();
    // As a rule the system has taken all of them already, and nothing waits.
    const waiting = this.#socket.writableLength;
    this.holdsBody = waiting > 0;
    return waiting < MOST_WAITING_SIZE;
  }

  flush(): void {
    if (this.#out === '') return;
    const text = this.#out;
    this.#out = '';
    this.#socket.write(text, 'latin1');
  }

  sendEnd(trailers: Fields | null): void {
    if (this.#isChunking) this.#out += trailers === null ? '0\r\n\r\n' : `0\r\n${textOf(trailers)}\r\n`;
    this.#isChunking = false;
    this.flush();
    this.#exchange = null;
    if (this.#phase === 'closed') return;
    const { clock, plan } = this.#context;
    const { isDraining, drainIdleMs } = this.#context;
    if (!this.#keepsAlive || !this.#body.isEnded || (isDraining && drainIdleMs === 0)) {
      this.#linger();
      return;
    }
    this.#phase = 'head';
    this.deadlineMs = clock.monotonicMs() + (isDraining ? drainIdleMs : plan.settings.timeouts.keepAliveMs);
    if (!this.#isProcessing) this.#readPending();
  }

  abort(): void {
    this.#exchange = null;
    if (this.peer.scheme === 'http') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  readBody(): void {
    if (this.#isBodyWanted || this.#body.isEnded) return;
    this.#isBodyWanted = true;
    const { clock, plan } = this.#context;
    this.deadlineMs = clock.monotonicMs() + plan.settings.timeouts.bodyIdleMs;
    if (!this.#isProcessing) this.#readPending();
  }

  pauseBody(): void {
    this.#isBodyWanted = false;
    if (!this.#body.isEnded) this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  openTunnel(fields: Fields, upgrade: string): TunnelSide {
    this.#out += `HTTP/1.1 101 Switching Protocols\r\n${textOf(fields)}connection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`;
    this.flush();
    this.#exchange = null;
    this.#phase = 'tunnel';
    this.deadlineMs = Number.POSITIVE_INFINITY;
    return {
      listen: (listener) => {
        this.#tunnel = listener;
        // Once both sides are joined.
        process.nextTick(() => this.#readPending());
      },
      write: (octets) => this.#socket.write(Buffer.from(octets)),
      pause: () => this.#socket.pause(),
      resume: () => this.#socket.resume(),
      end: () => {
        if (this.#phase === 'tunnel') this.#linger();
      },
      destroy: () => this.#socket.destroy(),
    };
  }

  /** Ends the connection, and drops what the client still sends. */
  #linger(): void {
    const { clock, plan } = this.#context;
    this.#phase = 'lingering';
    this.deadlineMs = clock.monotonicMs() + LINGER_MS;
    this.#giveUpMs = clock.monotonicMs() + plan.settings.timeouts.responseIdleMs;
    this.#pending = null;
    this.#socket.end();
    this.#socket.resume();
  }

  #receive(octets: Buffer): void {
    if (this.#phase === 'tunnel') this.#tunnel?.onOctets(octets);
    else if (this.#pending === null) this.#process(octets);
    else {
      this.#pending = Buffer.concat([this.#pending, octets]);
      if (this.#phase === 'head' && !this.#isProcessing) this.#readPending();
    }
  }

  /** Goes on with what waits, if it may, and then with the socket. */
  #readPending(): void {
    const octets = this.#pending;
    if (octets !== null) {
      this.#pending = null;
      if (this.#phase === 'tunnel') this.#tunnel?.onOctets(octets);
      else this.#process(octets);
    }
    if (this.#socket.isPaused() && (this.#pending === null || this.#phase === 'head')) this.#socket.resume();
  }

  #process(octets: Buffer): void {
    this.#isProcessing = true;
    let at = 0;
    while (at >= 0 && at < octets.length) {
      if (this.#phase === 'head' && !this.#socket.writableNeedDrain) at = this.#readHead(octets, at);
      else if (this.#phase === 'busy' && !this.#body.isEnded && this.#isBodyWanted) at = this.#readBody(octets, at);
      else if (this.#phase === 'lingering' || this.#phase === 'closed') break;
      else {
        this.#pending = octets.subarray(at);
        this.#searched = 0;
        this.#socket.pause();
        break;
      }
    }
    this.#isProcessing = false;
  }

  /** Where the head that begins at `from` ends; -1 = it does not yet, or was refused. */
  #readHead(octets: Buffer, from: number): number {
    const { limits, timeouts } = this.#context.plan.settings;
    // An empty line before a request is let pass (RFC 9112 section 2.2).
    const start = octets[from] === 13 && octets[from + 1] === 10 ? from + 2 : from;
    const end = headEnd(octets, start, this.#searched);
    const size = (end < 0 ? octets.length : end) - start;
    if (size > limits.headSize || (end < 0 && hasBareLineFeed(octets, start))) {
      const isLongLine = size > limits.headSize && octets.indexOf(13, start) < 0;
      this.#refuse(size <= limits.headSize ? 400 : isLongLine ? 414 : 431);
      return -1;
    }
    if (end < 0) {
      if (this.#searched === 0) this.deadlineMs = this.#context.clock.monotonicMs() + timeouts.headMs;
      this.#pending = start === 0 ? octets : octets.subarray(start);
      this.#searched = size;
      return -1;
    }
    this.#searched = 0;
    const head = readRequestHead(octets.toString('latin1', start, end), limits);
    if (typeof head === 'number') {
      this.#refuse(head);
      return -1;
    }
    this.#begin(head);
    return end;
  }

  #begin(head: RequestHead): void {
    const { limits } = this.#context.plan.settings;
    this.#phase = 'busy';
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#isHttp10 = head.isHttp10;
    this.#keepsAlive = head.keepsAlive && ++this.#requests < limits.mostRequestsPerConnection;
    this.#isBodyWanted = false;
    this.#unpaced = 0;
    this.#body.begin(head.bodySize);
    const exchange = new Exchange(this.#context, this, head);
    this.#exchange = exchange;
    exchange.start();
  }

  #readBody(octets: Buffer, from: number): number {
    const at = this.#body.read(octets, from);
    if (at >= 0) return at;
    this.#context.counts.malformed++;
    this.#exchange?.refuse(400);
    return -1;
  }

  /** Answers what is no request. Nothing that comes after it can be trusted to begin where it seems to. */
  #refuse(status: number): void {
    this.#context.counts.malformed++;
    this.#context.counts.responses[4]!++;
    this.#phase = 'busy';
    this.#keepsAlive = false;
    this.#isHttp10 = false;
    sendPage(this, status, false);
  }

  #drained(): void {
    if (this.#phase === 'tunnel') this.#tunnel?.onDrain();
    else if (this.#phase === 'busy') this.#exchange?.onClientDrain();
    else if (this.#phase === 'head' && this.#pending !== null) this.#readPending();
  }

  /** The client sends no more. Before its response is whole, that is how a client says that it has left. */
  #ended(): void {
    if (this.#phase === 'lingering') return; // closed once the response is out
    if (this.#phase === 'tunnel' || (this.#phase === 'head' && this.#pending === null)) this.#socket.end();
    else this.#socket.destroy();
  }

  #closed(): void {
    const exchange = this.#exchange;
    const tunnel = this.#tunnel;
    this.#phase = 'closed';
    this.#exchange = null;
    this.#tunnel = null;
    this.#context.deadlines.delete(this);
    exchange?.onClientGone();
    tunnel?.onClose();
  }
}

function textOf(fields: Fields): string {
  let text = '';
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}

const ignore = (): void => {};
