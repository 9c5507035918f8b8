// From a question to the sections of the reply: RFC 1034 section 4.3.2 over one zone image. A CNAME or DNAME (RFC 6672) leads
// to the next name as long as that lies in the same zone; the rcode is that of the last name (RFC 6604).
//
//   found      answer          authority      additional   AA   then
//   DATA       the RRset                                   1    end
//   CNAME      the CNAME                                   1    go on at its target
//   DNAME      DNAME, CNAME                                1    go on at the substituted name; YXDOMAIN if it is too long
//   NODATA                     SOA                         1    end
//   NXDOMAIN                   SOA                         1    end, NXDOMAIN
//   REFERRAL                   NS of the cut  glue         0    end (AA = 1 behind a CNAME)
//   GSLB       addresses                                   1    end
//              or a CNAME                                  1    go on at its target
//              or nothing      SOA                         1    end, or SERVFAIL without records
//   OUTSIDE                                                1    end: the client asks on elsewhere
//
// A reply to a query with a client subnet never has a tailored RRset beside another one, so that each is cached for the
// networks it is meant for (RFC 7871 section 7.2.1): a chain ends before a GSLB record, and behind the CNAME that one gives.
// Positive answers carry no authority and no additional records: resolvers do not use them, reflectors would.

import * as metrics from '../metrics/counters.ts';
import type { Client } from '../model/client.ts';
import * as picking from '../steering/pick.ts';
import * as constants from '../wire/constants.ts';
import type { Query } from '../wire/query.ts';
import * as types from '../wire/rrtype.ts';
import type { ZoneImage } from '../zone/image.ts';
import * as layout from '../zone/image.ts';
import * as results from '../zone/lookup-result.ts';
import { Found } from '../zone/lookup-result.ts';
import { CurrentName } from './current-name.ts';
import { writeReferral } from './referral.ts';
import type { Steering } from './steer.ts';
import type { ReplyWriter } from './writer.ts';
import * as writing from './writer.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { COUNTER } = metrics;
const { PICK } = picking;
const { MAX_NAME_SIZE, RCODE } = constants;
const { TYPE } = types;
const { APEX, NO_NAME, RRSET } = layout;
const { FOUND } = results;
const { ENCODED_TTL, hasCompressedNames } = writing;

/** Links of a chain in one reply: as many as BIND and Unbound follow in answering one query (their max-query-restarts). */
const MAX_LINKS = 11;

/** In place of a DNAME RRset, for a link that none made. */
const NO_DNAME = 0xffff_ffff;

/** What a step of the chain decided instead of an rcode. */
const GO_ON = -1;

/** `HINFO "RFC8482" ""`: the answer to ANY where there is no RRset to show (RFC 8482 section 4.2). */
const ANY_HINFO: Uint8Array = Uint8Array.of(7, 0x52, 0x46, 0x43, 0x38, 0x34, 0x38, 0x32, 0);

export class Answer {
  /** SCOPE PREFIX-LENGTH for the client subnet of the reply. */
  scopePrefixLen = 0;

  readonly #writer: ReplyWriter;
  readonly #steering: Steering;
  readonly #counters: Float64Array;
  readonly #found: Found = new Found();
  readonly #name: CurrentName;
  /** By link: id of the name it leaves from (NO_NAME if it has none), to end loops; and the DNAME RRset that made it, or NO_DNAME. */
  readonly #seen: Uint32Array = new Uint32Array(MAX_LINKS);
  readonly #dname: Uint32Array = new Uint32Array(MAX_LINKS);
  #links = 0;

  constructor(writer: ReplyWriter, steering: Steering, counters: Float64Array) {
    this.#writer = writer;
    this.#steering = steering;
    this.#counters = counters;
    this.#name = new CurrentName(writer);
  }

  /** Writes the records that answer `query` from zone `zoneIndex`; returns the rcode. */
  write(zoneIndex: number, zone: ZoneImage, query: Query, client: Client): number {
    this.scopePrefixLen = 0;
    this.#links = 0;
    this.#writer.isAuthoritative = true;
    this.#writer.useZone(zone);
    this.#name.start(query.name);
    for (;;) {
      this.#name.lookup(zone, query.type, this.#found);
      const rcode = this.#step(zoneIndex, zone, query, client);
      if (rcode !== GO_ON) return rcode;
    }
  }

  #step(zoneIndex: number, zone: ZoneImage, query: Query, client: Client): number {
    const found = this.#found;
    switch (found.kind) {
      case FOUND.DATA:
        // A chain may end at a DNAME that it went through; no record stands twice in a reply (RFC 2181 section 5).
        if (this.#links === 0 || !this.#hasUsed(found.rrset)) this.#answer(zone, found.rrset);
        return RCODE.NOERROR;
      case FOUND.CNAME:
        return this.#followCname(zone);
      case FOUND.DNAME:
        return this.#followDname(zone, query.type);
      case FOUND.NODATA:
        this.#negative(zone);
        return RCODE.NOERROR;
      case FOUND.NXDOMAIN:
        this.#negative(zone);
        return RCODE.NXDOMAIN;
      case FOUND.REFERRAL:
        this.#refer(zone);
        return RCODE.NOERROR;
      case FOUND.GSLB:
        return query.type === TYPE.ANY ? this.#hinfo(zone) : this.#steer(zoneIndex, zone, query, client);
      default:
        return RCODE.NOERROR;
    }
  }

  /** Writes an RRset of the zone into the answer section; if it does not fit, the reply is truncated and the result false. */
  #answer(zone: ZoneImage, rrset: number): boolean {
    if (hasCompressedNames(zone.rrsetType(rrset))) this.#name.teach(zone, this.#found);
    this.#name.own();
    return this.#added(this.#writer.rrset(rrset, ENCODED_TTL), zone.rrsetRecords(rrset));
  }

  #added(isWritten: boolean, records: number): boolean {
    if (isWritten) this.#writer.answers += records;
    else this.#writer.truncate();
    return isWritten;
  }

  #followCname(zone: ZoneImage): number {
    const target = zone.ref(this.#found.rrset, 0);
    if (!this.#mayLink() || !this.#answer(zone, this.#found.rrset)) return RCODE.NOERROR;
    this.#name.follow(zone, target);
    return GO_ON;
  }

  /** Notes a link that leaves from the current name; false at the end of a loop, or of a chain that is long enough. */
  #mayLink(): boolean {
    const id = this.#name.id(this.#found);
    if (this.#links === MAX_LINKS) return false;
    if (id !== NO_NAME) for (let i = 0; i < this.#links; i++) if (this.#seen[i] === id) return false;
    this.#seen[this.#links] = id;
    this.#dname[this.#links++] = NO_DNAME;
    return true;
  }

  #followDname(zone: ZoneImage, type: number): number {
    const writer = this.#writer;
    const owner = this.#found.node;
    const rrset = this.#found.rrset;
    const ttlSec = zone.rrsetWord(rrset, RRSET.TTL);
    const target = zone.ref(rrset, 0);
    if (this.#links === MAX_LINKS) return RCODE.NOERROR;
    this.#name.teach(zone, this.#found);
    if (!this.#hasUsed(rrset)) {
      writer.setOwnerName(owner);
      if (!this.#added(writer.rrset(rrset, ENCODED_TTL), 1)) return RCODE.NOERROR;
    }
    const literalSize = this.#name.sizeAbove(zone, owner);
    if (this.#name.substitute(zone, owner, target) > MAX_NAME_SIZE) return RCODE.YXDOMAIN;
    this.#seen[this.#links] = NO_NAME;
    this.#dname[this.#links++] = rrset;
    return this.#alias(zone, ttlSec, literalSize, target, type);
  }

  /** Whether the chain went through this DNAME before, so that it stands in the reply. */
  #hasUsed(dname: number): boolean {
    for (let i = 0; i < this.#links; i++) if (this.#dname[i] === dname) return true;
    return false;
  }

  /** Writes a CNAME to the composed name, `literalSize` octets before the name `tail`, and goes on there unless it was asked for. */
  #alias(zone: ZoneImage, ttlSec: number, literalSize: number, tail: number, type: number): number {
    this.#name.own();
    const at = this.#writer.cname(ttlSec, this.#name.composed, literalSize, tail);
    if (!this.#added(at > 0, 1) || type === TYPE.CNAME) return RCODE.NOERROR;
    if (literalSize > 0) this.#name.followComposed(at, literalSize);
    else this.#name.follow(zone, tail);
    return GO_ON;
  }

  #negative(zone: ZoneImage): void {
    const writer = this.#writer;
    this.#name.teach(zone, this.#found);
    if (writer.soa()) writer.authorities++;
    else writer.truncate();
  }

  #refer(zone: ZoneImage): void {
    const writer = this.#writer;
    writer.isAuthoritative = this.#links > 0;
    this.#counters[COUNTER.REFERRALS]!++;
    if (!writeReferral(writer, zone, this.#name, this.#found)) writer.truncate();
  }

  #hinfo(zone: ZoneImage): number {
    this.#name.own();
    this.#added(this.#writer.record(TYPE.HINFO, zone.negativeTtlSec, ANY_HINFO, 0, ANY_HINFO.length), 1);
    return RCODE.NOERROR;
  }

  #steer(zoneIndex: number, zone: ZoneImage, query: Query, client: Client): number {
    const steering = this.#steering;
    const isTailored = query.ecs.hasAddress;
    if (isTailored && this.#links > 0) return RCODE.NOERROR;
    const family = query.type === TYPE.A ? 4 : 6;
    const kind = steering.decide(zoneIndex, zone, this.#found.rrset, family, query.ecs, client);
    this.scopePrefixLen = steering.scopePrefixLen;
    switch (kind) {
      case PICK.ADDRESSES:
        this.#addresses(query.type);
        return RCODE.NOERROR;
      case PICK.ALIAS: {
        const rcode = this.#steeredAlias(zone, query.type);
        return isTailored ? RCODE.NOERROR : rcode;
      }
      case PICK.NODATA:
        this.#negative(zone);
        return RCODE.NOERROR;
      default:
        this.#writer.clearRecords();
        this.#writer.isAuthoritative = false;
        return RCODE.SERVFAIL;
    }
  }

  #addresses(type: number): void {
    const { picked, octets, ttlSec } = this.#steering;
    const size = type === TYPE.A ? 4 : 16;
    this.#name.own();
    for (let i = 0; i < picked.count; i++) {
      if (!this.#added(this.#writer.record(type, ttlSec, octets, picked.targetOffset[i]!, size), 1)) return;
    }
  }

  /** A target that lies in the zone ends in the name of the apex, which the reply holds already. */
  #steeredAlias(zone: ZoneImage, type: number): number {
    const { picked, octets, ttlSec } = this.#steering;
    const name = this.#name;
    if (!this.#mayLink()) return RCODE.NOERROR;
    name.teach(zone, this.#found);
    const size = name.compose(octets, picked.targetOffset[0]!);
    const literalSize = name.sizeBelowApex(zone);
    if (literalSize < 0) return this.#alias(zone, ttlSec, size - 1, NO_NAME, type);
    return this.#alias(zone, ttlSec, literalSize, APEX, type);
  }
}
