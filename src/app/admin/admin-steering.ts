// Policies and zones as the API shows them, and who serves whom: read from the very images that answer.

import type { Place, Policy, Zone } from '../../admin/schemas/steering.ts';
import { type Family, formatCidr } from '../../base/address.ts';
import { COUNTRIES } from '../../geo/centroids.ts';
import type { HealthView } from '../../model/health.ts';
import { NOWHERE } from '../../model/place.ts';
import type { PolicyNode, SteeringModel } from '../../model/steering.ts';
import type { CellTable } from '../../steering/classes.ts';
import { explain } from '../../steering/explain.ts';
import { MEMBER, PLAN, POLICY, SLOT_WORDS, type SteeringImage } from '../../steering/image.ts';
import { nameToText } from '../../wire/name.ts';
import { ZoneImage } from '../../zone/image.ts';
import type { Loaded } from '../loading/load.ts';

export function policiesOf(model: SteeringModel): Policy[] {
  return model.policies.map((policy): Policy => {
    const { id, pick, answers, granularityV4, granularityV6, lastResort, spill } = policy;
    const nodes: Policy['nodes'] = [];
    addNode(model, policy.root, 0, null, null, nodes);
    const fallbackPool = lastResort.kind === 'fallback' ? model.pools[lastResort.pool]!.id : null;
    const resort = { lastResort: lastResort.kind, fallbackPool };
    return { id, pick, answers, granularityV4, granularityV6, ...resort, spills: spill !== null, nodes };
  });
}

function addNode(
  model: SteeringModel,
  node: PolicyNode,
  depth: number,
  when: string | null,
  weight: number | null,
  into: Policy['nodes'],
): void {
  const pool = node.kind === 'pool' || node.kind === 'nearest' ? model.pools[node.pool]!.id : null;
  into.push({ path: node.path, kind: node.kind, depth, when, weight, pool });
  for (const [condition, share, child] of branchesOf(node)) addNode(model, child, depth + 1, condition, share, into);
}

function branchesOf(node: PolicyNode): (readonly [when: string, weight: number | null, child: PolicyNode])[] {
  if (node.kind === 'failover') return node.children.map((child, i) => [`choice ${i + 1}`, null, child]);
  if (node.kind === 'weighted') return node.children.map(({ weight, child }) => [`weight ${weight}`, weight, child]);
  if (node.kind !== 'map') return [];
  const rules = <Key>(name: string, map: ReadonlyMap<Key, PolicyNode>) =>
    [...map].map(([key, child]) => [`${name} ${key}`, null, child] as const);
  return [
    ...node.networks.map(({ cidr, child }) => [`network ${formatCidr(cidr)}`, null, child] as const),
    ...rules('asn', node.asns),
    ...rules('tag', node.tags),
    ...rules('subdivision', node.subdivisions),
    ...rules('country', node.countries),
    ...rules('continent', node.continents),
    ['otherwise', null, node.otherwise],
  ];
}

/** Share of each site, by index, in the answers that one policy gives a cell; they add up to 1, or to 0 without an address. */
function sharesIn(image: SteeringImage, policy: number, cell: number, family: Family, sites: number): Float64Array {
  const { words, weights } = image;
  const at = image.policiesAt + policy * POLICY.WORDS;
  const classIndex = words[words[at + POLICY.COLUMN_AT]! + cell]!;
  const slot = image.slotsAt + (words[at + POLICY.SLOTS]! + classIndex) * SLOT_WORDS;
  const plan = image.plansAt + words[slot + (family === 6 ? 1 : 0)]! * PLAN.WORDS;
  const first = words[plan + PLAN.ENTRIES]!;
  const shares = new Float64Array(sites);
  let total = 0;
  for (let entry = first; entry < first + words[plan + PLAN.COUNT]!; entry++) {
    const member = words[image.entriesAt + entry]!;
    shares[words[image.membersAt + member * MEMBER.WORDS + MEMBER.SITE]!]! += weights[entry]!;
    total += weights[entry]!;
  }
  return total === 0 ? shares : shares.map((share) => share / total);
}

/** By country, for a client in its middle of whom nothing else is known. `policy` is an index. */
export function placesOf(
  model: SteeringModel,
  health: HealthView,
  image: SteeringImage,
  policy: number,
  family: Family,
): Place[] {
  return [...COUNTRIES].map(([country, { continent, latitude, longitude }]): Place => {
    const place = { ...NOWHERE, country, continent, latitude, longitude };
    const { shares, lastResort } = explain(model, policy, place, family, health, image);
    const bySite = new Map<string, number>();
    for (const { site, weight, total } of shares) bySite.set(site, (bySite.get(site) ?? 0) + weight / total);
    const sites = [...bySite].map(([site, share]) => ({ site, percent: percentOf(share) })).sort((a, b) => b.percent - a.percent);
    return { id: country, continent, latitude, longitude, sites, lastResort };
  });
}

/**
 * By site index: the share of answers, 0..100, each cell of each policy and family counted once. With `only` what that policy (an
 * index) adds to it.
 */
export function siteShares(
  model: SteeringModel,
  table: Pick<CellTable, 'places'>,
  image: SteeringImage,
  only: number | null = null,
): number[] {
  const sums = new Float64Array(model.sites.length);
  let total = 0;
  for (const { index } of model.policies) {
    for (const cell of table.places.keys()) {
      for (const family of [4, 6] as const) {
        for (const [site, share] of sharesIn(image, index, cell, family, sums.length).entries()) {
          total += share;
          if (only === null || only === index) sums[site]! += share;
        }
      }
    }
  }
  return [...sums].map((sum) => (total === 0 ? 0 : percentOf(sum / total)));
}

/** To a tenth. */
const percentOf = (share: number): number => Math.round(1000 * share) / 10;

export function zonesOf({ zones, snapshot }: Pick<Loaded, 'zones' | 'snapshot'>): Zone[] {
  return zones.map(({ origin, buffer, gslbUses, files }, i): Zone => {
    const image = new ZoneImage(buffer);
    return {
      id: nameToText(origin).toLowerCase(),
      serial: image.serial,
      records: image.recordCount,
      policies: [...new Set(gslbUses.map(({ policy }) => policy))],
      usesEcs: snapshot.zones[i]!.usesEcs, // zones are loaded in the order of the snapshot
      files: files.map(({ file }) => file),
    };
  });
}
