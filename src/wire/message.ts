// DNS messages as objects (RFC 1035 section 4, EDNS: RFC 6891): for the `query` command, probes and tests. The server's
// own path from query to response works on octets in place and uses none of this.
// Decoding never throws and reads nothing outside the message; what is malformed comes back as one sentence.

import { readCompressedName } from './compressed-name.ts';
import { CLASS_CH, CLASS_IN, HEADER_SIZE } from './constants.ts';
import type { DnsRecord, Edns, EdnsOption, Message, QueryFields, Question } from './message-types.ts';
import { nameToText, ROOT } from './name.ts';
import { readU16, readU32 } from './octets.ts';
import { OctetWriter } from './rdata/codec.ts';
import { printGeneric } from './rdata/generic.ts';
import { codecOf } from './rdata/registry.ts';
import { TYPE, typeName } from './rrtype.ts';

const BIT = { qr: 0x8000, aa: 0x0400, tc: 0x0200, rd: 0x0100, ra: 0x0080, ad: 0x0020, cd: 0x0010 } as const;
const DNSSEC_OK = 0x8000;

/** A query of one question, with EDNS version 0 if `edns` is given. */
export function encodeQuery(query: QueryFields): Uint8Array {
  const { flags, edns } = query;
  const out = new OctetWriter();
  out.u16(query.id);
  out.u16((flags.rd ? BIT.rd : 0) | (flags.ad ? BIT.ad : 0) | (flags.cd ? BIT.cd : 0));
  for (const count of [1, 0, 0, edns === undefined ? 0 : 1]) out.u16(count);
  out.bytes(query.name);
  out.u16(query.type);
  out.u16(query.class ?? CLASS_IN);
  if (edns !== undefined) {
    out.bytes(ROOT);
    out.u16(TYPE.OPT);
    out.u16(edns.udpPayloadSize);
    out.u16(0); // extended rcode and version
    out.u16(edns.dnssecOk ? DNSSEC_OK : 0);
    out.u16(edns.options.reduce((size, option) => size + 4 + option.data.length, 0));
    for (const { code, data } of edns.options) {
      out.u16(code);
      out.u16(data.length);
      out.bytes(data);
    }
  }
  return out.octets.slice(0, out.length);
}

/** Thrown and caught inside this file, so that reading is written straight down. */
class Malformed extends Error {}

/** The message, or a sentence on what is wrong with it. */
export function decodeMessage(octets: Uint8Array): Message | string {
  try {
    return new MessageReader(octets).read();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return error.message;
  }
}

/**
 * Types whose RDATA may hold compressed names: octets before the names, and number of names. Those of RFC 1035, and of
 * the others that RFC 3597 section 4 wants read, RP and SRV.
 */
const NAMES_IN_RDATA: ReadonlyMap<number, readonly [lead: number, names: number]> = new Map([
  [TYPE.NS, [0, 1]],
  [TYPE.CNAME, [0, 1]],
  [TYPE.SOA, [0, 2]],
  [TYPE.PTR, [0, 1]],
  [TYPE.MX, [2, 1]],
  [TYPE.RP, [0, 2]],
  [TYPE.SRV, [6, 1]],
]);

class MessageReader {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  read(): Message {
    if (this.#octets.length < HEADER_SIZE) {
      throw new Malformed(`a message has ${HEADER_SIZE} octets at least, found ${this.#octets.length}`);
    }
    const [id, bits] = [this.#u16(), this.#u16()];
    const counts = [this.#u16(), this.#u16(), this.#u16(), this.#u16()] as const;
    const questions = Array.from({ length: counts[0] }, () => this.#question());
    const answers = Array.from({ length: counts[1] }, () => this.#record());
    const authorities = Array.from({ length: counts[2] }, () => this.#record());
    const additionals = Array.from({ length: counts[3] }, () => this.#record());
    if (this.#at < this.#octets.length)
      throw new Malformed(`octets left over after the message: ${this.#octets.length - this.#at}`);
    if ([...answers, ...authorities].some(isOpt)) throw new Malformed('an OPT record stands outside the additional section');
    const opts = additionals.filter(isOpt);
    if (opts.length > 1) throw new Malformed(`a message has at most one OPT record, found ${opts.length}`);
    const opt = opts[0];
    return {
      id,
      isResponse: (bits & BIT.qr) !== 0,
      opcode: (bits >> 11) & 0xf,
      flags: {
        aa: (bits & BIT.aa) !== 0,
        tc: (bits & BIT.tc) !== 0,
        rd: (bits & BIT.rd) !== 0,
        ra: (bits & BIT.ra) !== 0,
        ad: (bits & BIT.ad) !== 0,
        cd: (bits & BIT.cd) !== 0,
      },
      rcode: (bits & 0xf) | (opt === undefined ? 0 : (opt.ttlSec >>> 24) << 4),
      questions,
      answers,
      authorities,
      additionals: additionals.filter((record) => !isOpt(record)),
      ...(opt === undefined ? {} : { edns: readEdns(opt) }),
    };
  }

  #need(size: number, what: string): void {
    if (this.#at + size > this.#octets.length) throw new Malformed(`the message ends inside ${what}`);
  }

  #u16(): number {
    this.#at += 2;
    return readU16(this.#octets, this.#at - 2);
  }

  #name(end: number): Uint8Array {
    const read = readCompressedName(this.#octets, this.#at, end);
    if (typeof read === 'string') throw new Malformed(`${read}, at octet ${this.#at}`);
    this.#at = read.next;
    return read.name;
  }

  #question(): Question {
    const name = this.#name(this.#octets.length);
    this.#need(4, 'a question');
    return { name, type: this.#u16(), class: this.#u16() };
  }

  #record(): DnsRecord {
    const owner = this.#name(this.#octets.length);
    this.#need(10, 'a record');
    const type = this.#u16();
    const recordClass = this.#u16();
    const ttlSec = readU32(this.#octets, this.#at);
    this.#at += 4;
    const length = this.#u16();
    this.#need(length, `the data of a ${typeName(type)} record`);
    return { owner, type, class: recordClass, ttlSec, rdata: this.#rdata(type, this.#at + length) };
  }

  #rdata(type: number, end: number): Uint8Array {
    const out = new OctetWriter();
    const [lead, names] = NAMES_IN_RDATA.get(type) ?? [0, 0];
    if (this.#at + lead > end) throw new Malformed(`the data of a ${typeName(type)} record is cut off`);
    out.bytes(this.#octets, this.#at, this.#at + lead);
    this.#at += lead;
    for (let i = 0; i < names; i++) out.bytes(this.#name(end));
    out.bytes(this.#octets, this.#at, end);
    this.#at = end;
    return out.octets.slice(0, out.length);
  }
}

const isOpt = (record: DnsRecord): boolean => record.type === TYPE.OPT;

function readEdns(opt: DnsRecord): Edns {
  if (opt.owner.length !== 1) throw new Malformed('the owner of an OPT record is not the root');
  const options: EdnsOption[] = [];
  for (let at = 0; at < opt.rdata.length; ) {
    const dataAt = at + 4;
    const next = dataAt <= opt.rdata.length ? dataAt + readU16(opt.rdata, at + 2) : dataAt;
    if (next > opt.rdata.length) throw new Malformed('an EDNS option is cut off');
    options.push({ code: readU16(opt.rdata, at), data: opt.rdata.slice(dataAt, next) });
    at = next;
  }
  return {
    udpPayloadSize: opt.class,
    version: (opt.ttlSec >> 16) & 0xff,
    dnssecOk: (opt.ttlSec & DNSSEC_OK) !== 0,
    options,
  };
}

const className = (value: number): string => (value === CLASS_IN ? 'IN' : value === CLASS_CH ? 'CH' : `CLASS${value}`);

/** A record as a line of a zone file; data that is not valid for its type is written as octets (RFC 3597). */
export function recordToText(record: DnsRecord): string {
  const { owner, ttlSec, type } = record;
  return [nameToText(owner), ttlSec, className(record.class), typeName(type), rdataToText(record)].join('\t');
}

/** The data of a record as a zone file has it. */
export function rdataToText({ type, rdata }: DnsRecord): string {
  const codec = codecOf(type);
  const isPrintable = codec !== undefined && codec.check(rdata, 0, rdata.length) === undefined;
  return isPrintable ? codec.print(rdata, 0, rdata.length) : printGeneric(rdata, 0, rdata.length);
}
