// Which policies take part in spill at all.

import type { Policy, PolicyNode, SteeringModel } from '../model/steering.ts';
import { childrenOf } from './map.ts';

/** Whether any load of the policy could ever move: it may spill, and the capacity of a site that it names is known. */
export function canSpill(model: SteeringModel, policy: Policy): boolean {
  return policy.spill !== null && poolsOf(policy.root).some((pool) => model.pools[pool]!.members.some(isBounded(model)));
}

const isBounded =
  ({ members, sites }: SteeringModel) =>
  (member: number): boolean =>
    sites[members[member]!.site]!.capacity !== null;

function poolsOf(node: PolicyNode): number[] {
  return node.kind === 'pool' || node.kind === 'nearest' ? [node.pool] : childrenOf(node).flatMap(poolsOf);
}
