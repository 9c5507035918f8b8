// DNS Cookies: the server's part of RFC 7873, with the interoperable server cookies of RFC 9018, so that all servers of an
// anycast service that share the secrets accept each other's cookies, whatever software they run. 16 octets:
//
//   version 1   reserved 3 (zero)   timestamp 4 (seconds)   hash 8 = SipHash-2-4 over client cookie, the former, client address
//
// A valid cookie proves that the client receives what is sent to its address. A missing, foreign or old one is no error: the
// answer is given, with a good cookie beside it. The first secret signs; all are accepted, so that a new one can be brought in
// server by server.

import { SipHash } from '../base/siphash.ts';
import * as metrics from '../metrics/counters.ts';
import type { Client } from '../model/client.ts';
import * as constants from '../wire/constants.ts';
import * as integers from '../wire/octets.ts';
import type { Query } from '../wire/query.ts';
import * as queries from '../wire/query.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { COUNTER } = metrics;
const { OPTION } = constants;
const { copyOctets, readU32 } = integers;
const { CLIENT_COOKIE_SIZE } = queries;

const SERVER_COOKIE_SIZE = 16;
const COOKIE_SIZE = CLIENT_COOKIE_SIZE + SERVER_COOKIE_SIZE;
const VERSION = 1;
/** Offsets in a cookie, client part first. */
const VERSION_AT = 8;
const TIMESTAMP_AT = 12;
const HASH_AT = 16;

/** Times of RFC 9018 section 4.3: how old and how far ahead a cookie may be, and the age from which it is replaced. */
const MAX_AGE_SEC = 3600;
const MAX_AHEAD_SEC = 300;
const RENEW_AGE_SEC = 1800;

/** Octets of the option in a reply. */
export const COOKIE_OPTION_SIZE = 4 + COOKIE_SIZE;

export class Cookies {
  readonly #counters: Float64Array;
  #hashes: readonly SipHash[] = [];
  /** What is hashed: the cookie up to its hash, and the client's address. First as presented, then as in the reply. */
  readonly #message: Uint8Array = new Uint8Array(HASH_AT + 16);
  #messageSize = 0;

  constructor(counters: Float64Array) {
    this.#counters = counters;
  }

  /** Takes secrets of 16 octets each, the one that signs first; with none, cookies are neither checked nor given. */
  useSecrets(secrets: readonly Uint8Array[]): void {
    this.#hashes = secrets.map((secret) => new SipHash(secret));
  }

  /** Checks the cookie of the query, if it has one; makes the one of the reply. Sets `query.hasValidCookie`. */
  judge(query: Query, input: Uint8Array, client: Client): void {
    if (this.#hashes.length === 0) query.cookieSize = 0;
    if (query.cookieSize === 0) return;
    const addressSize = client.family === 4 ? 4 : 16;
    copyOctets(input, query.cookieAt, CLIENT_COOKIE_SIZE, this.#message, 0);
    copyOctets(client.octets, 0, addressSize, this.#message, HASH_AT);
    this.#messageSize = HASH_AT + addressSize;

    if (query.cookieSize === CLIENT_COOKIE_SIZE) {
      this.#counters[COUNTER.COOKIES_CLIENT_ONLY]!++;
      this.#issue(client.nowSec);
      return;
    }
    const signer = query.cookieSize === COOKIE_SIZE ? this.#signerOf(input, query.cookieAt, client.nowSec) : -1;
    query.hasValidCookie = signer >= 0;
    this.#counters[signer >= 0 ? COUNTER.COOKIES_VALID : COUNTER.COOKIES_BAD]!++;
    if (signer !== 0 || this.#ageSec(client.nowSec) > RENEW_AGE_SEC) this.#issue(client.nowSec);
  }

  /** Writes the option for the query judged last, and returns the offset behind it. */
  write(out: Uint8Array, at: number): number {
    out[at] = 0;
    out[at + 1] = OPTION.COOKIE;
    out[at + 2] = 0;
    out[at + 3] = COOKIE_SIZE;
    copyOctets(this.#message, 0, HASH_AT, out, at + 4);
    this.#hashes[0]!.write(out, at + 4 + HASH_AT);
    return at + 4 + COOKIE_SIZE;
  }

  /** Index of the secret that the presented cookie was made with; -1 if it is not ours or not of this time. */
  #signerOf(input: Uint8Array, at: number, nowSec: number): number {
    const message = this.#message;
    copyOctets(input, at + VERSION_AT, HASH_AT - VERSION_AT, message, VERSION_AT);
    const ageSec = this.#ageSec(nowSec);
    if (message[VERSION_AT] !== VERSION || ageSec > MAX_AGE_SEC || ageSec < -MAX_AHEAD_SEC) return -1;
    for (let i = 0; i < this.#hashes.length; i++) {
      if (this.#hash(i).stands(input, at + HASH_AT)) return i;
    }
    return -1;
  }

  /** Seconds since the cookie was made, in serial number arithmetic (RFC 1982), which goes on past the year 2106. */
  #ageSec(nowSec: number): number {
    return (nowSec - readU32(this.#message, TIMESTAMP_AT)) | 0;
  }

  /** Makes a new cookie. Its hash, as that of a presented one that is good enough, is the last one of the first secret. */
  #issue(nowSec: number): void {
    const message = this.#message;
    message[VERSION_AT] = VERSION;
    for (let i = VERSION_AT + 1; i < TIMESTAMP_AT; i++) message[i] = 0;
    for (let i = 0; i < 4; i++) message[TIMESTAMP_AT + i] = nowSec >>> (24 - 8 * i);
    this.#hash(0);
  }

  /** Hashes the cookie, reserved octets and timestamp as they are, with the `index`-th secret. */
  #hash(index: number): SipHash {
    const hash = this.#hashes[index]!;
    hash.hash(this.#message, 0, this.#messageSize);
    return hash;
  }
}
