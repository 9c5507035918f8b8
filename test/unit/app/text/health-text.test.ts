// What people read about health, made from given reports.

import test from 'ava';
import type { HealthReport } from '../../../../src/app/health/health-report.ts';
import { healthLines, healthRows } from '../../../../src/app/text/health-text.ts';
import type { Peer } from '../../../../src/model/mesh.ts';
import { DOWN, familyReport, healthReport, memberReport, NOW_MS, order, voteReport } from '../../../support/health-reports.ts';

const lines = (parts: Partial<HealthReport>): string[] => healthLines(healthReport(parts), NOW_MS, false);
const rows = (parts: Partial<HealthReport>): Record<string, string> => Object.fromEntries(healthRows(healthReport(parts)));
const peer = (id: string, region: string): Peer => ({ id, region, roles: ['probe'], weight: 1, epoch: 1, isWithdrawn: false });

test('members stand by pool, and of one that is up nothing more is said', (t) => {
  t.deepEqual(lines({ members: [memberReport('web/fra'), memberReport('web/lon', DOWN), memberReport('api/fra')] }), [
    '',
    'Pool web: 1 of 2 up; seen by fra-1 0.4 s ago',
    '  web/fra  fra  up',
    '  web/lon  lon  DOWN  12 s  1 of 1 vantage points: refused',
    '',
    'Pool api: 1 of 1 up; seen by fra-1 0.4 s ago',
    '  api/fra  fra  up',
  ]);
});

test('of several looks the newest and the oldest are told', (t) => {
  const votes = [voteReport(), voteReport({ prober: 'ams-1', ageMs: 6100 })];
  t.is(lines({ members: [memberReport('web/fra', { votes })] })[1], 'Pool web: 1 of 1 up; seen by ams-1, fra-1 0.4 s to 6 s ago');
});

test('families that differ have a line each', (t) => {
  const member = { ...memberReport('web/fra'), families: [familyReport(), familyReport({ ...DOWN, family: 6 })] };
  t.deepEqual(lines({ members: [member] }).slice(1), [
    'Pool web: 0 of 1 up; seen by fra-1 0.4 s ago',
    '  web/fra#4  fra  up',
    '  web/fra#6  fra  DOWN  12 s  1 of 1 vantage points: refused',
  ]);
});

test('what is forced and what is seen stand side by side', (t) => {
  const down = memberReport('web/fra', { ...DOWN, isUp: true }, order({ action: 'up' }));
  t.is(
    lines({ members: [down] })[2],
    '  web/fra  fra  forced up  12 s  by ann 5 min ago: new switch (seen down: 1 of 1 vantage points: refused)',
  );
});

test('a drain shows how far it has come', (t) => {
  const half = memberReport('web/fra', { sharePermille: 417 }, order());
  const done = memberReport('web/fra', { isUp: false, sharePermille: 0 }, order());
  t.regex(lines({ members: [half] })[2]!, /draining 42 % {2}by ann 5 min ago: new switch \(seen up\)$/);
  t.regex(lines({ members: [done] })[2]!, /DRAINED {2}by ann/);
});

test('a recovery shows how far it has come', (t) => {
  const member = memberReport('web/fra', { sharePermille: 583, sinceMs: 4000 });
  t.is(lines({ members: [member] })[2], '  web/fra  fra  recovering 58 %  4 s');
});

test('not knowing is said, with what is kept', (t) => {
  const why = 'stays down: 0 fresh votes of 0 regions, needed 2 of 2';
  const member = memberReport('web/fra', { isUp: false, seen: 'unknown', why, votes: [] });
  t.deepEqual(lines({ members: [member] }).slice(1), ['Pool web: 0 of 1 up, 1 unknown', `  web/fra  fra  unknown, DOWN  ${why}`]);
});

test('a member that nobody looks at is called not checked', (t) => {
  const member = memberReport('cdn/fra', { seen: 'unchecked', why: null, votes: [] });
  t.deepEqual(lines({ members: [member] }).slice(1), ['Pool cdn: 1 of 1 up, 1 not checked', '  cdn/fra  fra  not checked']);
});

test('a prober that sees a member down while it counts as up is worth a remark', (t) => {
  const why = '2 of 3 vantage points in 3 regions; 1 sees timeout';
  const member = memberReport('web/fra', { why, votes: [voteReport(), voteReport({ prober: 'sin-1', isUp: false })] });
  t.is(lines({ members: [member] })[2], `  web/fra  fra  up  ${why}`);
});

test('of a large pool only what is worth reading is listed', (t) => {
  const many = Array.from({ length: 30 }, (_, i) => memberReport(`web/m${i}`));
  t.deepEqual(lines({ members: [...many, memberReport('web/lon', DOWN)] }).slice(1), [
    'Pool web: 30 of 31 up; seen by fra-1 0.4 s ago',
    '  web/lon  lon  DOWN  12 s  1 of 1 vantage points: refused',
    '  30 more are up',
  ]);
});

test('every vote is shown on request', (t) => {
  const votes = [
    voteReport(),
    voteReport({ prober: 'singapore-1', region: 'asia', isUp: false, detail: 'refused', ageMs: 4100 }),
  ];
  const member = { ...memberReport('web/fra'), families: [familyReport({ votes })] };
  t.deepEqual(healthLines(healthReport({ members: [member] }), NOW_MS, true).slice(3), [
    '      fra-1        europe  IPv4  up    for 3 d  checked 0.4 s ago  1.3 ms  status 200',
    '      singapore-1  asia    IPv4  DOWN  for 3 d  checked 4 s ago    1.3 ms  refused',
  ]);
});

test('orders stand below with how to take them back, those that name nobody marked, those that are over left out', (t) => {
  const idle = order({
    id: 'o2',
    glob: 'web/x',
    action: 'down',
    source: 'tool',
    author: 'deploy',
    expiresMs: NOW_MS + 1_500_000,
  });
  const over = order({ id: 'o3', expiresMs: NOW_MS - 1 });
  t.deepEqual(lines({ overrides: { version: 3, overrides: [order(), idle, over] }, idleOrders: [idle] }), [
    '',
    'Orders',
    '  site:fra drained by ann 5 min ago, until it is taken back: new switch',
    '      undo: meridian undrain site:fra',
    '  web/x forced down by deploy (tool) 5 min ago, ends in 25 min: new switch (NAMES NOBODY)',
    '      undo: meridian override remove o2',
  ]);
});

test('the head says who we are, and how many members are up', (t) => {
  t.deepEqual(rows({ members: [memberReport('web/fra'), memberReport('web/lon', DOWN)] }), {
    mesh: 'none, this process alone (memory)',
    'this process': 'fra-1 in europe: dns, probe',
    members: '1 of 2 up; concluded 0.2 s ago',
  });
});

test('a prober that mistrusts itself is shown at the head', (t) => {
  const self = { id: 'fra-1', region: 'europe', roles: ['probe'] as const, isWithdrawn: true };
  t.regex(rows({ self })['this process']!, /taken its votes back$/);
});

test('peers are those besides us', (t) => {
  t.is(rows({ peers: [peer('fra-1', 'europe'), peer('sin-1', 'asia')] })['peers'], '1: sin-1 (asia: probe)');
});

test('a mesh that does not answer is loud, with its trouble and what was not understood', (t) => {
  const mesh = { kind: 'redis', state: 'stale', ageMs: 35_000, ignored: 2, trouble: 'ERR_MESH_AUTH: wrong password' } as const;
  t.is(
    rows({ mesh })['mesh'],
    'redis, STALE: heard 35 s ago, what was known then is in use; 2 records not understood; ERR_MESH_AUTH: wrong password',
  );
});
