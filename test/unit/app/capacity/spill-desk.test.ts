// The spill step in running servers: two of them and the agents of three sites on one mesh in memory, on a clock that the test moves.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CapacityBook } from '../../../../src/app/capacity/capacity-book.ts';
import { SpillDesk } from '../../../../src/app/capacity/spill-desk.ts';
import { SpillMemory } from '../../../../src/app/capacity/spill-memory.ts';
import { load } from '../../../../src/app/loading/load.ts';
import { HealthBook } from '../../../../src/health/book.ts';
import { VoteTable } from '../../../../src/health/votes.ts';
import { MemoryHub } from '../../../../src/mesh/memory-hub.ts';
import { MemoryMesh } from '../../../../src/mesh/memory-mesh.ts';
import { askedRow, makeAsked } from '../../../../src/metrics/asked.ts';
import type { AgentReport } from '../../../../src/model/capacity.ts';
import { DEFAULT_HEALTH } from '../../../../src/model/health.ts';
import type { SpillLimits } from '../../../../src/steering/spill-limits.ts';
import { CAPACITY_CONFIG, CAPACITY_ZONE } from '../../../support/crowd.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';
import { loadReport, peer, recordingLogger } from '../../../support/mesh.ts';
import { clientsAt, SpillWorld, withCapacity } from '../../../support/spill.ts';
import { modelOf, nearest } from '../../../support/steering.ts';

const directory = mkdtempSync(join(tmpdir(), 'meridian-desk-'));
writeFileSync(join(directory, 'meridian.yaml'), CAPACITY_CONFIG());
writeFileSync(join(directory, 'crowd.test.zone'), CAPACITY_ZONE);
const loaded = load(join(directory, 'meridian.yaml')).loaded!;
const { steering: model } = loaded.snapshot;
const SLOTS = loaded.geography.table.decided[0]!.length;
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

const facts = new HealthBook(model, [], DEFAULT_HEALTH, new VoteTable(), null).conclude(1000);

/** More classes than a slice has. */
function largeWorld() {
  const policies = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`p${i}`, { spill: { priority: 5, maxExtraKm: 20_100 }, root: nearest(0) }]),
  );
  const pools = { a: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }] } as const;
  const places = Array.from({ length: 60 }, (_, i) => clientsAt('london', 'GB', i * 5));
  const world = new SpillWorld(withCapacity(modelOf(pools, policies), { london: 100, frankfurt: 100, newyork: 100 }), places);
  const snapshot = { ...loaded.snapshot, steering: world.model };
  return {
    loaded: { ...loaded, snapshot, geography: { ...loaded.geography, table: world.table } },
    facts: new HealthBook(world.model, [], DEFAULT_HEALTH, new VoteTable(), null).conclude(1000),
    items: world.map.itemCount,
    slots: world.table.decided.reduce((sum, { length }) => sum + length, 0),
  };
}

/** The server with a counter of so many classes. */
function counting(server: Server, slots: number): Server {
  const asked = makeAsked(1, slots);
  server.desk.count(asked, slots);
  return { ...server, asked: askedRow(asked, 0, slots) };
}

interface Server {
  readonly desk: SpillDesk;
  readonly asked: Int32Array;
  limits: SpillLimits | undefined;
}

async function stage(t: ExecutionContext, stateDirectory = mkdtempSync(join(directory, 'state-'))) {
  const clock = new ManualClock();
  const timers = new ManualTimers(t);
  const log = recordingLogger();
  const hub = new MemoryHub({ clock, logger: log, stateDirectory: null });
  const agents = new MemoryMesh(hub, peer('agents', { roles: ['site'] }), clock, log);
  await agents.start({});
  let seq = 0;
  const serve = async (id: string): Promise<Server> => {
    const mesh = new MemoryMesh(hub, peer(id, { roles: ['dns'] }), clock, log);
    const book = new CapacityBook(mesh, id);
    await mesh.start(book.events);
    const memory = new SpillMemory(join(stateDirectory, id), clock, log);
    await memory.load(mesh.nowMs());
    const asked = makeAsked(1, SLOTS);
    const server: Server = {
      desk: new SpillDesk({ book, clock, log, memory, onLimits: (limits) => (server.limits = limits) }, facts),
      asked: askedRow(asked, 0, SLOTS),
      limits: undefined,
    };
    server.limits = server.desk.adopt(loaded, facts);
    server.desk.count(asked, SLOTS);
    server.desk.start();
    return server;
  };
  /** A while in which `reports` come once a second, and each server is asked 50 times. */
  const pass = async (seconds: number, servers: readonly Server[], reports: readonly Partial<AgentReport>[]): Promise<void> => {
    for (let at = 0; at < seconds * 10; at++) {
      if (at % 10 === 0) {
        seq++;
        for (const more of reports) agents.reportLoad(loadReport(`at ${more.site}`, seq, more));
        for (const { asked } of servers) asked[0]! += 50;
      }
      clock.advance(100);
      timers.advance(100);
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { serve, pass, stateDirectory, log };
}

const FULL_LONDON = [
  { site: 'london', current: 150 },
  { site: 'frankfurt', current: 0 },
  { site: 'newyork', current: 0 },
];
const LOADS = (amsterdam: number, berlin = 0): readonly Partial<AgentReport>[] => [
  { site: 'amsterdam', current: amsterdam },
  { site: 'berlin', current: berlin },
  { site: 'vienna', current: 0 },
];

/** Of what the first site would take of clients at an unknown place, 0..1. */
function taken({ limits }: Server): number {
  const admit = limits?.[0]?.get(0)?.get('www.failover[0].pool')?.get(0);
  return (admit ?? 65_536) / 65_536;
}

test.serial('what is above the target of a site is shed, by all servers alike, although only one made the step', async (t) => {
  const { serve, pass } = await stage(t);
  const [a, b] = [await serve('a'), await serve('b')];
  await pass(2, [a, b], LOADS(150));
  // answers are kept for a second: from then on sites carry what plans say
  for (let i = 0; i < 20; i++) await pass(1, [a, b], LOADS(150 * taken(a), 150 * (1 - taken(a))));
  t.true(Math.abs(taken(a) - 2 / 3) < 0.04, `${taken(a)}`);
  t.deepEqual(b.limits, a.limits);
  t.is(a.desk.view!.stepper, 'a');
  t.is(b.desk.view!.stepper, 'a');
  t.is(b.desk.view!.queries[0]![0], 100, 'queries a second of both');
  await Promise.all([a.desk.close(), b.desk.close()]);
});

test.serial('a server that leaves is replaced by the next one as who makes the steps', async (t) => {
  const { serve, pass } = await stage(t);
  const [a, b] = [await serve('a'), await serve('b')];
  await pass(4, [a, b], LOADS(150));
  await a.desk.close();
  const before = b.desk.view!.steppedMs;
  await pass(4, [b], LOADS(100, 50));
  t.true(b.desk.view!.steppedMs > before);
  t.is(b.desk.view!.stepper, 'b');
  t.true(taken(b) < 0.75);
  await b.desk.close();
});

test.serial('when agents fall silent the configured capacities count, and plans stay', async (t) => {
  const { serve, pass } = await stage(t);
  const a = await serve('a');
  await pass(5, [a], [{ site: 'amsterdam', current: 75, target: 50, max: 60 }, ...LOADS(0).slice(1)]);
  const { loads } = a.desk.view!;
  t.is(loads[0]!.source, 'agents');
  const shed = taken(a);
  t.true(shed < 0.75, `${shed}`);
  await pass(4, [a], []);
  t.is(a.desk.view!.loads[0]!.source, 'stale');
  await pass(8, [a], []);
  const { outlook, loads: later } = a.desk.view!;
  t.is(later[0]!.source, 'configured');
  t.is(outlook.target[outlook.state.map.rankOfSite[0]!], 100);
  t.true(taken(a) >= shed, 'nobody is sent away for want of a report');
  await a.desk.close();
});

test.serial('a report of ten times the load empties no site at once', async (t) => {
  const { serve, pass } = await stage(t);
  const a = await serve('a');
  await pass(5, [a], LOADS(90));
  await pass(2, [a], LOADS(900));
  t.true(taken(a) > 0.4, `${taken(a)}`);
  await a.desk.close();
});

test.serial('of a report in another unit nothing is believed, and it is told', async (t) => {
  const { serve, pass } = await stage(t);
  const a = await serve('a');
  await pass(
    4,
    [a],
    [
      { site: 'amsterdam', current: 900, unit: 'connections' },
      { site: 'nowhere', current: 900 },
    ],
  );
  t.is(taken(a), 1);
  t.like(a.desk.view!.loads[0], { source: 'configured', agents: 0, refused: 1, report: null });
  await a.desk.close();
});

test.serial('what agents sample of their clients reaches the step', async (t) => {
  const { serve, pass } = await stage(t);
  const a = await serve('a');
  const clients = [{ network: '192.0.2.0/24', parts: 128 }];
  await pass(
    4,
    [a],
    LOADS(90).map((load) => ({ ...load, clients: load.site === 'amsterdam' ? clients : [] })),
  );
  const sampled = Math.max(...a.desk.view!.outlook.state.sampled);
  t.true(Math.abs(sampled - 90) < 1, `${sampled}`);
  await a.desk.close();
});

test.serial('a server that starts anew makes its first plans as the last ones were', async (t) => {
  const one = await stage(t);
  const a = await one.serve('a');
  await one.pass(5, [a], LOADS(150));
  await a.desk.close();
  t.true(taken(a) < 0.7);
  const two = await stage(t, one.stateDirectory);
  const again = await two.serve('a');
  t.is(taken(again), taken(a));
  await again.desk.close();
});

test.serial(
  'a large world is mapped in slices after it was adopted, and until then plans are those without limits',
  async (t) => {
    const { serve, pass } = await stage(t);
    const a = await serve('a');
    const { loaded: large, facts: largeFacts, items, slots } = largeWorld();
    t.is(a.desk.adopt(large, largeFacts), undefined);
    t.is(a.desk.view, null, 'not mapped yet');
    for (let turn = 0; turn < 100 && a.desk.view === null; turn++) await new Promise((resolve) => setImmediate(resolve));
    t.is(a.desk.view?.outlook.state.map.itemCount, items);
    await pass(4, [counting(a, slots)], FULL_LONDON);
    t.truthy(a.limits, 'and steps are made');
    await a.desk.close();
  },
);

test.serial('a large world in which something spills has its limits as soon as it is adopted', async (t) => {
  const { serve, pass } = await stage(t);
  const a = await serve('a');
  const { loaded: large, facts: largeFacts, slots } = largeWorld();
  a.desk.adopt(large, largeFacts);
  await pass(4, [counting(a, slots)], FULL_LONDON);
  const limits = a.desk.adopt(large, largeFacts);
  t.deepEqual(limits, a.limits);
  t.truthy(limits);
  await a.desk.close();
});

test.serial('where no policy has a site with a capacity there is nothing to do', async (t) => {
  const { serve, pass } = await stage(t);
  const a = await serve('a');
  const sites = model.sites.map((site) => ({ ...site, capacity: null }));
  const without = { ...loaded, snapshot: { ...loaded.snapshot, steering: { ...model, sites } } };
  t.is(a.desk.adopt(without, facts), undefined);
  await pass(4, [a], LOADS(500));
  t.is(a.desk.view, null);
  await a.desk.close();
});
