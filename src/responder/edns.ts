// The OPT record of a reply (RFC 6891): there if and only if the query had one, version 0, DO copied (RFC 3225), all other
// flags zero. Its options, in order of their codes:
//
//   3  NSID             if asked for and configured (RFC 5001), with BADVERS too
//   8  client subnet    if the query had one (RFC 7871 section 7.2.1)
//  10  COOKIE           if the query had one (RFC 7873)
//  11  keepalive        if asked for over a stream (RFC 7828)
//  15  Extended Error   if there is one to tell, and room for it (RFC 8914 section 3)
//  18  Report-Channel   if the zone may carry it, and room for it (RFC 9567); it comes before the Extended Error
//
// Room for the first four is kept free while the answer is written: they are there in truncated replies as well.

import * as constants from '../wire/constants.ts';
import type { Query } from '../wire/query.ts';
import * as types from '../wire/rrtype.ts';
import type { Cookies } from './cookies.ts';
import * as cookies from './cookies.ts';
import { encodeOption } from './edns-option.ts';
import type { ReportChannel } from './report-channel.ts';
import type { ReplyWriter } from './writer.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { OPTION } = constants;
const { TYPE } = types;
const { COOKIE_OPTION_SIZE } = cookies;

/** Extended DNS Errors that the responder itself gives (RFC 8914 section 4). */
export const EDE = { NOT_READY: 14, NOT_AUTHORITATIVE: 20 } as const;

const EMPTY_OPT_SIZE = 11;
const EDE_OPTION_SIZE = 6;
/** The unit of a keepalive timeout. */
const KEEPALIVE_UNIT_MS = 100;

export interface OptSettings {
  /** What this server can take over UDP, in octets. */
  readonly udpPayloadSize: number;
  /** Name of this server in ASCII; null for none. */
  readonly nsid: string | null;
  /** After which time without a query a stream is closed: 0..6,553,500. */
  readonly idleTimeoutMs: number;
}

export class ReplyOpt {
  readonly #udpPayloadSize: number;
  readonly #nsid: Uint8Array;
  readonly #keepalive: Uint8Array;
  readonly #cookies: Cookies;
  readonly #reports: ReportChannel;
  /** Octets of the record and of its options for the present query; 0 if they are not there. */
  #size = 0;
  #nsidSize = 0;
  #cookieSize = 0;
  #keepaliveSize = 0;

  constructor({ udpPayloadSize, nsid, idleTimeoutMs }: OptSettings, cookies: Cookies, reports: ReportChannel) {
    const timeout = Math.floor(idleTimeoutMs / KEEPALIVE_UNIT_MS);
    const name = Array.from(nsid ?? '', (character) => character.charCodeAt(0));
    this.#udpPayloadSize = udpPayloadSize;
    this.#nsid = nsid === null ? new Uint8Array(0) : encodeOption(OPTION.NSID, name);
    this.#keepalive = encodeOption(OPTION.KEEPALIVE, [timeout >> 8, timeout & 0xff]);
    this.#cookies = cookies;
    this.#reports = reports;
  }

  /** Decides on the options that must be in the reply to this query; returns the octets to keep free for the record. */
  reserve(query: Query): number {
    this.#size = 0;
    if (!query.hasEdns) return 0;
    this.#nsidSize = query.wantsNsid ? this.#nsid.length : 0;
    this.#cookieSize = query.cookieSize > 0 ? COOKIE_OPTION_SIZE : 0;
    this.#keepaliveSize = query.hasKeepalive ? this.#keepalive.length : 0;
    this.#size = EMPTY_OPT_SIZE + this.#nsidSize + query.ecs.optionSize + this.#cookieSize + this.#keepaliveSize;
    return this.#size;
  }

  /**
   * Writes the record. `scopePrefixLen` goes into the client subnet; `extendedError` is 0 if there is none; `zoneIndex` is
   * that of the zone that answers, -1 if none does. `query` is that of reserve() and has been judged by the cookies.
   */
  write(
    writer: ReplyWriter,
    query: Query,
    rcode: number,
    scopePrefixLen: number,
    extendedError: number,
    zoneIndex: number,
  ): void {
    const size = this.#size;
    if (size === 0) return;
    writer.release(size);
    const out = writer.out;
    const start = writer.cursor;
    const report = this.#reports.option;
    const reports = this.#reports.isFor(zoneIndex) && writer.hasRoom(size + report.length);
    const tellsError = extendedError !== 0 && writer.hasRoom(size + (reports ? report.length : 0) + EDE_OPTION_SIZE);
    out[start] = 0;
    out[start + 1] = 0;
    out[start + 2] = TYPE.OPT;
    out[start + 3] = this.#udpPayloadSize >>> 8;
    out[start + 4] = this.#udpPayloadSize;
    out[start + 5] = rcode >>> 4;
    out[start + 6] = 0;
    out[start + 7] = query.isDnssecOk ? 0x80 : 0;
    out[start + 8] = 0;
    let at = start + EMPTY_OPT_SIZE;
    if (this.#nsidSize > 0) at = copy(this.#nsid, out, at);
    if (query.ecs.optionSize > 0) at = query.ecs.write(out, at, scopePrefixLen);
    if (this.#cookieSize > 0) at = this.#cookies.write(out, at);
    if (this.#keepaliveSize > 0) at = copy(this.#keepalive, out, at);
    if (tellsError) at = writeExtendedError(out, at, extendedError);
    if (reports) at = copy(report, out, at);
    const rdataSize = at - start - EMPTY_OPT_SIZE;
    out[start + 9] = rdataSize >>> 8;
    out[start + 10] = rdataSize;
    writer.moveTo(at);
    writer.additionals++;
  }
}

function copy(option: Uint8Array, out: Uint8Array, at: number): number {
  for (let i = 0; i < option.length; i++) out[at + i] = option[i]!;
  return at + option.length;
}

function writeExtendedError(out: Uint8Array, at: number, extendedError: number): number {
  out[at] = 0;
  out[at + 1] = OPTION.EDE;
  out[at + 2] = 0;
  out[at + 3] = 2;
  out[at + 4] = extendedError >>> 8;
  out[at + 5] = extendedError;
  return at + EDE_OPTION_SIZE;
}
