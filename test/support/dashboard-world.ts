// A world for the dashboard with everything in it that a small demo server cannot bring about at will: load against capacity,
// several probers, a recovering member, a pool with nobody left. Of the shapes of the API: each reply is checked by its schema.

import type { AdminEvent, Forecast, OverrideItem } from '../../src/admin/schemas/changes.ts';
import type { Status } from '../../src/admin/schemas/status.ts';
import type { Place, Policy } from '../../src/admin/schemas/steering.ts';
import type { Objective, RateSample } from '../../src/admin/schemas/watch.ts';
import type { Member, Pool, Site } from '../../src/admin/schemas/world.ts';
import { objectivesAt, samplesUntil } from './dashboard-watch.ts';

export interface DashboardWorld {
  status: Status;
  sites: Site[];
  pools: Pool[];
  members: Member[];
  orders: OverrideItem[];
  policies: Policy[];
  /** By country: the site that serves it. */
  serving: Record<string, readonly [site: string, percent: number][]>;
  events: AdminEvent[];
  forecast: Forecast;
  objectives: Objective[];
  samples: RateSample[];
}

type Family = Member['families'][number];

const SITES: readonly (readonly [id: string, latitude: number, longitude: number, current: number])[] = [
  ['frankfurt', 50.11, 8.68, 6400],
  ['ashburn', 39.04, -77.49, 7310],
  ['tokyo', 35.68, 139.69, 3120],
  ['saopaulo', -23.55, -46.63, 6120],
  ['johannesburg', -26.2, 28.05, 910],
  ['sydney', -33.87, 151.21, 1730],
];
const CAPACITY = { target: 8000, max: 10_000 };

const COUNTRIES: Readonly<Record<string, string>> = {
  frankfurt: 'GB IE FR DE ES PT IT NL BE CH AT PL CZ SE NO FI DK GR TR UA RO HU BG RS HR RU EG MA DZ TN LY SA IR IQ KZ IS GL',
  ashburn: 'US CA MX GT CU HT DO HN NI CR PA CO VE JM EC',
  tokyo: 'JP KR CN TW VN PH TH MM MN IN BD NP LK PK KH LA MY',
  saopaulo: 'BR AR CL PE BO PY UY GY SR GF FK',
  johannesburg: 'ZA NA BW ZW MZ ZM AO CD TZ KE UG ET SD SO MG NG GH CI ML NE TD CM GA CG CF MR SN',
  sydney: 'AU NZ ID PG FJ SB VU NC TL',
};

const PROBERS = [
  ['fra-1', 'europe'],
  ['iad-1', 'america'],
  ['nrt-1', 'asia'],
] as const;

function family(version: 4 | 6, change: Partial<Family> = {}): Family {
  return {
    family: version,
    isUp: true,
    sharePermille: 1000,
    reason: 'up',
    ttlSec: 15,
    seen: 'up',
    seenForMs: null,
    seenWhy: '3 of 3 vantage points in 3 regions',
    votes: PROBERS.map(([prober, region], i) => ({
      prober,
      region,
      isUp: true,
      outcome: 'ok',
      latencyUs: 1800 + 23_000 * i,
      detail: 'status 200',
      ageMs: 900 + 1100 * i,
      sinceMs: 86_400_000,
    })),
    ...change,
  };
}

export const refused = (version: 4 | 6): Family =>
  family(version, {
    isUp: false,
    reason: 'down: 2 of 3 vantage points in 3 regions: refused',
    seen: 'down',
    seenForMs: 252_000,
    seenWhy: '2 of 3 vantage points in 3 regions: refused',
    votes: family(version).votes.map((vote, i) =>
      i === 2 ? vote : { ...vote, isUp: false, outcome: 'refused', detail: 'connection refused', sinceMs: 250_000 },
    ),
  });

export function member(pool: string, site: string, change: Partial<Member> = {}): Member {
  return {
    id: `${pool}/${site}`,
    pool,
    site,
    weight: 4,
    addresses: ['192.0.2.10', '2001:db8:10::1'],
    alias: null,
    isServing: true,
    state: 'up',
    order: null,
    families: [family(4), family(6)],
    ...change,
  };
}

export function pool(id: string, members: readonly Member[], probe: string | null): Pool {
  const own = members.filter((each) => each.pool === id);
  return {
    id,
    probe,
    members: own.length,
    serving: own.filter(({ isServing }) => isServing).length,
    ordered: own.filter(({ order }) => order !== null).length,
    isUpV4: own.some(({ isServing }) => isServing),
    isUpV6: own.some(({ isServing }) => isServing),
    watermarks: null,
    sites: own.map(({ site }) => site),
  };
}

export const policy = (id: string): Policy => ({
  id,
  pick: 'round-robin',
  answers: 1,
  granularityV4: 20,
  granularityV6: 44,
  lastResort: 'serve-all',
  fallbackPool: null,
  spills: true,
  nodes: [{ path: `${id}.nearest`, kind: 'nearest', depth: 0, when: null, weight: null, pool: 'web' }],
});

/** Everything is as it should be. `nowMs` is the wall clock. */
export function calmWorld(nowMs: number): DashboardWorld {
  const members = [
    ...SITES.map(([id]) => member('web', id)),
    ...SITES.slice(0, 3).map(([id]) => member('api', id)),
    member('cdn', 'ashburn', {
      state: 'unchecked',
      addresses: [],
      alias: 'example-test.cdn.example.net',
      families: [family(4, { seen: 'unchecked', seenWhy: null, votes: [] })],
    }),
  ];
  return worldOf(members, nowMs);
}

/** A night: a site that is down, one that was drained, one over its target, one that comes back, a prober that mistrusts itself. */
export function nightWorld(nowMs: number): DashboardWorld {
  const order: OverrideItem = {
    id: '01JD7',
    glob: 'site:johannesburg',
    action: 'drain',
    source: 'human',
    reason: 'new power supply, change 4711',
    author: 'ann',
    createdMs: nowMs - 1_860_000,
    expiresMs: nowMs + 5_340_000,
    members: ['web/johannesburg'],
    leftPercent: 0,
  };
  const { members: _, leftPercent: __, ...plain } = order;
  const members = calmWorld(nowMs).members.map((each): Member => {
    if (each.site === 'tokyo') return { ...each, state: 'down', isServing: false, families: [refused(4), refused(6)] };
    if (each.site === 'johannesburg') {
      const drained = { isUp: false, sharePermille: 0, reason: 'drained by ann: new power supply, change 4711 (seen up)' };
      return { ...each, state: 'drained', isServing: false, order: plain, families: [family(4, drained), family(6, drained)] };
    }
    if (each.id === 'web/sydney') {
      const coming = { sharePermille: 580, reason: 'recovering, 58 % of its weight', seenForMs: 34_000 };
      return { ...each, state: 'recovering', families: [family(4, coming), family(6, coming)] };
    }
    return each;
  });
  const world = worldOf(members, nowMs);
  const { serving, status } = world;
  for (const country of COUNTRIES['tokyo']!.split(' '))
    serving[country] = [
      ['sydney', 58.2],
      ['frankfurt', 41.8],
    ];
  for (const country of COUNTRIES['johannesburg']!.split(' ')) serving[country] = [['frankfurt', 100]];
  const sites = world.sites.map((site) => (site.id === 'saopaulo' ? { ...site, load: { ...site.load!, current: 8450 } } : site));
  const peers = status.peers.map((peer) => (peer.id === 'nrt-1' ? { ...peer, isWithdrawn: true } : peer));
  const says = (agoMs: number, kind: AdminEvent['kind'], level: AdminEvent['level'], text: string, up: boolean | null = null) =>
    ({
      id: `n-${nowMs - agoMs}`,
      atMs: nowMs - agoMs,
      kind,
      level,
      text,
      member: null,
      pool: null,
      site: null,
      change: null,
      isUp: up,
    }) as const;
  return {
    ...world,
    status: { ...status, peers },
    sites,
    objectives: objectivesAt(false),
    samples: samplesUntil(
      nowMs,
      sites.map(({ id }) => id),
      false,
    ),
    orders: [order],
    events: [
      says(34_000, 'health', 'info', 'web/sydney is up again: 3 of 3 vantage points in 3 regions', true),
      says(251_000, 'health', 'error', 'api/tokyo is down: 2 of 3 vantage points in 3 regions: refused', false),
      says(252_000, 'health', 'error', 'web/tokyo is down: 2 of 3 vantage points in 3 regions: refused', false),
      says(255_000, 'health', 'error', 'web/sydney is down: 3 of 3 vantage points in 3 regions: timeout', false),
      says(1_860_000, 'order', 'info', 'ann: drain site:johannesburg until 2 h later: new power supply, change 4711'),
      says(7_300_000, 'reload', 'info', 'configuration 2 loaded: 1 zone read, 3 kept'),
    ],
  };
}

function worldOf(members: readonly Member[], nowMs: number): DashboardWorld {
  const sites = SITES.map(([id, latitude, longitude, current]): Site => {
    const own = members.filter(({ site }) => site === id);
    return {
      id,
      latitude,
      longitude,
      pools: own.map((each) => each.pool),
      members: own.length,
      serving: own.filter(({ isServing }) => isServing).length,
      isServing: own.some(({ isServing }) => isServing),
      ordered: own.filter(({ order }) => order !== null).length,
      down: own.filter(({ state }) => state === 'down').length,
      capacity: CAPACITY,
      load: own.some(({ isServing }) => isServing) ? { current, ...CAPACITY, ageMs: 600 } : null,
      clientRtts: [],
      clients: [],
    };
  });
  const self = { id: 'ns1-b87c11fd', region: 'europe', roles: ['dns' as const, 'admin' as const], isWithdrawn: false };
  const probers = PROBERS.map(([id, region]) => ({ id, region, roles: ['probe' as const], isWithdrawn: false }));
  const has = (isSo: (each: Member) => boolean): number => members.filter(isSo).length;
  return {
    status: {
      version: '0.1.0',
      atMs: nowMs,
      pid: 4242,
      upSec: 266_400,
      self,
      endpoints: [{ address: '192.0.2.53', port: 53 }],
      workers: { alive: 8, wanted: 8 },
      generation: 2,
      zones: 4,
      cells: 79,
      readiness: { isReady: true, reasons: [] },
      mesh: { kind: 'redis', state: 'joined', ageMs: 40, ignored: 0, trouble: null },
      peers: [self, ...probers],
      aggregators: [],
      health: {
        concludedAgeMs: 120,
        members: members.length,
        serving: has(({ isServing }) => isServing),
        down: has(({ state }) => state === 'down'),
        unknown: 0,
        unchecked: has(({ state }) => state === 'unchecked'),
        ordered: has(({ order }) => order !== null),
      },
      overrides: { version: 3, inForce: 0 },
      change: null,
      safety: { leastSites: 2, leastCapacityPercent: 40, mostMovedPercent: 60 },
      counters: {},
    },
    sites,
    pools: [pool('web', members, 'site-check'), pool('api', members, 'api-check'), pool('cdn', members, null)],
    members: [...members],
    orders: [],
    policies: [policy('www-policy'), policy('api-policy')],
    serving: Object.fromEntries(
      Object.entries(COUNTRIES).flatMap(([site, codes]) => codes.split(' ').map((code) => [code, [[site, 100] as const]])),
    ) as DashboardWorld['serving'],
    events: [],
    objectives: objectivesAt(true),
    samples: samplesUntil(
      nowMs,
      sites.map(({ id }) => id),
      true,
    ),
    forecast: {
      sitesServing: { before: 6, after: 5 },
      capacityPercent: { before: 100, after: 83.3 },
      movedPercent: 16.7,
      broken: [],
      sites: SITES.map(([site], i) => ({ site, beforePercent: i === 0 ? 36 : 12.8, afterPercent: i === 0 ? 0 : 20, stays: [] })),
    },
  };
}

/** As the API lists who serves whom; whoever was served by the sites that are out goes to the last of those that are left. */
export const placesOf = ({ serving, sites: all }: DashboardWorld, without: readonly string[] = []): Place[] =>
  Object.entries(serving).map(([country, sites]) => ({
    id: country,
    continent: 'EU',
    latitude: 0,
    longitude: 0,
    sites: sites.map(([site, percent]) => ({
      site: without.includes(site) ? all.findLast(({ id }) => !without.includes(id))!.id : site,
      percent,
    })),
    lastResort: null,
  }));
