// Where zones meet policies: every GSLB record names a policy that exists, and one that may answer with an alias stands
// alone at its name, since a CNAME cannot stand beside other data (RFC 1034 section 3.6.2).

import type { Problem } from '../base/errors.ts';
import { assertNever } from '../base/result.ts';
import type { Policy, PolicyNode, SteeringModel } from '../model/steering.ts';
import { LOWER, nameSize, namesEqual, nameToText } from '../wire/name.ts';
import { TYPE, typeName } from '../wire/rrtype.ts';
import { policyOf } from '../zone/gslb.ts';
import type { ZoneRecords } from '../zone/records.ts';
import { didYouMean, list } from './suggest.ts';

/** One GSLB record, as far as policies are concerned. */
export interface GslbUse {
  readonly policy: string;
  /** Longest TTL of its answers. */
  readonly maxTtlSec: number;
  /** Owner of the record, for messages. */
  readonly owner: string;
  /** What else is at the name, for messages; undefined if the record stands alone. */
  readonly beside: string | undefined;
  readonly file: string;
  readonly line: number;
}

/** Types that may stand beside a CNAME (RFC 4034 sections 3 and 4), so beside an aliasing policy as well. */
const BESIDE_ALIAS: ReadonlySet<number> = new Set([TYPE.GSLB, TYPE.RRSIG, TYPE.NSEC]);

/** Every GSLB record of a zone, in order of the records. */
export function findGslbUses(records: ZoneRecords): GslbUse[] {
  const found: number[] = [];
  for (let i = 0; i < records.count; i++) if (records.type[i] === TYPE.GSLB) found.push(i);
  if (found.length === 0) return [];
  const beside = typesBeside(records, found);
  return found.map((i) => {
    const isApex = namesEqual(records.octets, records.ownerOffset[i]!, records.origin, 0);
    const type = beside.get(i);
    return {
      policy: policyOf(records, i),
      maxTtlSec: records.ttlSec[i]!,
      owner: nameToText(records.octets, records.ownerOffset[i]!),
      beside: isApex ? 'SOA and NS of the apex' : type === undefined ? undefined : typeName(type),
      file: records.files[records.file[i]!]!,
      line: records.line[i]!,
    };
  });
}

/** For each of the records `found` the first other type at its name, if any. One pass; makes no object for other names. */
function typesBeside(records: ZoneRecords, found: readonly number[]): ReadonlyMap<number, number> {
  const byHash = new Map<number, number[]>();
  for (const i of found) {
    const hash = hashOwner(records, i);
    byHash.set(hash, [...(byHash.get(hash) ?? []), i]);
  }
  const beside = new Map<number, number>();
  for (let i = 0; i < records.count; i++) {
    if (BESIDE_ALIAS.has(records.type[i]!)) continue;
    for (const candidate of byHash.get(hashOwner(records, i)) ?? []) {
      const isSame = namesEqual(records.octets, records.ownerOffset[i]!, records.octets, records.ownerOffset[candidate]!);
      if (isSame && !beside.has(candidate)) beside.set(candidate, records.type[i]!);
    }
  }
  return beside;
}

/** FNV-1a over the lower-cased name: cheap, and collisions cost a comparison only. */
function hashOwner(records: ZoneRecords, i: number): number {
  const start = records.ownerOffset[i]!;
  const end = start + nameSize(records.octets, start);
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ LOWER[records.octets[at]!]!, 0x01000193);
  return hash;
}

export function checkGslbUses(uses: readonly GslbUse[], model: SteeringModel): Problem[] {
  const policies = new Map(model.policies.map((policy) => [policy.id, policy]));
  const aliasing = new Set(model.policies.filter((policy) => mayAlias(policy, model)).map((policy) => policy.id));
  const known = [...policies.keys()];
  return uses.flatMap(({ policy, owner, beside, file, line }): Problem[] => {
    if (!policies.has(policy)) {
      const hint = didYouMean(policy, known) || ';';
      const message = `${owner} names the policy "${policy}", which is not defined${hint} defined are: ${list(known)}`;
      return [{ severity: 'error', code: 'ERR_ZONE_GSLB_TARGET', message, file, line }];
    }
    if (beside === undefined || !aliasing.has(policy)) return [];
    const message = `${owner} has ${beside} beside the policy "${policy}", which may answer with an alias; an alias stands alone`;
    return [{ severity: 'error', code: 'ERR_ZONE_GSLB_ALIAS', message, file, line }];
  });
}

/** Whether a pool that the policy can end up in, last resort included, has aliases. */
function mayAlias(policy: Policy, model: SteeringModel): boolean {
  const hasAlias = (pool: number): boolean =>
    model.pools[pool]!.members.some((member) => model.members[member]!.target.kind === 'alias');
  const pools = new Set<number>();
  collectPools(policy.root, pools, new Set());
  if (policy.lastResort.kind === 'fallback') pools.add(policy.lastResort.pool);
  return [...pools].some(hasAlias);
}

/** Trees share parts (`policy: x`), so what has been seen is not walked again. */
function collectPools(node: PolicyNode, pools: Set<number>, seen: Set<PolicyNode>): void {
  if (seen.has(node)) return;
  seen.add(node);
  switch (node.kind) {
    case 'pool':
    case 'nearest':
      pools.add(node.pool);
      break;
    case 'map': {
      const maps = [node.asns, node.tags, node.subdivisions, node.countries, node.continents];
      for (const { child } of node.networks) collectPools(child, pools, seen);
      for (const map of maps) for (const child of map.values()) collectPools(child, pools, seen);
      collectPools(node.otherwise, pools, seen);
      break;
    }
    case 'failover':
      for (const child of node.children) collectPools(child, pools, seen);
      break;
    case 'weighted':
      for (const { child } of node.children) collectPools(child, pools, seen);
      break;
    default:
      assertNever(node);
  }
}
