// One request and its response: a route, a server or a place in the queue, the request to that server or to another one, the response
// back. It allocates itself and the texts of the heads; everything else belongs to connections.
// What must hold: a server that was taken is given back once; the client gets one head of a response, and one that broke off looks so.

import { NONE } from '../../balance/chooser.ts';
import type { SiteServer } from '../../model/site.ts';
import type { Service, Waiter } from '../service.ts';
import { type OwnAnswer, ownAnswerOf, refusalOf } from './admission.ts';
import { Recorder } from './cache/recorder.ts';
import type { Client } from './client.ts';
import { Compressor, type CompressorSink, encodingFor } from './compression.ts';
import type { Context, Plan, RoutePlan } from './context.ts';
import type { Timed } from './deadlines.ts';
import type { Fields } from './fields.ts';
import { clientKey, originOf } from './forwarding.ts';
import { takeLateMark } from './late.ts';
import { takeReport } from './load-report.ts';
import { RETRY_AFTER, sendPage } from './pages.ts';
import { CHUNKED, type RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import { requestFor, responseFields, upgradeOf } from './rewrite.ts';
import { isFailure, isReplayable, isWithoutBody } from './semantics.ts';
import type { Responder, ServerConnection } from './server-connection.ts';
import { Tries } from './tries.ts';
import { Tunnel, type TunnelSide } from './tunnel.ts';
import { keyOf, note, wishOf } from './wish.ts';

/** `cache`, `connect` and `response`: what is waited for; `body`: the response is on its way. */
type Phase = 'queue' | 'cache' | 'connect' | 'request' | 'response' | 'body' | 'tunnel' | 'over';

export class Exchange implements Waiter, Responder, CompressorSink, Timed {
  key = 0;
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #context: Context;
  readonly #plan: Plan;
  #client: Client;
  #head: RequestHead;
  readonly #origin: ReturnType<typeof originOf>;
  #phase: Phase = 'queue';
  #route: RoutePlan | null = null;
  /** Id of the server that the client's cookie names. */
  #wanted: string | null = null;
  #text = '';
  #slot = NONE;
  /** That has the slot. */
  #server: SiteServer | null = null;
  /** Null = no server has failed. */
  #tries: Tries | null = null;
  #connection: ServerConnection | null = null;
  #isReused = false;
  #startMs = 0;
  #wholeAtMs = Number.POSITIVE_INFINITY;
  #compressor: Compressor | null = null;
  #hasResponse = false;
  #isRequestEnded: boolean;
  /** Of the request body: octets that were taken from the client. */
  #taken = 0;
  #bodyLimit = 0;
  #moved = 0;

  constructor(context: Context, client: Client, head: RequestHead) {
    this.#context = context;
    this.#plan = context.plan;
    this.#client = client;
    this.#head = head;
    this.#origin = originOf(head, client.peer, context.plan);
    this.#isRequestEnded = head.bodySize === 0;
  }

  start(): void {
    this.#context.counts.requests++;
    this.#context.active++;
    takeLateMark(this.#head);
    const route = this.#plan.routes.match(this.#head);
    if (route === null || route === 'bad-path') {
      this.#page(route === null ? 404 : 400);
      return;
    }
    this.#route = route;
    this.#bodyLimit = route.route.bodySize ?? this.#plan.settings.limits.bodySize;
    this.key = clientKey(this.#origin, this.#plan);
    const refusal = refusalOf(route, this.#head, this.key, this.#bodyLimit, this.#context);
    if (refusal === null) this.#act(route);
    else void Promise.resolve(refusal).then((answer) => this.#act(route, answer));
  }

  #act(route: RoutePlan, refusal: OwnAnswer | null = null): void {
    if (this.#phase === 'over') return;
    const own = refusal ?? ownAnswerOf(route, this.#head, this.#client.peer);
    if (own !== null) this.#page(own.status, own.fields, own.text);
    else if (route.route.cache) this.#lookUp(route);
    else this.#askFor(route.service!);
  }

  /** The stored response, or the server's. */
  #lookUp(route: RoutePlan): void {
    const { cache } = this.#context;
    this.#phase = 'cache';
    const next = cache.look(route.route, this.#head, this.#client, () => this.#phase === 'cache' && this.#act(route));
    if (next.kind === 'wait') return;
    this.#phase = 'queue';
    if (next.kind === 'ask') {
      this.#head = next.head;
      this.#client = next.client;
      this.#askFor(route.service!);
    } else {
      this.#settle();
      cache.send(this.#client, this.#head, next.entry);
    }
  }

  proceed(slot: number): void {
    this.#slot = slot;
    this.#context.sample.begun(this.#origin);
    this.#connect(false);
  }

  giveUp(): void {
    this.#page(503, RETRY_AFTER);
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
    takeReport(head, this.#service, this.#slot);
    if (this.#route!.route.retries.onStatus.includes(status) && isReplayable(this.#head) && this.#retry(nowMs)) return;
    this.#service.observe(this.#slot, nowMs - this.#startMs, isFailure(status));
    this.#phase = 'body';
    this.#hasResponse = true;
    this.#wait(nowMs, this.#plan.settings.timeouts.responseIdleMs);
    this.#context.counts.responses[Math.trunc(status / 100)]!++;
    const hasBody = head.bodySize !== 0 || !isWithoutBody(this.#head.method, status);
    const encoding = encodingFor(this.#head, head, this.#route!.route.compression);
    const fields = responseFields(head, this.#route!, encoding, this.#server!.id, this.#wanted);
    if (encoding !== null) this.#compressor = new Compressor(encoding, this);
    this.#client.sendHead(status, head.reason, fields, encoding === null ? head.statedSize : -1, hasBody);
  }

  onResponseBody(octets: Buffer): void {
    this.#moved += octets.length;
    const isRoom = this.#compressor === null ? this.#client.sendBody(octets) : this.#compressor.write(octets);
    if (this.#compressor === null && this.#client.holdsBody) this.#connection!.giveBuffer();
    if (!isRoom) this.#connection!.pause();
  }

  onPause(): void {
    if (!this.#hasResponse) return;
    this.#wait(this.nowMs, this.#plan.settings.timeouts.responseIdleMs);
    if (this.#compressor === null) this.#client.flush();
    else this.#compressor.flush();
  }

  onResponseEnd(trailers: Fields | null): void {
    const connection = this.#connection!;
    this.#connection = null;
    if (this.#isRequestEnded) this.#context.pool.give(this.#server!, connection);
    else connection.abandon();
    if (this.#compressor === null) this.#finish(trailers);
    else this.#compressor.end();
  }

  onCompressed(octets: Buffer): boolean {
    if (this.#phase === 'over') return true;
    const isRoom = this.#client.sendBody(octets);
    this.#client.flush();
    this.#wait(this.nowMs, this.#plan.settings.timeouts.responseIdleMs);
    return isRoom;
  }

  onRoom(): void {
    this.#connection?.resume();
  }

  onCompressedEnd(): void {
    if (this.#phase !== 'over') this.#finish(null);
  }

  onTunnel(head: ResponseHead, side: TunnelSide): void {
    if (upgradeOf(this.#route!, this.#head) === null || head.upgrade === null) {
      this.#connection!.abandon();
      this.#fail(502);
      return;
    }
    const { clock, deadlines, counts } = this.#context;
    this.#service.observe(this.#slot, this.nowMs - this.#startMs, false);
    this.#phase = 'tunnel';
    this.deadlineMs = Number.POSITIVE_INFINITY;
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
      this.#breakOff();
      return;
    }
    // A connection that was closed while nobody used it says nothing about its server.
    if (why === 'closed' && this.#isReused && !this.#connection!.hasBegun && isReplayable(this.#head)) {
      this.#connect(true);
      return;
    }
    const canRetry = why === 'connect' ? this.#taken === 0 : isReplayable(this.#head);
    if (!canRetry || !this.#retry(this.nowMs, why !== 'connect')) this.#fail(502);
  }

  expire(nowMs: number): void {
    const isConnecting = this.#phase === 'connect';
    if (this.#phase === 'queue') this.#service.leave(this);
    this.#connection?.abandon();
    if (this.#hasResponse) this.#breakOff();
    else if (!isConnecting || nowMs >= this.#wholeAtMs || !this.#retry(nowMs)) this.#fail(504);
  }

  onRequestBody(octets: Buffer): void {
    this.#taken += octets.length;
    if (this.#taken > this.#bodyLimit) {
      this.refuse(413);
      return;
    }
    this.#moved += octets.length;
    if (this.#connection!.sendBody(octets, this.#head.bodySize === CHUNKED)) return;
    this.#client.pauseBody();
    if (!this.#hasResponse) this.#wait(this.nowMs, this.#plan.settings.timeouts.responseIdleMs);
  }

  onRequestEnd(trailers: Fields | null): void {
    this.#isRequestEnded = true;
    if (this.#connection === null) return;
    if (this.#head.bodySize === CHUNKED) this.#connection.sendEnd(trailers);
    if (this.#hasResponse) return;
    this.#phase = 'response';
    this.#wait(this.nowMs, this.#plan.settings.timeouts.responseMs);
  }

  /** The client has done wrong while its request was under way, or has not sent it in time. */
  refuse(status: 400 | 408 | 413): void {
    if (this.#phase === 'over') return;
    this.#connection?.abandon();
    if (!this.#hasResponse) this.#page(status);
    else this.#breakOff();
  }

  onClientDrain(): void {
    if (this.#phase !== 'body') return;
    if (this.#compressor === null) this.#connection?.resume();
    else this.#compressor.resume();
  }

  onClientGone(): void {
    if (this.#phase === 'over' || this.#phase === 'tunnel') return;
    this.#context.counts.aborted++;
    if (this.#phase === 'queue') this.#service.leave(this);
    this.#connection?.abandon();
    this.#settle();
    if (this.#client instanceof Recorder) this.#client.forget();
  }

  private get nowMs(): number {
    return this.#context.clock.monotonicMs();
  }

  get #service(): Service {
    return this.#route!.service!;
  }

  #askFor(service: Service): void {
    if (this.#route!.route.stickiness === null) {
      this.#ask(service, null);
      return;
    }
    this.key = keyOf(this.#route!, this.#head, this.key);
    const wish = wishOf(this.#route!, this.#head, this.key, service, this.#context);
    if (wish instanceof Promise) void wish.then((server) => this.#phase !== 'over' && this.#ask(service, server));
    else this.#ask(service, wish);
  }

  #ask(service: Service, wanted: string | null): void {
    const { settings } = this.#plan;
    this.#wanted = wanted;
    this.#text = requestFor(this.#head, this.#client.peer, this.#route!, this.#plan);
    this.#context.deadlines.add(this);
    if (settings.timeouts.wholeMs !== null) {
      this.#wholeAtMs = this.nowMs + settings.timeouts.wholeMs;
      this.deadlineMs = this.#wholeAtMs;
    }
    const slot = this.#wanted === null ? NONE : service.particular(this.#wanted);
    if (slot !== NONE) this.proceed(slot);
    else if (!service.request(this)) this.giveUp();
  }

  /** To the server in `#slot`. */
  #connect(isFresh: boolean): void {
    if (!isFresh) this.#server = this.#service.server(this.#slot);
    note(this.#route!, this.key, this.#server!.id, this.#context);
    const connection = this.#context.pool.take(this.#server!, isFresh);
    this.#connection = connection;
    this.#isReused = connection.requests > 0;
    this.#startMs = this.nowMs;
    this.#phase = 'connect';
    this.#wait(this.#startMs, this.#plan.settings.timeouts.connectMs);
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
  #retry(nowMs: number, isBudgeted = true): boolean {
    const service = this.#service;
    this.#tries ??= new Tries();
    const next = this.#tries.next(service, this.#slot, this.key, this.#route!.route.retries.attempts, isBudgeted);
    if (next === NONE) return false;
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

  #finish(trailers: Fields | null): void {
    this.#settle();
    this.#client.sendEnd(trailers);
  }

  #breakOff(): void {
    this.#settle();
    this.#client.abort();
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
    const isCutOff = this.#compressor !== null && this.#phase === 'body' && this.#connection !== null;
    this.#phase = 'over';
    this.#connection = null;
    if (isCutOff) this.#compressor!.destroy();
    this.#context.active--;
    this.#context.deadlines.delete(this);
    if (this.#slot === NONE) return;
    const service = this.#service;
    service.balancer.table.addOctets(this.#slot, this.#moved, this.nowMs);
    this.#context.sample.moved(this.#origin, this.#moved);
    this.#tries?.end(service);
    service.release(this.#slot);
  }
}
