// A GSLB record becomes a choice: which network asks, which cell that is, what the policy picks for it, for how long, and how
// wide the choice may be cached (RFC 7871). The network is
//   the client subnet          if the query names one and it is a public network
//   the resolver's address     if it names none, names 0 bits (section 7.1.2), or a private network (section 10)
// SCOPE is that of the choice in the first case, the size of the private block in the last, and else 0.

import type { Family } from '../base/address.ts';
import type { GeoImage } from '../geo/lookup.ts';
import * as geography from '../geo/lookup.ts';
import * as metrics from '../metrics/counters.ts';
import type { Client } from '../model/client.ts';
import * as places from '../model/place.ts';
import type { SteeringImage } from '../steering/image.ts';
import * as picking from '../steering/pick.ts';
import { Cursors, Picked } from '../steering/pick.ts';
import type { Ecs } from '../wire/ecs.ts';
import * as integers from '../wire/octets.ts';
import type { ZoneImage } from '../zone/image.ts';
import * as layout from '../zone/image.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { cellOf, depthOf, lookupCell } = geography;
const { COUNTER } = metrics;
const { CELL_PRIVATE } = places;
const { PICK, pick } = picking;
const { readU32 } = integers;
const { RECORD_HEAD, RRSET } = layout;

const UNKNOWN_POLICY = -1;
/** In place of a policy's number. */
export const NO_POLICY = -1;
/** FAMILY 1 of the client subnet option is IPv4. */
const ECS_IPV4 = 1;

export class Steering {
  /** Members chosen by the last decide(); offsets are into `octets`. */
  readonly picked: Picked = new Picked();
  octets: Uint8Array = new Uint8Array(0);
  /** TTL of the answer, within the bounds of the record. */
  ttlSec = 0;
  scopePrefixLen = 0;
  /** Number of the policy of the last decide(); whoever wants to know of one query sets NO_POLICY before it. */
  policy: number = NO_POLICY;

  readonly #counters: Float64Array;
  /** Round-robin positions outlive the images. */
  readonly #cursors: Cursors = new Cursors();
  #geo: GeoImage | null = null;
  #image: SteeringImage | null = null;
  /** By slot: answers given (metrics/asked.ts). */
  #asked: Int32Array = new Int32Array(0);
  /** By member: answers that begin with it. */
  #given: Int32Array = new Int32Array(0);
  /** By zone: number in the steering image of each policy that the zone names. */
  #policies: readonly Int32Array[] = [];

  /** `counters` is this worker's row of metrics/counters. */
  constructor(counters: Float64Array) {
    this.#counters = counters;
  }

  /** `rows`: where answers are counted, by slot and by member; rows of our own if nobody wants to know. */
  install(
    zones: readonly ZoneImage[],
    geo: GeoImage,
    image: SteeringImage,
    rows: { readonly asked?: Int32Array; readonly given?: Int32Array } = {},
  ): void {
    this.#geo = geo;
    this.#asked = rows.asked ?? new Int32Array(image.slotCount);
    this.#given = rows.given ?? new Int32Array(image.memberCount);
    this.steer(zones, image);
  }

  /** Another steering image over the same zones and geography. */
  steer(zones: readonly ZoneImage[], image: SteeringImage): void {
    const numbers = new Map(image.policyNames.map((name, number) => [name, number]));
    this.#policies = zones.map((zone) => Int32Array.from(zone.policyNames, (name) => numbers.get(name) ?? UNKNOWN_POLICY));
    this.#cursors.fit(image);
    if (this.#asked.length < image.slotCount) this.#asked = new Int32Array(image.slotCount);
    if (this.#given.length < image.memberCount) this.#given = new Int32Array(image.memberCount);
    this.#image = image;
    this.octets = image.octets;
  }

  /** Decides for the GSLB record `rrset` of a zone, for addresses of `family`; returns the kind of choice, one of PICK. */
  decide(zoneIndex: number, zone: ZoneImage, rrset: number, family: Family, ecs: Ecs, client: Client): number {
    const counters = this.#counters;
    this.scopePrefixLen = 0;
    const policy = this.#policies[zoneIndex]![zone.rrsetWord(rrset, RRSET.REFS)]!;
    if (policy === UNKNOWN_POLICY) {
      counters[COUNTER.GSLB_UNKNOWN_POLICY]!++;
      return PICK.SERVFAIL;
    }
    this.policy = policy;
    this.#pick(policy, family, ecs, client);
    const kind = this.picked.kind;
    if (kind === PICK.NODATA) {
      // Keeps its scope, where RFC 7871 section 7.4 recommends 0: another network may well get addresses of this family, and
      // one network's denial must not become everybody's.
      counters[COUNTER.GSLB_NODATA]!++;
    } else if (kind === PICK.SERVFAIL) {
      this.scopePrefixLen = 0;
      counters[COUNTER.GSLB_SERVFAIL]!++;
    } else {
      const leastSec = readU32(zone.octets, zone.rrsetWord(rrset, RRSET.DATA) + RECORD_HEAD);
      const mostSec = zone.rrsetWord(rrset, RRSET.TTL);
      this.ttlSec = Math.max(leastSec, Math.min(mostSec, this.picked.ttlSec));
      counters[COUNTER.GSLB_ANSWERS]!++;
      this.#asked[this.picked.slot]!++;
      this.#given[this.picked.member[0]!]!++;
    }
    return kind;
  }

  #pick(policy: number, family: Family, ecs: Ecs, client: Client): void {
    const geo = this.#geo!;
    let privateDepth = 0;
    if (ecs.hasAddress) {
      const ecsFamily = ecs.family === ECS_IPV4 ? 4 : 6;
      const packed = lookupCell(geo, ecsFamily, ecs.octets, 0);
      if (cellOf(packed) !== CELL_PRIVATE) {
        this.#pickIn(packed, policy, family, ecsFamily, ecs.octets);
        this.scopePrefixLen = this.picked.scope;
        return;
      }
      privateDepth = depthOf(packed);
      this.#counters[COUNTER.ECS_PRIVATE]!++;
    }
    this.#pickIn(lookupCell(geo, client.family, client.octets, 0), policy, family, client.family, client.octets);
    this.scopePrefixLen = privateDepth;
  }

  #pickIn(packed: number, policy: number, family: Family, networkFamily: Family, octets: Uint8Array): void {
    pick(this.#image!, this.#cursors, policy, cellOf(packed), depthOf(packed), family, networkFamily, octets, 0, this.picked);
  }
}
