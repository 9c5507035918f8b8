// One query read in place: header, question, and the OPT record with its options. Everything else in the message is
// stepped over by its length and never decoded: a query has no reason to carry names worth following (RFC 9267).
// Which malformation gets which rcode follows what NSD, Knot DNS, BIND and gdnsd agree on; the first rule that fits decides.
//
//   fewer than 12 octets, or a response                             no reply
//   opcode other than QUERY                                         NOTIMP   header only
//   QDCOUNT > 1 (RFC 9619), question unreadable or cut off          FORMERR  header only
//   QDCOUNT = 0 without a COOKIE option (RFC 7873 section 5.4)      FORMERR  header only
//   record cut off; OPT twice, not at the root, or not in additional FORMERR
//   TSIG not the last record of all (RFC 8945 section 5.2)          FORMERR
//   EDNS version above 0                                            BADVERS  of the options NSID counts alone
//   option cut off, ECS malformed or twice, COOKIE of a wrong size  FORMERR
//   keepalive with a timeout, over a stream (RFC 7828 section 3.2.1) FORMERR
//   class CH and type TXT or ANY: about the server itself (RFC 4892)
//   class other than IN                                             REFUSED
//   NXNAME (RFC 9824 section 3.1), other types never in a question  FORMERR
//   AXFR over UDP (RFC 5936 section 4.2)                            NOTIMP
//   AXFR over a stream, IXFR                                        REFUSED  unless src/transfer allows it
//   MAILB, MAILA (RFC 1035, obsolete)                               NOTIMP

import * as constants from './constants.ts';
import { Ecs } from './ecs.ts';
import * as integers from './octets.ts';
import { QueryName } from './qname.ts';
import * as types from './rrtype.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { CLASS_CH, CLASS_IN, HEADER_SIZE, OPCODE, OPTION, RCODE } = constants;
const { readU16 } = integers;
const { isMetaType, TYPE } = types;

/** What is to be done with a message that was read. */
export const VERDICT = {
  /** Send nothing. */
  DROP: 0,
  /** Reply with Query.rcode and no records. */
  REPLY: 1,
  /** A well-formed question of class IN: look it up. */
  RESOLVE: 2,
  /** A well-formed question of class CH for text: it is about this server. */
  IDENTIFY: 3,
  /** A well-formed query for a whole zone: reply with Query.rcode if no transfer is allowed. */
  TRANSFER: 4,
} as const;

/** Bits of the second 16-bit word of the header. */
export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, CD: 0x0010 } as const;

const { DROP, REPLY, RESOLVE, IDENTIFY, TRANSFER } = VERDICT;
const QR = FLAG.QR;

/** Extended DNS Errors that go with a verdict (RFC 8914 section 4, RFC 9824 section 10.2). */
const EDE_PROHIBITED = 18;
const EDE_INVALID_QUERY_TYPE = 30;

const TYPE_MAILB = 253;
const TYPE_MAILA = 254;
const DO_BIT = 0x8000;
/** Type, class, TTL and RDLENGTH of a record. */
const FIXED_RECORD_SIZE = 10;
const MIN_UDP_PAYLOAD = 512;

/** Size of a client cookie, in octets. */
export const CLIENT_COOKIE_SIZE = 8;
const CLIENT_COOKIE = CLIENT_COOKIE_SIZE;

/** Cookie lengths of RFC 7873 section 4: a client cookie alone, or with a server cookie of 8 to 32 octets. */
const isCookieSize = (size: number): boolean => size === CLIENT_COOKIE || (size >= 16 && size <= 40);

export class Query {
  id = 0;
  /** The second word of the header as received. */
  flags = 0;
  /** The name asked for; valid if questionSize > 0. */
  readonly name: QueryName = new QueryName();
  /** Octets of the question section, which starts behind the header; 0 if there is none that can be read. */
  questionSize = 0;
  type = 0;
  hasEdns = false;
  /** What the client can take over UDP, in octets: 512 without EDNS, and at least that with it (RFC 6891 section 6.2.3). */
  udpPayloadSize = MIN_UDP_PAYLOAD;
  isDnssecOk = false;
  readonly ecs: Ecs = new Ecs();
  /** The COOKIE option's data: where in the message it begins, and its octets; 0 if there is none. */
  cookieAt = 0;
  cookieSize = 0;
  /** Set by the responder once it has checked the server cookie: the client's address is proven. */
  hasValidCookie = false;
  /** Whether the client asks for the server's NSID (RFC 5001). */
  wantsNsid = false;
  /** Whether the client, on a stream, asks how long it may stay idle (RFC 7828). */
  hasKeepalive = false;
  /** Where in the message, from its first octet, the TSIG record begins, which is the last one; 0 if there is none. */
  tsigAt = 0;
  /** The rcode and Extended DNS Error (0 = none) of a verdict REPLY or TRANSFER. */
  rcode = 0;
  extendedError = 0;

  // Where the OPT record's options lie, between finding the record and reading them.
  #optionsAt = 0;
  #optionsEnd = 0;
  #ednsVersion = 0;

  /** Reads the message in `input[offset..offset+length)`; returns a VERDICT. Never reads outside it, never throws. */
  read(input: Uint8Array, offset: number, length: number, isStream: boolean): number {
    this.questionSize = 0;
    this.hasEdns = false;
    this.udpPayloadSize = MIN_UDP_PAYLOAD;
    this.isDnssecOk = false;
    this.wantsNsid = false;
    this.tsigAt = 0;
    this.rcode = RCODE.NOERROR;
    this.extendedError = 0;
    this.#clearOptions();
    if (length < HEADER_SIZE) return DROP;
    this.id = readU16(input, offset);
    this.flags = readU16(input, offset + 2);
    if ((this.flags & QR) !== 0) return DROP;
    if (((this.flags >> 11) & 15) !== OPCODE.QUERY) return this.#reply(RCODE.NOTIMP);

    const questions = readU16(input, offset + 4);
    if (questions > 1) return this.#reply(RCODE.FORMERR);
    const end = offset + length;
    let at = offset + HEADER_SIZE;
    if (questions === 1) {
      const nameSize = this.name.read(input, at, end);
      if (nameSize === 0 || at + nameSize + 4 > end) return this.#reply(RCODE.FORMERR);
      this.questionSize = nameSize + 4;
      at += this.questionSize;
      this.type = readU16(input, at - 4);
    }
    if (!this.#readRecords(input, at, offset, end)) return this.#reply(RCODE.FORMERR);
    if (this.hasEdns) {
      const isReadable = this.#readOptions(input, isStream);
      if (this.#ednsVersion !== 0 || !isReadable) {
        this.#clearOptions(); // a reply that refuses the query does not echo its subnet
        return this.#reply(this.#ednsVersion !== 0 ? RCODE.BADVERS : RCODE.FORMERR);
      }
    }
    if (questions === 0) return this.#reply(this.cookieSize > 0 ? RCODE.NOERROR : RCODE.FORMERR);
    return this.#judgeQuestion(readU16(input, at - 2), isStream);
  }

  #clearOptions(): void {
    this.ecs.clear();
    this.cookieSize = 0;
    this.hasValidCookie = false;
    this.hasKeepalive = false;
  }

  #reply(rcode: number, extendedError = 0): number {
    this.rcode = rcode;
    this.extendedError = extendedError;
    return REPLY;
  }

  /** Steps over all records behind the question, noting the OPT record; false if one is cut off or an OPT is misplaced. */
  #readRecords(input: Uint8Array, start: number, offset: number, end: number): boolean {
    const beforeAdditional = readU16(input, offset + 6) + readU16(input, offset + 8);
    const total = beforeAdditional + readU16(input, offset + 10);
    let at = start;
    let tsigAt = 0;
    for (let i = 0; i < total; i++) {
      const ownerAt = at;
      const isRoot = at < end && input[at] === 0;
      at = isRoot ? at + 1 : skipName(input, at, end);
      if (at === 0 || at + FIXED_RECORD_SIZE > end) return false;
      const type = readU16(input, at);
      const dataAt = at + FIXED_RECORD_SIZE;
      const dataEnd = dataAt + readU16(input, at + 8);
      if (dataEnd > end) return false;
      if (type === TYPE.OPT) {
        if (!isRoot || this.hasEdns || i < beforeAdditional) return false;
        this.hasEdns = true;
        const payloadSize = readU16(input, at + 2);
        if (payloadSize > MIN_UDP_PAYLOAD) this.udpPayloadSize = payloadSize;
        this.#ednsVersion = input[at + 5]!; // behind the extended rcode, which has no meaning in a query
        this.isDnssecOk = (readU16(input, at + 6) & DO_BIT) !== 0;
        this.#optionsAt = dataAt;
        this.#optionsEnd = dataEnd;
      } else if (type === TYPE.TSIG) {
        if (i < beforeAdditional || i !== total - 1) return false;
        tsigAt = ownerAt - offset;
      }
      at = dataEnd;
    }
    this.tsigAt = tsigAt;
    return true;
  }

  /** Reads the options that matter; unknown ones are ignored (RFC 6891 section 6.1.2), as is a second COOKIE. */
  #readOptions(input: Uint8Array, isStream: boolean): boolean {
    let at = this.#optionsAt;
    while (at < this.#optionsEnd) {
      if (at + 4 > this.#optionsEnd) return false;
      const code = readU16(input, at);
      const size = readU16(input, at + 2);
      at += 4;
      if (at + size > this.#optionsEnd) return false;
      if (code === OPTION.ECS) {
        if (this.ecs.isPresent || !this.ecs.read(input, at, size)) return false;
      } else if (code === OPTION.COOKIE) {
        if (!isCookieSize(size)) return false;
        if (this.cookieSize === 0) {
          this.cookieAt = at;
          this.cookieSize = size;
        }
      } else if (code === OPTION.NSID) this.wantsNsid = true;
      else if (code === OPTION.KEEPALIVE && isStream) {
        if (size !== 0) return false;
        this.hasKeepalive = true;
      }
      at += size;
    }
    return true;
  }

  #judgeQuestion(questionClass: number, isStream: boolean): number {
    const type = this.type;
    if (questionClass === CLASS_CH && (type === TYPE.TXT || type === TYPE.ANY)) return IDENTIFY;
    if (questionClass !== CLASS_IN) return this.#reply(RCODE.REFUSED);
    if (!isMetaType(type) || type === TYPE.ANY) return RESOLVE;
    if (type === TYPE.AXFR && !isStream) return this.#reply(RCODE.NOTIMP);
    if (type === TYPE.AXFR || type === TYPE.IXFR) {
      this.#reply(RCODE.REFUSED, EDE_PROHIBITED);
      return TRANSFER;
    }
    if (type === TYPE_MAILA || type === TYPE_MAILB) return this.#reply(RCODE.NOTIMP);
    return this.#reply(RCODE.FORMERR, type === TYPE.NXNAME ? EDE_INVALID_QUERY_TYPE : 0);
  }
}

/** Offset behind the name at `at`, a compression pointer counting as its end; 0 if it is cut off or not a name. */
export function skipName(input: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const length = input[at]!;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length > 63) return 0;
    at += length + 1;
  }
  return 0;
}
