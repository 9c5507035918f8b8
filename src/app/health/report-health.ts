// The health report from what the control thread knows: every member with what traffic follows, what is seen, and by whom.

import type { Family } from '../../base/address.ts';
import type { FleetStatus } from '../../fleet/fleet-desk.ts';
import { cellOf, type HealthFacts } from '../../health/facts.ts';
import type { VoteTable } from '../../health/votes.ts';
import { NO_CHANGE_FORESEEN } from '../../model/health.ts';
import type { Mesh } from '../../model/mesh.ts';
import { type SteeringModel, serves } from '../../model/steering.ts';
import type { FamilyReport, HealthReport, MemberReport, VoteReport } from './health-report.ts';

const FAMILIES: readonly Family[] = [4, 6];

export interface HealthState {
  readonly mesh: Pick<Mesh, 'status' | 'peers' | 'overrides' | 'nowMs'>;
  readonly self: HealthReport['self'];
  readonly concludedAgeMs: number;
  readonly model: SteeringModel;
  readonly facts: HealthFacts;
  readonly votes: VoteTable;
  readonly aggregators: readonly string[];
  readonly fleet: FleetStatus | null;
}

export function reportHealth(state: HealthState): HealthReport {
  const { mesh, self, concludedAgeMs, model, facts } = state;
  const nowMs = mesh.nowMs();
  return {
    mesh: mesh.status,
    self,
    peers: mesh.peers,
    concludedAgeMs: Math.round(concludedAgeMs),
    members: model.members.map((member): MemberReport => {
      const { id, index, pool, site } = member;
      const families = FAMILIES.filter((family) => serves(member, family));
      return {
        member: id,
        pool: model.pools[pool]!.id,
        site: model.sites[site]!.id,
        families: families.map((family) => familyReport(state, index, family, nowMs)),
        order: facts.orders[index]!,
      };
    }),
    overrides: mesh.overrides,
    idleOrders: facts.idleOrders,
    aggregators: state.aggregators,
    fleet: state.fleet,
  };
}

function familyReport({ facts, votes }: HealthState, member: number, family: Family, nowMs: number): FamilyReport {
  const ttlSec = facts.ttlSec(member, family);
  const verdict = facts.seen[cellOf(member, family)]!;
  return {
    family,
    isUp: facts.isUp(member, family),
    sharePermille: facts.weightShare(member, family),
    reason: facts.reason(member, family),
    ttlSec: ttlSec === NO_CHANGE_FORESEEN ? null : ttlSec,
    seen: verdict?.state ?? 'unchecked',
    sinceMs: verdict === null || verdict.sinceMs === 0 ? null : Math.max(0, nowMs - verdict.sinceMs),
    why: verdict?.why ?? null,
    votes: verdict === null ? [] : votesOn(verdict.target, votes, nowMs),
  };
}

function votesOn(target: string, votes: VoteTable, nowMs: number): VoteReport[] {
  return votes.fresh(target, nowMs).map(({ prober, region, isUp, outcome, latencyUs, detail, atMs, sinceMs }) => ({
    prober,
    region,
    isUp,
    outcome,
    latencyUs,
    detail,
    ageMs: Math.max(0, nowMs - atMs),
    sinceMs: Math.max(0, nowMs - sinceMs),
  }));
}
