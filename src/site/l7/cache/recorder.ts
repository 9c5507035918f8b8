// The client of an exchange whose response may be stored: it passes everything on and keeps a copy. If the exchange asked whether a
// stored response still holds, the client gets that one where the server says so, or where the server fails and the response may be used
// all the same (stale-if-error, RFC 5861).

import type { Client, Peer } from '../client.ts';
import type { HttpFrontCounts } from '../counts.ts';
import { type Fields, fieldOf, without } from '../fields.ts';
import type { RequestHead } from '../request-head.ts';
import { isFailure } from '../semantics.ts';
import type { TunnelSide } from '../tunnel.ts';
import { type Entry, headersOf, type Policy, type PolicyClass, requestOf, variedBy } from './entry.ts';
import type { Store } from './store.ts';

/** Where it stores, and by which rules. */
export interface Keeper {
  readonly store: Pick<Store, 'generation' | 'put' | 'refresh'>;
  readonly counts: Pick<HttpFrontCounts, 'cacheRevalidated' | 'cacheStale'>;
  readonly Policy: PolicyClass;
  /** The stored response to a client. */
  send(client: Client, head: RequestHead, entry: Entry): void;
  /** Whether a response of this size, -1 = unknown, may be stored. */
  isRoomFor(size: number): boolean;
  /** Whether `more` octets of a body that then has `size` may be kept. */
  reserve(more: number, size: number): boolean;
  free(size: number): void;
  /** Responses of this key cannot be stored, or there was none but a failure. */
  pass(key: string, isFailed: boolean): void;
  /** Nobody asks for it any more. */
  release(key: string): void;
}

export class Recorder implements Client {
  readonly peer: Peer;
  readonly #cache: Keeper;
  readonly #key: string;
  readonly #client: Client;
  /** As the client asked, and as the server is asked. */
  readonly #asked: RequestHead;
  readonly #head: RequestHead;
  readonly #stale: Entry | null;
  /** What is being stored; null = nothing. */
  #kept: { status: number; reason: string; fields: Fields; policy: Policy; size: number; body: Buffer[] } | null = null;
  #keptSize = 0;
  readonly #generation: number;
  #isReplaced = false;
  #isOver = false;

  /** `stale`: the response that the request asks about; `head` then says so. */
  constructor(cache: Keeper, key: string, client: Client, asked: RequestHead, head: RequestHead, stale: Entry | null) {
    this.peer = client.peer;
    this.#cache = cache;
    this.#generation = cache.store.generation;
    this.#key = key;
    this.#client = client;
    this.#asked = asked;
    this.#head = head;
    this.#stale = stale;
  }

  get holdsBody(): boolean {
    return this.#client.holdsBody;
  }

  sendInterim(status: number, fields: Fields): void {
    this.#client.sendInterim(status, fields);
  }

  sendHead(status: number, reason: string, fields: Fields, size: number, hasBody: boolean): void {
    const stale = this.#stale;
    if (stale !== null && (status === 304 || isFailure(status))) {
      const answer = { status, headers: headersOf(fields) };
      const { policy, modified } = stale.policy.revalidatedPolicy(requestOf(this.#head), answer);
      if (!modified && (status === 304 || policy === stale.policy)) {
        if (status === 304) this.#cache.store.refresh(this.#key, stale, policy, merged(stale.fields, fields));
        this.#cache.counts[status === 304 ? 'cacheRevalidated' : 'cacheStale']++;
        this.#isReplaced = true;
        this.#end();
        this.#cache.send(this.#client, this.#asked, stale);
        return;
      }
    }
    this.#begin(status, reason, fields, size, hasBody);
    this.#client.sendHead(status, reason, fields, size, hasBody);
  }

  sendBody(octets: Buffer): boolean {
    if (this.#isReplaced) return true;
    const kept = this.#kept;
    if (kept !== null) {
      if (this.#cache.reserve(octets.length, this.#keptSize + octets.length)) {
        this.#keptSize += octets.length;
        kept.body.push(Buffer.from(octets));
      } else this.#end();
    }
    return this.#client.sendBody(octets);
  }

  flush(): void {
    this.#client.flush();
  }

  sendEnd(trailers: Fields | null): void {
    const kept = this.#kept;
    const isWhole = kept !== null && trailers === null && (kept.size < 0 || kept.size === this.#keptSize);
    if (isWhole && this.#generation === this.#cache.store.generation) {
      const { status, reason, fields, policy, body } = kept;
      const varied = variedBy(this.#asked, fields);
      this.#cache.store.put(this.#key, this.#asked, { status, reason, fields, policy, body: Buffer.concat(body), varied });
    }
    this.#end();
    if (!this.#isReplaced) this.#client.sendEnd(trailers);
  }

  /** The stored response was whole, whatever becomes of this one. */
  abort(): void {
    this.#end();
    if (!this.#isReplaced) this.#client.abort();
  }

  readBody(): void {
    this.#client.readBody();
  }

  pauseBody(): void {
    this.#client.pauseBody();
  }

  openTunnel(fields: Fields, upgrade: string): TunnelSide {
    this.#end();
    return this.#client.openTunnel(fields, upgrade);
  }

  /** Nothing is kept (any more), and nobody need wait for it. Also if the client has left. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cache.free(this.#keptSize);
    this.#kept = null;
    this.#cache.release(this.#key);
  }

  #begin(status: number, reason: string, fields: Fields, size: number, hasBody: boolean): void {
    const policy = new this.#cache.Policy(requestOf(this.#asked), { status, headers: headersOf(fields) });
    const mayKeep =
      hasBody &&
      fieldOf(fields, 'set-cookie') === null &&
      policy.storable() &&
      policy.timeToLive() > 0 &&
      variedBy(this.#asked, fields) !== null;
    if (mayKeep && this.#cache.isRoomFor(size)) {
      this.#kept = { status, reason, fields: without(fields, ['age']), policy, size, body: [] };
      return;
    }
    // Who waits for it need wait no longer, and neither need who comes next.
    this.#cache.pass(this.#key, isFailure(status));
    this.#end();
  }

  /** The exchange has ended without a word to its client. */
  forget(): void {
    this.#end();
  }
}

/** Fields of the stored response with those that the server has just given anew (RFC 9111 section 3.2). */
function merged(stored: Fields, fresh: Fields): Fields {
  const names: string[] = [];
  const news: Fields = [];
  for (let i = 0; i < fresh.length; i += 2) {
    const name = fresh[i]!;
    if (
      name === 'content-length' ||
      name === 'content-encoding' ||
      name === 'content-type' ||
      name === 'set-cookie' ||
      name === 'age'
    )
      continue;
    names.push(name);
    news.push(name, fresh[i + 1]!);
  }
  return [...without(stored, names), ...news];
}
