// Small steering models for tests: sites on real coordinates, pools and policies written in a line or two.

import type { Family } from '../../src/base/address.ts';
import { EVERYTHING_UP, type HealthView, NO_CHANGE_FORESEEN } from '../../src/model/health.ts';
import { NOWHERE, type Place } from '../../src/model/place.ts';
import type { Member, MemberTarget, Policy, PolicyNode, Pool, SteeringModel } from '../../src/model/steering.ts';
import { buildSteering } from '../../src/steering/build.ts';
import { Classifier } from '../../src/steering/classes.ts';
import { SteeringImage } from '../../src/steering/image.ts';

export const COORDINATES = {
  london: [51.51, -0.13],
  frankfurt: [50.11, 8.68],
  newyork: [40.71, -74.01],
  tokyo: [35.68, 139.69],
  saopaulo: [-23.55, -46.63],
  sydney: [-33.87, 151.21],
} as const;

export type SiteName = keyof typeof COORDINATES;
export const SITES = Object.keys(COORDINATES) as SiteName[];
export const siteIndex = (name: SiteName): number => SITES.indexOf(name);

export interface MemberSpec {
  readonly site: SiteName;
  readonly weight?: number;
  /** Which addresses it has; default both. */
  readonly has?: 'both' | 'v4' | 'v6' | 'alias';
  /** Distinguishes members at one site. */
  readonly name?: string;
}

export type PolicySpec = Partial<Omit<Policy, 'root' | 'id' | 'index'>> & { readonly root: PolicyNode };

export const ALIAS_NAME: Uint8Array = Uint8Array.from([3, 99, 100, 110, 4, 116, 101, 115, 116, 0]); // cdn.test.

function targetOf(index: number, has: MemberSpec['has']): MemberTarget {
  if (has === 'alias') return { kind: 'alias', name: ALIAS_NAME };
  const v4 = Uint8Array.of(192, 0, 2, index);
  const v6 = Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? index : i === 0 ? 0x20 : 0));
  return { kind: 'addresses', v4: has === 'v6' ? null : v4, v6: has === 'v4' ? null : v6 };
}

/** Pools by id, policies by id; member ids are `pool/site` or `pool/name`. */
export function modelOf(
  poolSpecs: Readonly<Record<string, readonly MemberSpec[]>>,
  policySpecs: Readonly<Record<string, PolicySpec>>,
): SteeringModel {
  const members: Member[] = [];
  const pools: Pool[] = Object.entries(poolSpecs).map(([id, specs], index) => ({
    id,
    index,
    members: specs.map(({ site, weight = 1, has, name }) => {
      const member = members.length;
      const target = targetOf(member, has);
      members.push({ id: `${id}/${name ?? site}`, index: member, pool: index, site: siteIndex(site), weight, target });
      return member;
    }),
  }));
  const policies = Object.entries(policySpecs).map(
    ([id, spec], index): Policy => ({
      id,
      index,
      pick: 'round-robin',
      answers: 1,
      granularityV4: 20,
      granularityV6: 44,
      lastResort: { kind: 'serve-all' },
      spill: null,
      ...spec,
    }),
  );
  const sites = SITES.map((id, index) => ({
    id,
    index,
    latitude: COORDINATES[id][0],
    longitude: COORDINATES[id][1],
    capacity: null,
  }));
  return { sites, pools, members, policies };
}

export const pool = (index: number, path = `pool${index}`): PolicyNode => ({ kind: 'pool', path, pool: index });

export const nearest = (
  index: number,
  tieBandKm = 0,
  bias: Readonly<Partial<Record<SiteName, number>>> = {},
  path = `nearest${index}`,
): PolicyNode => ({
  kind: 'nearest',
  path,
  pool: index,
  tieBandKm,
  biasPercent: Object.fromEntries(Object.entries(bias).map(([site, percent]) => [siteIndex(site as SiteName), percent])),
});

export const failover = (children: readonly PolicyNode[], path = 'failover'): PolicyNode => ({
  kind: 'failover',
  path,
  children,
});

export const weighted = (children: readonly (readonly [number, PolicyNode])[], path = 'weighted'): PolicyNode => ({
  kind: 'weighted',
  path,
  children: children.map(([weight, child]) => ({ weight, child })),
});

type MapNode = Extract<PolicyNode, { kind: 'map' }>;

export const map = (rules: Partial<Omit<MapNode, 'kind'>> & { otherwise: PolicyNode }): MapNode => ({
  kind: 'map',
  path: 'map',
  networks: [],
  asns: new Map(),
  tags: new Map(),
  subdivisions: new Map(),
  countries: new Map(),
  continents: new Map(),
  ...rules,
});

/** A place at a site's own coordinates. */
export const placeAt = (site: SiteName, facts: Partial<Place> = {}): Place => ({
  ...NOWHERE,
  latitude: COORDINATES[site][0],
  longitude: COORDINATES[site][1],
  ...facts,
});

/** Health in which the named members are down, in one family or in both. */
export function down(model: SteeringModel, ids: readonly string[], family?: Family): HealthView {
  const isUp = (member: number, asked: Family): boolean =>
    !(ids.includes(model.members[member]!.id) && (family === undefined || family === asked));
  return { ...EVERYTHING_UP, isUp, reason: (member, asked) => (isUp(member, asked) ? 'up' : 'down') };
}

/** Health in which the named members have so many thousandths of their weight. */
export function ramping(model: SteeringModel, shares: Readonly<Record<string, number>>, view = EVERYTHING_UP): HealthView {
  const weightShare = (member: number): number => shares[model.members[member]!.id] ?? 1000;
  const reason = (member: number, family: Family): string =>
    view.isUp(member, family) && weightShare(member) < 1000
      ? `recovering, ${weightShare(member) / 10} % of its weight`
      : view.reason(member, family);
  return { ...view, weightShare, reason };
}

/** Health in which the named members were taken out of traffic by an order. */
export function drained(model: SteeringModel, ids: readonly string[], view = EVERYTHING_UP): HealthView {
  const isOrderedOut = (member: number): boolean => ids.includes(model.members[member]!.id);
  return {
    ...view,
    isOrderedOut,
    isUp: (member, family) => !isOrderedOut(member) && view.isUp(member, family),
    reason: (member, family) => (isOrderedOut(member) ? 'drained by ann: new disks' : view.reason(member, family)),
  };
}

/** Health in which the named pools are under their watermarks. */
export function underMark(model: SteeringModel, ids: readonly string[], view = EVERYTHING_UP): HealthView {
  return { ...view, isPoolUp: (index) => !ids.includes(model.pools[index]!.id) };
}

/** Health in which the state of the named members could change after so many seconds. */
export function changing(model: SteeringModel, ttlSec: Readonly<Record<string, number>>, view = EVERYTHING_UP): HealthView {
  return { ...view, ttlSec: (member) => ttlSec[model.members[member]!.id] ?? NO_CHANGE_FORESEEN };
}

/** An image of a model whose classifier has seen these places; cells[i] is the cell of places[i]. */
export function imageOf(
  model: SteeringModel,
  places: readonly Place[],
  health: HealthView,
  previous?: SteeringImage,
): { image: SteeringImage; cells: number[] } {
  const classifier = new Classifier(model);
  const cells = places.map((place) => classifier.cellOf(place));
  return { image: new SteeringImage(buildSteering(model, classifier.table(), health, previous)), cells };
}
