// Health reports and orders for tests of what is made of them.

import type { FamilyReport, HealthReport, MemberReport, VoteReport } from '../../src/app/health/health-report.ts';
import { FULL_SHARE } from '../../src/model/health.ts';
import { OUTCOME } from '../../src/model/probe.ts';
import type { Override } from '../../src/model/verdict.ts';

export const NOW_MS = 1_800_000_000_000;

export const voteReport = (parts: Partial<VoteReport> = {}): VoteReport => ({
  prober: 'fra-1',
  region: 'europe',
  isUp: true,
  outcome: OUTCOME.OK,
  latencyUs: 1250,
  detail: 'status 200',
  ageMs: 400,
  sinceMs: 3 * 86_400_000,
  ...parts,
});

/** Up for ever, seen so by one prober. */
export const familyReport = (parts: Partial<FamilyReport> = {}): FamilyReport => ({
  family: 4,
  isUp: true,
  sharePermille: FULL_SHARE,
  reason: 'up',
  ttlSec: 15,
  seen: 'up',
  sinceMs: null,
  why: '1 of 1 vantage points',
  votes: [voteReport()],
  ...parts,
});

export const DOWN: Partial<FamilyReport> = {
  isUp: false,
  sharePermille: 0,
  seen: 'down',
  sinceMs: 12_000,
  why: '1 of 1 vantage points: refused',
  votes: [voteReport({ isUp: false, outcome: OUTCOME.REFUSED, detail: 'refused', sinceMs: 12_000 })],
};

/** `pool/name` at the site of that name, in both families alike. */
export function memberReport(id: string, family: Partial<FamilyReport> = {}, order: Override | null = null): MemberReport {
  const [pool, site] = id.split('/') as [string, string];
  return { member: id, pool, site, families: [familyReport(family), familyReport({ ...family, family: 6 })], order };
}

export const order = (parts: Partial<Override> = {}): Override => ({
  id: 'o1',
  glob: 'site:fra',
  action: 'drain',
  source: 'human',
  reason: 'new switch',
  author: 'ann',
  createdMs: NOW_MS - 300_000,
  expiresMs: null,
  ...parts,
});

export const healthReport = (parts: Partial<HealthReport> = {}): HealthReport => ({
  mesh: { kind: 'memory', state: 'joined', ageMs: 0, ignored: 0, trouble: null },
  self: { id: 'fra-1', region: 'europe', roles: ['dns', 'probe'], isWithdrawn: false },
  peers: [],
  concludedAgeMs: 250,
  members: [],
  overrides: { version: 0, overrides: [] },
  idleOrders: [],
  ...parts,
});
