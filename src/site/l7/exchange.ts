// One request and its response: a route, a server or a place in the queue, the request to that server or to another one, the response
// back. It allocates its own object and the texts of the heads; everything else belongs to connections.
//
// What must hold: a server that was taken is given back once; of one response, whatever happens, the client gets one head; a response
// that broke off is broken off for the client too.

import { NONE } from '../../balance/chooser.ts';
import { addressKey } from '../../balance/key.ts';
import type { SiteServer } from '../../model/site.ts';
import type { Service, Waiter } from '../service.ts';
import type { Client } from './client.ts';
import type { Context, Plan, RoutePlan } from './context.ts';
import type { Timed } from './deadlines.ts';
import type { Fields } from './fields.ts';
import { forwardingLines, originOf } from './forwarding.ts';
import { sendPage } from './pages.ts';
import { CHUNKED, type RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import { requestText } from './rewrite.ts';
import { hostOf } from './routes.ts';
import type { Responder, ServerConnection } from './server-connection.ts';
import { Tunnel, type TunnelSide } from './tunnel.ts';

/** `connect` and `response`: what is waited for; `body`: the response is on its way. */
type Phase = 'queue' | 'connect' | 'request' | 'response' | 'body' | 'tunnel' | 'over';

const NEVER = Number.POSITIVE_INFINITY;
/** What a client that was refused for want of a server is told to wait. */
const RETRY_AFTER_SEC = '5';

export class Exchange implements Waiter, Responder, Timed {
  key = 0;
  deadlineMs = NEVER;
  readonly #context: Context;
  readonly #plan: Plan;
  readonly #client: Client;
  readonly #head: RequestHead;
  #phase: Phase = 'queue';
  #route: RoutePlan | null = null;
  #text = '';
  #slot = NONE;
  /** That has the slot. */
  #server: SiteServer | null = null;
  /** Servers that have failed before this one; null = none. */
  #tried: number[] | null = null;
  #isRetry = false;
  #connection: ServerConnection | null = null;
  #isReused = false;
  #startMs = 0;
  #wholeAtMs = NEVER;
  #hasResponse = false;
  #isRequestEnded: boolean;
  /** Of the request body: octets that were taken from the client. */
  #taken = 0;
  #moved = 0;

  constructor(context: Context, client: Client, head: RequestHead) {
    this.#context = context;
    this.#plan = context.plan;
    this.#client = client;
    this.#head = head;
    this.#isRequestEnded = head.bodySize === 0;
  }

  start(): void {
    const { counts } = this.#context;
    counts.requests++;
    this.#context.active++;
    const route = this.#plan.routes.match(this.#head);
    if (route === null || route === 'bad-path') {
      this.#page(route === null ? 404 : 400);
      return;
    }
    this.#route = route;
    if (this.#head.bodySize > this.#bodyLimit) {
      this.#page(413);
      return;
    }
    const { action } = route.route;
    if (action.kind === 'redirect') this.#page(action.status, ['location', this.#locationOf(action.location)]);
    else if (action.kind === 'respond') this.#page(action.status, [], action.body);
    else this.#askFor(route.service!);
  }

  // What becomes of a server.

  proceed(slot: number): void {
    this.#slot = slot;
    this.#connect(false);
  }

  giveUp(): void {
    this.#page(503, ['retry-after', RETRY_AFTER_SEC]);
  }

  onConnected(): void {
    if (this.#phase === 'connect') this.#sent();
  }

  onInterim(head: ResponseHead): void {
    this.#client.sendInterim(head.status, head.fields);
  }

  onResponse(head: ResponseHead): void {
    const { nowMs } = this;
    const { status } = head;
    if (this.#route!.route.retries.onStatus.includes(status) && this.#isReplayable && this.#retry(nowMs)) return;
    this.#service.observe(this.#slot, nowMs - this.#startMs, isFailure(status));
    this.#phase = 'body';
    this.#hasResponse = true;
    this.#wait(nowMs, this.#plan.settings.timeouts.responseIdleMs);
    this.#context.counts.responses[Math.trunc(status / 100)]!++;
    const hasBody = head.bodySize !== 0 || !this.#isWithoutBody(status);
    this.#client.sendHead(status, head.reason, this.#route!.responseEdits.apply(head.fields), head.statedSize, hasBody);
  }

  onResponseBody(octets: Buffer): void {
    this.#moved += octets.length;
    if (!this.#client.sendBody(octets)) this.#connection!.pause();
  }

  onPause(): void {
    if (!this.#hasResponse) return;
    this.#wait(this.nowMs, this.#plan.settings.timeouts.responseIdleMs);
    this.#client.flush();
  }

  onResponseEnd(trailers: Fields | null): void {
    const connection = this.#connection!;
    if (this.#isRequestEnded) this.#context.pool.give(this.#server!, connection);
    else connection.abandon();
    this.#settle();
    this.#client.sendEnd(trailers);
  }

  onTunnel(head: ResponseHead, side: TunnelSide): void {
    const upgrade = this.#upgrade;
    if (upgrade === null || head.upgrade === null) {
      this.#connection!.abandon();
      this.#fail(502);
      return;
    }
    const { clock, deadlines, counts } = this.#context;
    this.#service.observe(this.#slot, this.nowMs - this.#startMs, false);
    this.#phase = 'tunnel';
    this.deadlineMs = NEVER;
    counts.tunnels++;
    counts.responses[1]!++;
    const client = this.#client.openTunnel(this.#route!.responseEdits.apply(head.fields), head.upgrade);
    const tunnel: Tunnel = new Tunnel(client, side, this.#plan.settings.timeouts.tunnelIdleMs, clock, deadlines, () => {
      this.#moved += tunnel.moved;
      this.#settle();
    });
  }

  onServerDrain(): void {
    if (this.#isRequestEnded) return;
    if (!this.#hasResponse) this.#wait(this.nowMs, null);
    this.#client.readBody();
  }

  onFailure(why: 'connect' | 'closed' | 'malformed'): void {
    if (this.#phase === 'over') return;
    if (this.#hasResponse) {
      this.#settle();
      this.#client.abort();
      return;
    }
    // A connection that was closed while nobody used it says nothing about its server.
    const isStale = why === 'closed' && this.#isReused && !this.#connection!.hasBegun && this.#isReplayable;
    if (isStale) {
      this.#connect(true);
      return;
    }
    const canRetry = why === 'connect' ? this.#taken === 0 : this.#isReplayable;
    if (canRetry && this.#retry(this.nowMs)) return;
    this.#fail(502);
  }

  expire(nowMs: number): void {
    const connection = this.#connection;
    const isConnecting = this.#phase === 'connect';
    if (this.#phase === 'queue') this.#service.leave(this);
    connection?.abandon();
    if (this.#hasResponse) {
      this.#settle();
      this.#client.abort();
    } else if (!isConnecting || nowMs >= this.#wholeAtMs || !this.#retry(nowMs)) this.#fail(504);
  }

  // What becomes of the client.

  onRequestBody(octets: Buffer): void {
    this.#taken += octets.length;
    if (this.#taken > this.#bodyLimit) {
      this.#connection?.abandon();
      this.#refuse(413);
      return;
    }
    this.#moved += octets.length;
    const { socket } = this.#connection!;
    let isRoom: boolean;
    if (this.#head.bodySize === CHUNKED) {
      socket.cork();
      socket.write(`${octets.length.toString(16)}\r\n`, 'latin1');
      socket.write(octets);
      isRoom = socket.write('\r\n', 'latin1');
      socket.uncork();
    } else isRoom = socket.write(octets);
    if (isRoom) return;
    this.#client.pauseBody();
    if (!this.#hasResponse) this.#wait(this.nowMs, this.#plan.settings.timeouts.responseIdleMs);
  }

  onRequestEnd(trailers: Fields | null): void {
    this.#isRequestEnded = true;
    if (this.#connection === null) return;
    if (this.#head.bodySize === CHUNKED) {
      let text = '0\r\n';
      for (let i = 0; trailers !== null && i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
      this.#connection.socket.write(`${text}\r\n`, 'latin1');
    }
    if (this.#hasResponse) return;
    this.#phase = 'response';
    this.#wait(this.nowMs, this.#plan.settings.timeouts.responseMs);
  }

  onRequestMalformed(): void {
    this.#connection?.abandon();
    this.#refuse(400);
  }

  onBodyTimeout(): void {
    this.#connection?.abandon();
    this.#refuse(408);
  }

  onClientDrain(): void {
    if (this.#phase === 'body') this.#connection!.resume();
  }

  onClientGone(): void {
    if (this.#phase === 'over' || this.#phase === 'tunnel') return;
    this.#context.counts.aborted++;
    if (this.#phase === 'queue') this.#service.leave(this);
    this.#connection?.abandon();
    this.#settle();
  }

  private get nowMs(): number {
    return this.#context.clock.monotonicMs();
  }

  get #service(): Service {
    return this.#route!.service!;
  }

  get #bodyLimit(): number {
    return this.#route!.route.bodySize ?? this.#plan.settings.limits.bodySize;
  }

  get #upgrade(): string | null {
    return this.#route!.route.upgrade && this.#head.bodySize === 0 ? this.#head.upgrade : null;
  }

  /** Whether the request may go to a server once more although it may have been heard there. */
  get #isReplayable(): boolean {
    return this.#head.bodySize === 0 && isIdempotent(this.#head.method);
  }

  #isWithoutBody(status: number): boolean {
    return this.#head.method === 'HEAD' || status === 204 || status === 304;
  }

  #askFor(service: Service): void {
    const { settings, trusted } = this.#plan;
    const { peer } = this.#client;
    const origin = originOf(this.#head, peer, settings.forwarding, trusted);
    this.key = addressKey(origin.octets, origin.family === 4 ? settings.keyPrefixV4 : settings.keyPrefixV6);
    const { rewrite } = this.#route!.route;
    const forwarding = forwardingLines(this.#head, peer, settings.forwarding, trusted);
    this.#text = requestText(this.#head, rewrite, this.#route!.requestEdits, forwarding, this.#upgrade);
    this.#context.deadlines.add(this);
    if (settings.timeouts.wholeMs !== null) {
      this.#wholeAtMs = this.nowMs + settings.timeouts.wholeMs;
      this.deadlineMs = this.#wholeAtMs;
    }
    if (!service.request(this)) this.giveUp();
  }

  /** To the server in `#slot`. */
  #connect(isFresh: boolean): void {
    const { connectMs } = this.#plan.settings.timeouts;
    if (!isFresh) this.#server = this.#service.server(this.#slot);
    const connection = this.#context.pool.take(this.#server!, isFresh);
    this.#connection = connection;
    this.#isReused = connection.requests > 0;
    this.#startMs = this.nowMs;
    this.#phase = 'connect';
    this.#wait(this.#startMs, connectMs);
    connection.begin(this, this.#text, this.#head.method === 'HEAD');
    if (connection.isConnected) this.#sent();
  }

  /** The head has gone out. */
  #sent(): void {
    this.#phase = this.#isRequestEnded ? 'response' : 'request';
    // While the client sends its body, its own deadline counts.
    this.#wait(
      this.#isReused ? this.#startMs : this.nowMs,
      this.#isRequestEnded ? this.#plan.settings.timeouts.responseMs : null,
    );
    if (!this.#isRequestEnded) this.#client.readBody();
  }

  /** Moves the deadline; null = only the one for the whole exchange. */
  #wait(nowMs: number, forMs: number | null): void {
    this.deadlineMs = forMs === null ? this.#wholeAtMs : Math.min(nowMs + forMs, this.#wholeAtMs);
  }

  /** The server has failed: gives it back, and goes on with another one if that is allowed and there is one. */
  #retry(nowMs: number): boolean {
    const service = this.#service;
    const tried = this.#tried ?? [];
    if (tried.length + 1 >= this.#route!.route.retries.attempts) return false;
    if (this.#isRetry) service.retries.end();
    this.#isRetry = service.retries.tryBegin(service.active);
    if (!this.#isRetry) return false;
    tried.push(this.#slot);
    const next = service.another(this.key, tried);
    if (next === NONE) {
      tried.pop();
      return false;
    }
    this.#tried = tried;
    service.observe(this.#slot, nowMs - this.#startMs, true);
    const failed = this.#slot;
    const connection = this.#connection;
    this.#slot = next;
    this.#connection = null;
    connection?.abandon();
    this.#context.counts.retries++;
    service.release(failed);
    this.#connect(false);
    return true;
  }

  /** The server has failed, and no other takes its place. */
  #fail(status: 502 | 504): void {
    if (this.#slot !== NONE) this.#service.observe(this.#slot, this.nowMs - this.#startMs, true);
    this.#page(status);
  }

  /** The client has done wrong while its request was under way. */
  #refuse(status: number): void {
    if (this.#phase === 'over') return;
    if (!this.#hasResponse) this.#page(status);
    else {
      this.#settle();
      this.#client.abort();
    }
  }

  /** A response of our own ends the exchange. */
  #page(status: number, fields: Fields = [], text?: string): void {
    const { counts } = this.#context;
    counts.responses[Math.trunc(status / 100)]!++;
    if (status >= 502 && status <= 504) counts.unserved++;
    this.#settle();
    sendPage(this.#client, status, this.#head.method === 'HEAD', fields, text);
  }

  #settle(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#connection = null;
    this.#context.active--;
    this.#context.deadlines.delete(this);
    if (this.#slot === NONE) return;
    const service = this.#service;
    service.balancer.table.addOctets(this.#slot, this.#moved, this.nowMs);
    if (this.#isRetry) service.retries.end();
    service.release(this.#slot);
  }

  #locationOf(template: string): string {
    const { peer } = this.#client;
    return template.replace(/\{(scheme|host|target)\}/g, (_, name) => {
      if (name === 'scheme') return peer.scheme;
      return name === 'host' ? hostOf(this.#head.authority) : this.#head.target;
    });
  }
}

/** RFC 9110 section 9.2.2. */
const isIdempotent = (method: string): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'PUT' || method === 'DELETE' || method === 'OPTIONS' || method === 'TRACE';

/** The server's own fault: not what it will not or cannot do (501, 505). */
const isFailure = (status: number): boolean => status >= 500 && status !== 501 && status !== 505;
