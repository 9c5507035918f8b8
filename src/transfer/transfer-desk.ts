// What the responder leaves to this folder: queries with a TSIG record, and queries for whole zones (AXFR, IXFR).
// It never answers a plain query, and writes no reply that the responder can write: where a transfer is refused it sets the rcode
// of the query, and the responder replies as to any other.
//
//   signature malformed                                      FORMERR
//   key unknown, MAC or time wrong (RFC 8945 section 5.2)    NOTAUTH, with the reason in the TSIG record
//   name is not the apex of a zone that is served            NOTAUTH (RFC 5936 section 2.2.1)
//   address or key not allowed                               REFUSED
//   IXFR without a well-formed SOA record in authority       FORMERR (RFC 1995 section 3)
//   IXFR from a serial that is ours or later, or over UDP    our SOA record alone (RFC 1995 section 2)
//   otherwise                                                the zone

import type { Clock } from '../base/clock.ts';
import { PrefixSet } from '../base/prefix-set.ts';
import { COUNTER } from '../metrics/counters.ts';
import type { Client } from '../model/client.ts';
import type { Hmac, TransferRule, TransferSettings, TsigKey } from '../model/transfer.ts';
import { HEADER_SIZE, RCODE } from '../wire/constants.ts';
import { namesEqual } from '../wire/name.ts';
import { readU16, readU32 } from '../wire/octets.ts';
import { type Query, skipName } from '../wire/query.ts';
import { TYPE } from '../wire/rrtype.ts';
import { APEX, type ZoneImage } from '../zone/image.ts';
import { ZoneSet } from '../zone/zone-set.ts';
import { isAfter } from './serial.ts';
import { type Checked, checkQuery, TSIG_ERROR } from './tsig.ts';
import { STREAM_SIZE, ZoneTransfer } from './zone-transfer.ts';

const PLAIN_UDP_SIZE = 512;
/** Extended DNS Errors (RFC 8914 section 4). */
const EDE_PROHIBITED = 18;
const EDE_NOT_AUTHORITATIVE = 20;
/** Fixed part of an SOA record's data: SERIAL and four times. */
const SOA_NUMBERS_SIZE = 20;

interface Permit {
  readonly rule: TransferRule;
  /** The networks of rule.allow. */
  readonly allowed: PrefixSet;
}

export interface TransferDeskOptions {
  readonly hmac: Hmac;
  readonly clock: Clock;
  /** Largest UDP message in octets, 512..4096. */
  readonly udpPayloadSize: number;
  /** The worker's row of metrics/counters. */
  readonly counters: Float64Array;
}

export class TransferDesk {
  readonly #options: TransferDeskOptions;
  #zones: readonly ZoneImage[] = [];
  #zoneSet = new ZoneSet([]);
  #keys: readonly TsigKey[] = [];
  #permits: readonly Permit[] = [];
  /** Of the query at hand, from verify() on. */
  #checked: Checked | null = null;

  constructor(options: TransferDeskOptions) {
    this.#options = options;
  }

  /** Serves these zones from the next query on. Transfers that have begun go on as they began. */
  install(zones: readonly ZoneImage[], settings: TransferSettings): void {
    this.#zones = zones;
    this.#zoneSet = new ZoneSet(zones);
    this.#keys = settings.keys;
    this.#permits = settings.rules.map((rule) => ({ rule, allowed: new PrefixSet(rule.allow) }));
  }

  /**
   * Checks the signature of a query that has one. If it is not good, query.rcode is what to reply. Returns the octets to keep
   * free for sign() to append to the reply; 0 if the reply takes no signature.
   */
  verify(query: Query, input: Uint8Array, offset: number, length: number): number {
    const { hmac, counters } = this.#options;
    const message = input.subarray(offset, offset + length);
    const checked = checkQuery(message, query.tsigAt, this.#keys, hmac, this.#nowSec());
    this.#checked = checked ?? null;
    if (checked?.error !== TSIG_ERROR.NONE) {
      counters[COUNTER.TSIG_REJECTED]!++;
      query.rcode = checked === undefined ? RCODE.FORMERR : RCODE.NOTAUTH;
      query.extendedError = 0;
    }
    return checked?.signer.size ?? 0;
  }

  /** Whether the signature that verify() checked last was good. */
  get isAuthentic(): boolean {
    return this.#checked?.error === TSIG_ERROR.NONE;
  }

  /** Appends the signature to the reply in `out[offset..offset+size)` and returns its new size. */
  sign(out: Uint8Array, offset: number, size: number): number {
    return this.#checked!.signer.sign(out, offset, size, this.#nowSec());
  }

  /**
   * Answers a query for a transfer: writes the first message of the reply, signed if the query was, and returns its size; more
   * messages are left in client.continuation. Returns 0 if the query gets only the rcode that it has then.
   */
  transfer(query: Query, input: Uint8Array, offset: number, client: Client, output: Uint8Array, outputOffset: number): number {
    const checked = query.tsigAt === 0 ? null : this.#checked;
    const zone = this.#zoneSet.find(query.name, query.type);
    const image = this.#zones[zone];
    if (image === undefined || image.apexLabels !== query.name.labels) {
      return refuse(query, RCODE.NOTAUTH, EDE_NOT_AUTHORITATIVE);
    }
    if (!this.#isAllowed(image, client, checked?.key ?? -1)) return refuse(query, RCODE.REFUSED, EDE_PROHIBITED);
    let isSoaOnly = !client.isStream;
    if (query.type === TYPE.IXFR) {
      const serial = clientSerial(query, input, offset);
      if (serial === undefined) return refuse(query, RCODE.FORMERR, 0);
      isSoaOnly ||= !isAfter(image.serial, serial);
    }
    const { udpPayloadSize, counters } = this.#options;
    const udpLimit = query.hasEdns ? Math.min(query.udpPayloadSize, udpPayloadSize) : PLAIN_UDP_SIZE;
    const transfer = new ZoneTransfer({
      image,
      id: query.id,
      queryFlags: query.flags,
      question: input.slice(offset + HEADER_SIZE, offset + HEADER_SIZE + query.questionSize),
      udpPayloadSize: query.hasEdns ? udpPayloadSize : 0,
      reserved: checked?.signer.size ?? 0,
      sign: (out, at, size) => checked?.signer.sign(out, at, size, this.#nowSec()) ?? size,
      isSoaOnly,
      limit: client.isStream ? STREAM_SIZE : udpLimit,
    });
    if (!isSoaOnly) {
      counters[COUNTER.ZONE_TRANSFERS]!++;
      client.continuation = transfer;
    }
    counters[COUNTER.REPLIES_NOERROR]!++;
    return transfer.next(output, outputOffset);
  }

  #isAllowed(image: ZoneImage, client: Client, key: number): boolean {
    const apexAt = image.nameOffset(APEX);
    const permit = this.#permits.find(({ rule }) => namesEqual(rule.origin, 0, image.octets, apexAt));
    if (permit === undefined) return false;
    const { allow, keys } = permit.rule;
    if (allow.length > 0 && !permit.allowed.has(client.family, client.octets)) return false;
    return keys.length === 0 || keys.includes(key);
  }

  #nowSec(): number {
    return Math.floor(this.#options.clock.wallMs() / 1000);
  }
}

function refuse(query: Query, rcode: number, extendedError: number): number {
  query.rcode = rcode;
  query.extendedError = extendedError;
  return 0;
}

/** The serial that an IXFR query says the client has; undefined if its SOA record is missing, of another zone or malformed. */
function clientSerial(query: Query, input: Uint8Array, offset: number): number | undefined {
  if (readU16(input, offset + 6) !== 0 || readU16(input, offset + 8) !== 1) return undefined;
  // That the record is inside the message, the query's reader has seen.
  const questionEnd = offset + HEADER_SIZE + query.questionSize;
  const isSameName =
    readU16(input, questionEnd) === (0xc000 | HEADER_SIZE) || namesEqual(query.name.octets, 0, input, questionEnd);
  const head = skipName(input, questionEnd, input.length);
  if (!isSameName || readU16(input, head) !== TYPE.SOA) return undefined;
  const end = head + 10 + readU16(input, head + 8);
  const rname = skipName(input, head + 10, end);
  const numbers = rname === 0 ? 0 : skipName(input, rname, end);
  return numbers !== 0 && numbers + SOA_NUMBERS_SIZE === end ? readU32(input, numbers) : undefined;
}
