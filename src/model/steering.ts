// Sites, pools, members and policies, checked and with every name resolved to an index. Plain data, deeply readonly.

import type { Cidr, Family } from '../base/address.ts';
import type { Capacity, SpillSettings } from './capacity.ts';

export interface Site {
  readonly id: string;
  readonly index: number;
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
  /** Null = not known: the site neither gives load away nor is it given any. */
  readonly capacity: Capacity | null;
}

/** What a client is told: addresses (at least one), or another name that it must resolve. */
export type MemberTarget =
  | { readonly kind: 'addresses'; readonly v4: Uint8Array | null; readonly v6: Uint8Array | null }
  | { readonly kind: 'alias' /** Absolute wire name. */; readonly name: Uint8Array };

export interface Member {
  /** `pool/site`, or `pool/name` where the operator named it; unique, stable across reloads: sticky hashing keys on it. */
  readonly id: string;
  /** Position among all members of the snapshot. */
  readonly index: number;
  readonly pool: number;
  readonly site: number;
  /** Integer, 0..65535. A member of weight 0 gets nothing while another of its pool is up. */
  readonly weight: number;
  readonly target: MemberTarget;
}

/** Whether the member has something to answer to a question for this family; an alias serves both. */
export function serves({ target }: Member, family: Family): boolean {
  return target.kind === 'alias' || (family === 4 ? target.v4 : target.v6) !== null;
}

export interface Pool {
  readonly id: string;
  readonly index: number;
  /** Indexes into Snapshot.members; never empty. */
  readonly members: readonly number[];
}

/** A node of a policy tree. `path` names it for people, e.g. `www-policy.map.continent.EU`. */
export type PolicyNode =
  | { readonly kind: 'pool'; readonly path: string; readonly pool: number }
  | {
      /** The sites of a pool in order of distance from the client; sites within tieBandKm of the nearest share by weight. */
      readonly kind: 'nearest';
      readonly path: string;
      readonly pool: number;
      readonly tieBandKm: number;
      /** -99..99 by site index; the distance d becomes d*(1-b/100) for b >= 0 and d/(1+b/100) for b < 0. Absent = 0. */
      readonly biasPercent: Readonly<Record<number, number>>;
    }
  | {
      /** The most specific rule decides: network (longest), ASN, tag, subdivision, country, continent, then default. */
      readonly kind: 'map';
      readonly path: string;
      readonly networks: readonly { readonly cidr: Cidr; readonly child: PolicyNode }[];
      readonly asns: ReadonlyMap<number, PolicyNode>;
      readonly tags: ReadonlyMap<string, PolicyNode>;
      readonly subdivisions: ReadonlyMap<string, PolicyNode>;
      readonly countries: ReadonlyMap<string, PolicyNode>;
      readonly continents: ReadonlyMap<string, PolicyNode>;
      readonly otherwise: PolicyNode;
    }
  | { readonly kind: 'failover'; readonly path: string; readonly children: readonly PolicyNode[] }
  | {
      readonly kind: 'weighted';
      readonly path: string;
      /** Integer weights 0..65535, not all zero. */
      readonly children: readonly { readonly weight: number; readonly child: PolicyNode }[];
    };

/** What to answer when nothing that a policy may choose is up. */
export type LastResort =
  | { readonly kind: 'serve-all' }
  | { readonly kind: 'last-good' }
  | { readonly kind: 'fallback'; readonly pool: number }
  | { readonly kind: 'nodata' }
  | { readonly kind: 'servfail' };

export interface Policy {
  readonly id: string;
  readonly index: number;
  readonly root: PolicyNode;
  readonly pick: 'round-robin' | 'sticky';
  /** How many members one reply names, 1..8, each at a different site as long as there are so many. */
  readonly answers: number;
  /** Finest client network that a sticky choice tells apart: prefix lengths. */
  readonly granularityV4: number;
  readonly granularityV6: number;
  readonly lastResort: LastResort;
  /** Null = its load stays where its rule puts it. */
  readonly spill: SpillSettings | null;
}

/** Everything steering decides from, besides health. */
export interface SteeringModel {
  readonly sites: readonly Site[];
  readonly pools: readonly Pool[];
  readonly members: readonly Member[];
  readonly policies: readonly Policy[];
}
