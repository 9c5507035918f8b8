// Sites, pools, members and probes as the API shows them: the configuration, and what the health report says of it.

import type { Member, Pool, Probe, Site } from '../../admin/schemas/world.ts';
import { formatAddress } from '../../base/address.ts';
import type { HealthFacts } from '../../health/facts.ts';
import { FULL_SHARE } from '../../model/health.ts';
import { OUTCOME } from '../../model/probe.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { MemberTarget } from '../../model/steering.ts';
import { nameToText } from '../../wire/name.ts';
import type { AgentLoad } from '../capacity/agent-loads.ts';
import type { HealthReport, MemberReport } from '../health/health-report.ts';

type OutcomeName = Member['families'][number]['votes'][number]['outcome'];

const OUTCOME_NAMES: ReadonlyMap<number, OutcomeName> = new Map(
  Object.entries(OUTCOME).map(([name, number]) => [number, name.toLowerCase().replaceAll('_', '-') as OutcomeName]),
);

export function membersOf({ steering }: Pick<Snapshot, 'steering'>, { members }: Pick<HealthReport, 'members'>): Member[] {
  return members.map((report, i): Member => {
    const { member: id, pool, site, order, families } = report;
    const { weight, target } = steering.members[i]!;
    return {
      id,
      pool,
      site,
      weight,
      addresses: addressesOf(target),
      alias: target.kind === 'alias' ? nameToText(target.name) : null,
      isServing: families.some(({ isUp }) => isUp),
      state: stateOf(report),
      order,
      families: families.map(({ sinceMs, why, votes, ...family }) => ({
        ...family,
        seenForMs: sinceMs,
        seenWhy: why,
        votes: votes.map((vote) => ({ ...vote, outcome: OUTCOME_NAMES.get(vote.outcome) ?? 'not-checked' })),
      })),
    };
  });
}

function addressesOf(target: MemberTarget): string[] {
  if (target.kind === 'alias') return [];
  const v4 = target.v4 === null ? [] : [formatAddress(target.v4, 4)];
  return target.v6 === null ? v4 : [...v4, formatAddress(target.v6, 6)];
}

/** In one word: the order if there is one, else the family that is worst off. */
export function stateOf({ families, order }: Pick<MemberReport, 'families' | 'order'>): Member['state'] {
  if (order?.action === 'up') return 'forced-up';
  if (order?.action === 'down') return 'forced-down';
  if (order?.action === 'drain') return families.some(({ isUp }) => isUp) ? 'draining' : 'drained';
  if (families.some(({ isUp }) => !isUp)) return 'down';
  if (families.some(({ seen }) => seen === 'unknown')) return 'unknown';
  if (families.some(({ sharePermille }) => sharePermille < FULL_SHARE)) return 'recovering';
  return families.every(({ seen }) => seen === 'unchecked') ? 'unchecked' : 'up';
}

export function sitesOf(
  { steering }: Pick<Snapshot, 'steering'>,
  members: readonly Member[],
  loads: readonly AgentLoad[],
): Site[] {
  return steering.sites.map(({ id, latitude, longitude, capacity }): Site => {
    const own = members.filter(({ site }) => site === id);
    const told = loads.find(({ site }) => site === id);
    return {
      id,
      latitude,
      longitude,
      capacity,
      pools: [...new Set(own.map(({ pool }) => pool))],
      ...countsOf(own),
      isServing: own.some(({ isServing }) => isServing),
      down: own.filter(({ families }) => families.some(({ seen }) => seen === 'down')).length,
      clientRtts: [...(told?.clientRtts ?? [])],
      clients: [...(told?.clients ?? [])],
      load: loadOf(told !== undefined && told.agents > 0 ? told : undefined),
    };
  });
}

const loadOf = (load: AgentLoad | undefined): Site['load'] =>
  load === undefined ? null : { current: load.current, target: load.target, max: load.max, ageMs: load.ageMs };

export function poolsOf(
  { steering, health, targets }: Pick<Snapshot, 'steering' | 'health' | 'targets'>,
  members: readonly Member[],
  facts: Pick<HealthFacts, 'isPoolUp'>,
): Pool[] {
  return steering.pools.map((pool): Pool => {
    const own = members.filter((member) => member.pool === pool.id);
    return {
      id: pool.id,
      probe: targets.find(({ member }) => pool.members.includes(member))?.probe.id ?? null,
      ...countsOf(own),
      isUpV4: facts.isPoolUp(pool.index, 4),
      isUpV6: facts.isPoolUp(pool.index, 6),
      watermarks: health.watermarks[pool.index] ?? null,
      sites: [...new Set(own.map(({ site }) => site))],
    };
  });
}

const countsOf = (members: readonly Member[]) => ({
  members: members.length,
  serving: members.filter(({ isServing }) => isServing).length,
  ordered: members.filter(({ order }) => order !== null).length,
});

export function probesOf({ probes, targets }: Pick<Snapshot, 'probes' | 'targets'>): Probe[] {
  return probes.map(({ id, check, port, cadence, vantagePoints }): Probe => {
    const { intervalMs, transitionIntervalMs, timeoutMs, rise, fall } = cadence;
    const own = targets.filter(({ probe }) => probe.id === id).length;
    const times = { intervalMs, transitionIntervalMs, timeoutMs };
    return { id, kind: check.kind, port, ...times, rise, fall, vantagePoints, targets: own };
  });
}
