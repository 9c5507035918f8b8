// What must hold between the keys of one member, pool or rule. Each is a refinement that runs once the keys are right
// by themselves, and complains at the key that is to blame.

import type { z } from 'zod';
import { complaint } from './fields.ts';

type Complain = Pick<z.core.$RefinementCtx, 'addIssue'>;

interface MemberConfig {
  readonly site: string;
  readonly name: string | null;
  readonly v4: Uint8Array | null;
  readonly v6: Uint8Array | null;
  readonly alias: Uint8Array | null;
  readonly weight: number;
  readonly check: { readonly host: string | null; readonly port: number | null } | null;
}

interface PoolConfig {
  readonly members: readonly MemberConfig[];
  readonly probe: string | null;
}

export function checkCapacity(
  { max, target }: { readonly max: number; readonly target: number | null },
  { addIssue }: Complain,
): void {
  if (target === null || target <= max) return;
  addIssue({ ...complaint('ERR_CONFIG_VALUE', `is ${target}; it must be at most max, ${max}`), path: ['target'] });
}

export function checkMember(member: MemberConfig, { addIssue }: Complain): void {
  const hasAddress = member.v4 !== null || member.v6 !== null;
  if (member.alias === null && !hasAddress) {
    addIssue(complaint('ERR_CONFIG_MISSING', 'has nothing to answer with; give v4, v6 or both, or alias'));
  }
  if (member.alias !== null && hasAddress) {
    addIssue({
      ...complaint('ERR_CONFIG_VALUE', 'stands beside an address; a member has addresses or an alias'),
      path: ['alias'],
    });
  }
}

export function checkPool(pool: PoolConfig, context: Complain): void {
  const seen = new Set<string>();
  const hasAddresses = pool.members[0]!.alias === null;
  for (const [i, member] of pool.members.entries()) {
    const id = member.name ?? member.site;
    if (seen.has(id)) {
      const message = `is the second member called "${id}" in its pool; give each a name of its own`;
      context.addIssue({
        ...complaint('ERR_CONFIG_DUPLICATE', message),
        path: ['members', i, member.name === null ? 'site' : 'name'],
      });
    }
    seen.add(id);
    if (member.check !== null && pool.probe === null) {
      const message = 'says where to check, but its pool has no probe';
      context.addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: ['members', i, 'check'] });
    }
    if ((member.alias === null) !== hasAddresses) {
      const message = 'mixes addresses and aliases in one pool; split it and join the two by a weighted, failover or map rule';
      context.addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: ['members', i] });
    }
  }
  if (pool.members.every((member) => member.weight === 0)) {
    context.addIssue({
      ...complaint('ERR_CONFIG_VALUE', 'has only members of weight 0; give at least one more'),
      path: ['members'],
    });
  }
}

export function checkWeights(entries: readonly { readonly weight: number }[], { addIssue }: Complain): void {
  if (entries.some((entry) => entry.weight > 0)) return;
  addIssue(complaint('ERR_CONFIG_VALUE', 'has only entries of weight 0; give at least one more'));
}

export function checkRule(rule: object, { addIssue }: Complain): void {
  const given = Object.keys(rule);
  const kinds = 'pool, nearest, map, failover, weighted, policy';
  if (given.length === 0) addIssue(complaint('ERR_CONFIG_MISSING', `is empty; a rule has exactly one of ${kinds}`));
  if (given.length > 1) {
    addIssue(complaint('ERR_CONFIG_VALUE', `has ${given.join(' and ')}; a rule has exactly one of ${kinds}`));
  }
}
