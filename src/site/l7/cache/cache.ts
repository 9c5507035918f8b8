// The cache of a front: what is stored answers, or is asked about, or a request waits for another one that has asked the same already
// (one request for many clients). What must not be stored is not: http-cache-semantics decides, and responses that set cookies never are.

import type { Clock } from '../../../base/clock.ts';
import type { HttpCacheSettings, HttpRoute } from '../../../model/site-http.ts';
import type { Client } from '../client.ts';
import type { HttpFrontCounts } from '../counts.ts';
import { type Fields, fieldOf, without } from '../fields.ts';
import { RequestHead } from '../request-head.ts';
import { type Entry, isNotModified, type PolicyClass, policyClass, requestOf } from './entry.ts';
import { Recorder } from './recorder.ts';
import { Store } from './store.ts';

/** After a response that could not be stored, nobody waits for one of the same key for so long; after a failure. */
const PASS_MS = 60_000;
const PASS_FAILED_MS = 5000;
const MOST_PASSES = 4096;
const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range'];

/** What is to be done with a request. */
type Plan =
  /** The stored response. */
  | { readonly kind: 'answer'; readonly entry: Entry }
  /** It is asked for: `again` will be called. */
  | { readonly kind: 'wait' }
  /** The server is asked, with this head, for this client. */
  | { readonly kind: 'ask'; readonly head: RequestHead; readonly client: Client };

export class HttpCache {
  readonly store: Store;
  readonly counts: HttpFrontCounts;
  readonly Policy: PolicyClass;
  readonly #clock: Clock;
  #settings: HttpCacheSettings;
  /** Who waits for the response to a request that is under way. */
  readonly #waiting = new Map<string, (() => void)[]>();
  /** Keys whose responses cannot be stored, and until when that is believed; the oldest first. */
  readonly #passes = new Map<string, number>();
  /** Octets that are being stored. */
  #reserved = 0;

  constructor(settings: HttpCacheSettings, clock: Clock, counts: HttpFrontCounts) {
    this.#settings = settings;
    this.#clock = clock;
    this.counts = counts;
    this.store = new Store(settings.size);
    this.Policy = policyClass(clock);
  }

  configure(settings: HttpCacheSettings): void {
    this.#settings = settings;
    this.store.limit(settings.size);
  }

  look({ id, access }: HttpRoute, head: RequestHead, client: Client, again: () => void): Plan {
    // What a server gives to one key of an API may not be for another one.
    const apiKey = access?.kind === 'api-key' ? fieldOf(head.fields, access.header) : '';
    const proxies = `${head.forwardedProto ?? ''} ${head.forwardedHost ?? ''}`;
    const key = `${id} ${client.peer.scheme} ${proxies} ${head.authority.toLowerCase()} ${head.target} ${apiKey}`;
    const isGet = head.method === 'GET';
    if (!isGet && head.method !== 'HEAD') {
      // What a request may have changed is not what was stored (RFC 9111 section 4.4).
      if (head.method !== 'OPTIONS' && head.method !== 'TRACE') this.store.delete(key);
      return { kind: 'ask', head, client };
    }
    if (head.bodySize !== 0 || head.upgrade !== null || fieldOf(head.fields, 'range') !== null || isNoStore(head)) {
      return { kind: 'ask', head, client };
    }
    const entry = this.store.find(key, head);
    if (entry !== null && entry.policy.evaluateRequest(requestOf(head)).revalidation === undefined) {
      this.counts.cacheHits++;
      this.counts.responses[Math.trunc(entry.status / 100)]!++;
      return { kind: 'answer', entry };
    }
    const isConditional = CONDITIONS.some((name) => fieldOf(head.fields, name) !== null);
    if (!isGet || (entry === null && isConditional)) return { kind: 'ask', head, client };
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && !this.#isPassed(key)) {
      this.counts.cacheCollapsed++;
      waiting.push(again);
      return { kind: 'wait' };
    }
    this.counts.cacheMisses++;
    if (waiting !== undefined) return { kind: 'ask', head, client };
    this.#waiting.set(key, []);
    const asking = entry === null ? head : withValidators(head, entry);
    return { kind: 'ask', head: asking, client: new Recorder(this, key, client, head, asking, entry) };
  }

  /** The whole response, or 304 if the client has it. */
  send(client: Client, head: RequestHead, { status, reason, fields, body, policy }: Entry): void {
    const aged = [...fields, 'age', String(Math.max(0, Math.floor(policy.age())))];
    if (status === 200 && isNotModified(head, { fields } as Entry)) {
      client.sendHead(304, 'Not Modified', without(aged, ['content-type', 'content-encoding']), -1, false);
    } else {
      const hasBody = head.method !== 'HEAD';
      client.sendHead(status, reason, aged, body.length, hasBody);
      if (hasBody && body.length > 0) client.sendBody(body);
    }
    client.sendEnd(null);
  }

  /** Whether a response of this size, -1 = unknown, may be stored. */
  isRoomFor(size: number): boolean {
    return size <= this.#settings.mostBodySize;
  }

  /** Whether `more` octets of a body that then has `size` may be kept. */
  reserve(more: number, size: number): boolean {
    if (size > this.#settings.mostBodySize || this.#reserved + more > this.#settings.size) return false;
    this.#reserved += more;
    return true;
  }

  free(size: number): void {
    this.#reserved -= size;
  }

  /** Responses of this key cannot be stored, or there was none but a failure. */
  pass(key: string, isFailed: boolean): void {
    this.#passes.delete(key);
    this.#passes.set(key, this.#clock.monotonicMs() + (isFailed ? PASS_FAILED_MS : PASS_MS));
    if (this.#passes.size > MOST_PASSES) for (const oldest of this.#passes.keys()) return void this.#passes.delete(oldest);
  }

  /** Nobody asks for it any more: who waits looks again. */
  release(key: string): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    for (const again of waiting ?? []) again();
  }

  #isPassed(key: string): boolean {
    const untilMs = this.#passes.get(key);
    if (untilMs === undefined) return false;
    if (untilMs > this.#clock.monotonicMs()) return true;
    this.#passes.delete(key);
    return false;
  }
}

const isNoStore = (head: RequestHead): boolean => /no-store/i.test(fieldOf(head.fields, 'cache-control') ?? '');

/** The same request, asking whether the entry still holds. */
function withValidators(head: RequestHead, { policy }: Entry): RequestHead {
  const asking: RequestHead = Object.assign(new RequestHead(), head, { fields: without(head.fields, CONDITIONS) });
  const headers = policy.revalidationHeaders(requestOf(asking));
  const validators: Fields = [];
  for (const name of ['if-none-match', 'if-modified-since']) {
    const value = headers[name];
    if (typeof value === 'string') validators.push(name, value);
  }
  asking.fields.push(...validators);
  return asking;
}
