// Checked sections to the model that steering works on: names become indexes, and `policy: x` becomes the tree of x itself,
// so that whoever walks a tree meets no references. Only for sections without errors: an unknown name here is a bug.

import { parseCidr } from '../base/address.ts';
import { type Capacity, type LoadUnit, TARGET_OF_MAX } from '../model/capacity.ts';
import type { LastResort, Member, Policy, PolicyNode, Pool, Site, SteeringModel } from '../model/steering.ts';
import {
  type MapConfig,
  type PoliciesConfig,
  type PoolsConfig,
  parseAsn,
  type RuleConfig,
  type SitesConfig,
} from './steering-schema.ts';

interface Sections {
  readonly sites: SitesConfig;
  readonly pools: PoolsConfig;
  readonly policies: PoliciesConfig;
}

export function buildModel(sections: Sections): SteeringModel {
  const sites = Object.entries(sections.sites).map(
    ([id, site], index): Site => ({
      id,
      index,
      latitude: site.latitude,
      longitude: site.longitude,
      capacity: capacityOf(site.capacity),
    }),
  );
  return { sites, ...buildPools(sections), policies: buildPolicies(sections, indexesOf(sections.sites)) };
}

/** All sites have the same (policy-checks.ts). */
export const loadUnitOf = (sites: SitesConfig): LoadUnit =>
  Object.values(sites).find(({ capacity }) => capacity !== null)?.capacity?.unit ?? 'requests/s';

function capacityOf(config: SitesConfig[string]['capacity']): Capacity | null {
  return config && { max: config.max, target: config.target ?? config.max * TARGET_OF_MAX };
}

/** Does not look at policies, which may lead in circles. */
export function buildPools(sections: Pick<Sections, 'sites' | 'pools'>): Pick<SteeringModel, 'pools' | 'members'> {
  const siteIndexes = indexesOf(sections.sites);
  const members: Member[] = [];
  const pools = Object.entries(sections.pools).map(([id, pool], index): Pool => {
    const first = members.length;
    for (const member of pool.members) {
      members.push({
        id: `${id}/${member.name ?? member.site}`,
        index: members.length,
        pool: index,
        site: siteIndexes.get(member.site)!,
        weight: member.weight,
        target:
          member.alias === null ? { kind: 'addresses', v4: member.v4, v6: member.v6 } : { kind: 'alias', name: member.alias },
      });
    }
    return { id, index, members: pool.members.map((_, i) => first + i) };
  });
  return { pools, members };
}

function buildPolicies(sections: Sections, siteIndexes: ReadonlyMap<string, number>): Policy[] {
  const poolIndexes = indexesOf(sections.pools);
  const roots = new Map<string, PolicyNode>();

  const rootOf = (id: string): PolicyNode => {
    const root = roots.get(id) ?? build(sections.policies[id]!.rule, id);
    roots.set(id, root);
    return root;
  };
  const build = (rule: RuleConfig, path: string): PolicyNode => {
    if (rule.policy !== undefined) return rootOf(rule.policy);
    if (rule.nearest) {
      const { pool, tieBand, bias } = rule.nearest;
      const biasPercent = Object.fromEntries(Object.entries(bias).map(([site, percent]) => [siteIndexes.get(site)!, percent]));
      return { kind: 'nearest', path: `${path}.nearest`, pool: poolIndexes.get(pool)!, tieBandKm: tieBand, biasPercent };
    }
    if (rule.failover) {
      const children = rule.failover.map((child, i) => build(child, `${path}.failover[${i}]`));
      return { kind: 'failover', path: `${path}.failover`, children };
    }
    if (rule.weighted) {
      const children = rule.weighted.map((entry, i) => ({
        weight: entry.weight,
        child: build(entry.rule, `${path}.weighted[${i}]`),
      }));
      return { kind: 'weighted', path: `${path}.weighted`, children };
    }
    if (rule.map) return buildMap(rule.map, `${path}.map`);
    return { kind: 'pool', path: `${path}.pool`, pool: poolIndexes.get(rule.pool!)! };
  };
  const buildMap = (map: MapConfig, path: string): PolicyNode => {
    const children = <Key>(kind: Exclude<keyof MapConfig, 'default'>, keyOf: (key: string) => Key) =>
      new Map(Object.entries(map[kind]).map(([key, child]) => [keyOf(key), build(child, `${path}.${kind}.${key}`)]));
    return {
      kind: 'map',
      path,
      networks: [...children('network', (key) => parseCidr(key)!)].map(([cidr, child]) => ({ cidr, child })),
      asns: children('asn', (key) => parseAsn(key)!),
      tags: children('tag', String),
      subdivisions: children('subdivision', String),
      countries: children('country', String),
      continents: children('continent', String),
      otherwise: build(map.default, `${path}.default`),
    };
  };

  return Object.entries(sections.policies).map(([id, policy], index): Policy => {
    const { lastResort } = policy;
    return {
      id,
      index,
      root: rootOf(id),
      pick: policy.pick,
      answers: policy.answers,
      granularityV4: policy.granularity.v4,
      granularityV6: policy.granularity.v6,
      lastResort:
        typeof lastResort === 'string'
          ? { kind: lastResort }
          : ({ kind: 'fallback', pool: poolIndexes.get(lastResort.fallback)! } satisfies LastResort),
      spill: policy.spill === null ? null : { priority: policy.spill.priority, maxExtraKm: policy.spill.maxExtra },
    };
  });
}

const indexesOf = (section: Readonly<Record<string, unknown>>): ReadonlyMap<string, number> =>
  new Map(Object.keys(section).map((id, index) => [id, index]));
