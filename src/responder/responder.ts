// One query to one reply, octets to octets, from immutable images alone. The order of decisions:
//   1. what may not be answered: no message, a response, a port whose owner answers anything (loops between servers)
//   2. what cannot be looked up: malformed, another opcode or class, a meta-type (wire/query decides the rcode), and what is
//      asked about the server itself
//   3. too much of it: limited by source network or in all, truncated or dropped (admission.ts), at once or, for a reply that
//      would be too large for what is left of a budget, when it turns out to be
//   4. images not there yet: SERVFAIL; name in none of our zones: REFUSED
//   5. the records of the answer, truncated to what the client can take
// One path for every query, no cache, nothing kept from one query to the next but round-robin positions and counters. All
// objects are made when the responder is made or given new images: answering allocates nothing.
// A failure in here is a bug; it costs the client that met it a SERVFAIL and the server a count, never more.

import type { Cidr } from '../base/address.ts';
import type { GeoImage } from '../geo/lookup.ts';
import * as metrics from '../metrics/counters.ts';
import type { Client, Respond } from '../model/client.ts';
import type { RateLimitSettings, ServerSettings } from '../model/snapshot.ts';
import type { SteeringImage } from '../steering/image.ts';
import * as constants from '../wire/constants.ts';
import * as queries from '../wire/query.ts';
import { Query } from '../wire/query.ts';
import type { ZoneImage } from '../zone/image.ts';
import { ZoneSet } from '../zone/zone-set.ts';
import * as admissions from './admission.ts';
import { Admission, type SharedLimits } from './admission.ts';
import { Answer } from './answer.ts';
import * as cookies from './cookies.ts';
import { Cookies } from './cookies.ts';
import type { Deputy } from './deputy.ts';
import { EcsTrust } from './ecs-trust.ts';
import * as edns from './edns.ts';
import { ReplyOpt } from './edns.ts';
import { Identity } from './identity.ts';
import { ReportChannel } from './report-channel.ts';
import * as deciding from './steer.ts';
import { Steering } from './steer.ts';
import type { Tap } from './tap.ts';
import { ReplyWriter } from './writer.ts';

// V8 folds the constants of a module into its machine code, but reads an import from a cell each time, as it might still be
// unset, and then does not know its value. So the modules that a query passes take the constants of others over into their own:
// 0.65 of the time of a GSLB query. (Destructuring keeps the names.)
const { COUNTER } = metrics;
const { HEADER_SIZE, RCODE } = constants;
const { VERDICT } = queries;
const { FATE } = admissions;
const { COOKIE_OPTION_SIZE } = cookies;
const { EDE } = edns;
const { NO_POLICY } = deciding;

/** Reply size without EDNS (RFC 1035 section 4.2.1), and over a stream, in octets. */
const PLAIN_UDP_SIZE = 512;
const STREAM_SIZE = 65535;
/** Code and size of an EDNS option. */
const OPTION_HEAD = 4;

export interface ResponderOptions {
  /** Largest UDP reply in octets, also announced as what we take: 512..4096. */
  readonly udpPayloadSize: number;
  /** This worker's row of metrics/counters. */
  readonly counters: Float64Array;
  /** What the server tells of itself; nothing if left out. */
  readonly identity?: Pick<ServerSettings, 'nsid' | 'chaos' | 'reportAgent'>;
  /** Announced to clients that ask how long a stream may stay idle (RFC 7828); 0, not at all, if left out. */
  readonly idleTimeoutMs?: number;
  /** Limits on replies over UDP, and what all responders of this server share of them; none if left out. */
  readonly rateLimit?: { readonly settings: RateLimitSettings; readonly shared: SharedLimits };
  /** Resolvers whose client subnets are believed; all if left out. */
  readonly trustedResolvers?: readonly Cidr[];
  /** Deals with signatures and transfers; without it signatures are not looked at and transfers are refused. */
  readonly deputy?: Deputy;
}

const NO_IDENTITY = { nsid: null, chaos: { id: null, version: null }, reportAgent: null } as const;

/** What answers come from; all images are of one generation. */
export interface ResponderImages {
  readonly zones: readonly ZoneImage[];
  /** By zone, whether it uses client subnets; all do if left out. */
  readonly usesEcs?: readonly boolean[];
  readonly geo: GeoImage;
  readonly steering: SteeringImage;
  /** This worker's rows of metrics/asked, by slot and by member. */
  readonly asked?: Int32Array;
  readonly given?: Int32Array;
}

export class Responder {
  readonly #udpPayloadSize: number;
  readonly #cookies: Cookies;
  readonly #identity: Identity;
  readonly #reports: ReportChannel;
  readonly #deputy: Deputy | null;
  readonly #opt: ReplyOpt;
  readonly #counters: Float64Array;
  readonly #query: Query = new Query();
  readonly #writer: ReplyWriter = new ReplyWriter();
  readonly #steering: Steering;
  readonly #answer: Answer;
  readonly #admission: Admission | null;
  readonly #ecsTrust: EcsTrust;
  #tap: Tap | null = null;
  #zones: readonly ZoneImage[] = [];
  #zoneSet: ZoneSet | null = null;
  /** The zone that answers the present query (-1 = none), and an Extended DNS Error for the reply (0 = none). */
  #zoneIndex = -1;
  #extendedError = 0;
  /** Octets kept free for the signature of the present reply. */
  #signatureSize = 0;

  constructor(options: ResponderOptions) {
    const { udpPayloadSize, idleTimeoutMs = 0, identity = NO_IDENTITY } = options;
    this.#udpPayloadSize = udpPayloadSize;
    this.#counters = options.counters;
    this.#cookies = new Cookies(options.counters);
    this.#identity = new Identity(identity.chaos);
    this.#reports = new ReportChannel(identity.reportAgent);
    this.#opt = new ReplyOpt({ udpPayloadSize, nsid: identity.nsid, idleTimeoutMs }, this.#cookies, this.#reports);
    this.#deputy = options.deputy ?? null;
    this.#steering = new Steering(options.counters);
    this.#answer = new Answer(this.#writer, this.#steering, options.counters);
    const limit = options.rateLimit;
    this.#admission = limit === undefined ? null : new Admission(limit.settings, limit.shared, options.counters);
    this.#ecsTrust = new EcsTrust(options.trustedResolvers ?? null, options.counters);
  }

  /** Answers from these images from the next query on. */
  install(images: ResponderImages): void {
    const zoneSet = new ZoneSet(images.zones);
    this.#reports.install(images.zones);
    this.#ecsTrust.install(images.usesEcs ?? []);
    this.#steering.install(images.zones, images.geo, images.steering, images);
    this.#writer.names.reserve(images.zones.reduce((most, zone) => Math.max(most, zone.nameCount), 0));
    this.#zones = images.zones;
    this.#zoneSet = zoneSet;
  }

  /** Another steering image, over the zones and geography that are installed. */
  steer(image: SteeringImage): void {
    this.#steering.steer(this.#zones, image);
  }

  /** Secrets of DNS Cookies, 16 octets each, the one that signs first; none turns cookies off. */
  useCookieSecrets(secrets: readonly Uint8Array[]): void {
    this.#cookies.useSecrets(secrets);
  }

  /** From now on answers are told one by one as this says; null = none is. */
  useTap(tap: Tap | null): void {
    this.#tap = tap;
  }

  /** Bound, so that it can be handed to a socket as it is. */
  readonly respond: Respond = (input, offset, length, client, output, outputOffset) => {
    const counters = this.#counters;
    let size = 0;
    try {
      size = this.#respond(input, offset, length, client, output, outputOffset);
    } catch {
      counters[COUNTER.EXCEPTIONS]!++;
      size = this.#apologize(input, offset, output, outputOffset);
    }
    if (size > length && this.#admission !== null && !client.isStream) this.#admission.charge(length, size, client);
    if (client.isStream) {
      counters[COUNTER.STREAM_QUERIES]!++;
      counters[COUNTER.STREAM_QUERY_OCTETS]! += length;
      counters[COUNTER.STREAM_REPLY_OCTETS]! += size;
    } else {
      counters[COUNTER.UDP_QUERIES]!++;
      counters[COUNTER.UDP_QUERY_OCTETS]! += length;
      counters[COUNTER.UDP_REPLY_OCTETS]! += size;
    }
    if (size === 0) counters[COUNTER.DROPPED]!++;
    else if (this.#tap !== null) this.#tell(this.#tap, input, offset, length, client, output, outputOffset, size);
    return size;
  };

  #tell(
    tap: Tap,
    input: Uint8Array,
    offset: number,
    length: number,
    client: Client,
    output: Uint8Array,
    outputOffset: number,
    size: number,
  ): void {
    if (!tap.isDue(this.#steering.policy, client.nowMs)) return;
    tap.write(input, offset, length, client, output, outputOffset, size, this.#query.ecs.hasAddress);
  }

  #respond(input: Uint8Array, offset: number, length: number, client: Client, output: Uint8Array, outputOffset: number): number {
    const query = this.#query;
    this.#steering.policy = NO_POLICY;
    let verdict = query.read(input, offset, length, client.isStream);
    if (verdict === VERDICT.DROP || isEchoPort(client.port)) return 0;
    if (query.hasEdns) {
      this.#counters[COUNTER.EDNS_QUERIES]!++;
      if (query.ecs.hasAddress) this.#counters[COUNTER.ECS_QUERIES]!++;
      if (query.wantsNsid) this.#counters[COUNTER.NSID_QUERIES]!++;
      if (query.cookieSize > 0) this.#cookies.judge(query, input, client);
    }

    const sizeLimit = this.#sizeLimit(client);
    let mostSize = sizeLimit;
    if (this.#admission !== null && !client.isStream) {
      const fate = this.#admission.judge(query, verdict !== VERDICT.REPLY, length, client);
      if (fate === FATE.DROP) return 0;
      if (fate === FATE.TRUNCATE) return this.#sendToTcp(input, offset, length, output, outputOffset);
      mostSize = Math.min(sizeLimit, this.#admission.mostSize);
    }

    this.#signatureSize = 0;
    if (query.tsigAt !== 0) verdict = this.#authenticate(verdict, input, offset, length);
    if (verdict === VERDICT.TRANSFER && this.#deputy !== null) {
      const size = this.#deputy.transfer(query, input, offset, client, output, outputOffset);
      if (size > 0) return size;
    }

    const writer = this.#writer;
    writer.begin(output, outputOffset, mostSize - this.#signatureSize, this.#opt.reserve(query));
    writer.question(input, offset + HEADER_SIZE, query.questionSize);
    this.#zoneIndex = -1;
    this.#extendedError = query.extendedError;
    this.#answer.scopePrefixLen = 0;
    const rcode = this.#decide(verdict, query, client);
    if (writer.isTruncated && mostSize < sizeLimit) {
      if (this.#admission!.turnAway() === FATE.DROP) return 0;
      return this.#sendToTcp(input, offset, length, output, outputOffset);
    }
    this.#opt.write(writer, query, rcode, this.#answer.scopePrefixLen, this.#extendedError, this.#zoneIndex);
    if (writer.isTruncated) this.#counters[COUNTER.TRUNCATED]!++;
    this.#countReply(rcode);
    const size = writer.finish(query.id, query.flags, rcode);
    return this.#signatureSize === 0 ? size : this.#deputy!.sign(output, outputOffset, size);
  }

  /** The verdict on a signed query once its signature is checked. */
  #authenticate(verdict: number, input: Uint8Array, offset: number, length: number): number {
    if (this.#deputy === null) return verdict;
    this.#signatureSize = this.#deputy.verify(this.#query, input, offset, length);
    return this.#deputy.isAuthentic ? verdict : VERDICT.REPLY;
  }

  #decide(verdict: number, query: Query, client: Client): number {
    if (verdict === VERDICT.RESOLVE) return this.#resolve(query, client);
    if (verdict !== VERDICT.IDENTIFY) return query.rcode;
    this.#counters[COUNTER.CHAOS_QUERIES]!++;
    return this.#identity.answer(this.#writer, query);
  }

  #resolve(query: Query, client: Client): number {
    if (this.#zoneSet === null) {
      this.#extendedError = EDE.NOT_READY;
      return RCODE.SERVFAIL;
    }
    const zoneIndex = this.#zoneSet.find(query.name, query.type);
    this.#zoneIndex = zoneIndex;
    if (zoneIndex < 0) {
      this.#extendedError = EDE.NOT_AUTHORITATIVE;
      return RCODE.REFUSED;
    }
    if (query.ecs.hasAddress) this.#ecsTrust.apply(zoneIndex, query, client);
    return this.#answer.write(zoneIndex, this.#zones[zoneIndex]!, query, client);
  }

  /**
   * A truncated reply without records, never larger than the query: an option is only there if the query had one of that size.
   * So the cookie of a client that presents an old one is renewed, and a client without one gets it over TCP.
   */
  #sendToTcp(input: Uint8Array, offset: number, length: number, output: Uint8Array, outputOffset: number): number {
    const query = this.#query;
    const writer = this.#writer;
    query.wantsNsid = false;
    if (query.cookieSize + OPTION_HEAD < COOKIE_OPTION_SIZE) query.cookieSize = 0;
    writer.begin(output, outputOffset, length, this.#opt.reserve(query));
    writer.question(input, offset + HEADER_SIZE, query.questionSize);
    writer.truncate();
    this.#opt.write(writer, query, RCODE.NOERROR, 0, 0, -1);
    this.#countReply(RCODE.NOERROR);
    return writer.finish(query.id, query.flags, RCODE.NOERROR);
  }

  #sizeLimit(client: Client): number {
    if (client.isStream) return STREAM_SIZE;
    return Math.min(this.#query.udpPayloadSize, this.#udpPayloadSize);
  }

  /** SERVFAIL without records, if the question could be read. */
  #apologize(input: Uint8Array, offset: number, output: Uint8Array, outputOffset: number): number {
    const { id, flags, questionSize } = this.#query;
    if (questionSize === 0) return 0;
    this.#writer.begin(output, outputOffset, PLAIN_UDP_SIZE, 0);
    this.#writer.question(input, offset + HEADER_SIZE, questionSize);
    this.#countReply(RCODE.SERVFAIL);
    return this.#writer.finish(id, flags, RCODE.SERVFAIL);
  }

  #countReply(rcode: number): void {
    this.#counters[REPLY_COUNTER[rcode]!]!++;
  }
}

/** Ports whose owners send something back whatever they get: 7 echo, 19 chargen; 0 cannot be answered. */
const isEchoPort = (port: number): boolean => port === 0 || port === 7 || port === 19;

/** Counter of each rcode that the responder gives. */
const REPLY_COUNTER = new Uint8Array(RCODE.BADVERS + 1);
REPLY_COUNTER[RCODE.NOERROR] = COUNTER.REPLIES_NOERROR;
REPLY_COUNTER[RCODE.FORMERR] = COUNTER.REPLIES_FORMERR;
REPLY_COUNTER[RCODE.SERVFAIL] = COUNTER.REPLIES_SERVFAIL;
REPLY_COUNTER[RCODE.NXDOMAIN] = COUNTER.REPLIES_NXDOMAIN;
REPLY_COUNTER[RCODE.NOTIMP] = COUNTER.REPLIES_NOTIMP;
REPLY_COUNTER[RCODE.REFUSED] = COUNTER.REPLIES_REFUSED;
REPLY_COUNTER[RCODE.YXDOMAIN] = COUNTER.REPLIES_YXDOMAIN;
REPLY_COUNTER[RCODE.NOTAUTH] = COUNTER.REPLIES_NOTAUTH;
REPLY_COUNTER[RCODE.BADVERS] = COUNTER.REPLIES_BADVERS;
