// The real API and dashboard over a world of `dashboard-world.ts` in place of a process: for what only large installations show.
// Whatever one server alone can do is tested against the whole program.

import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/admin/app.ts';
import { EventRing } from '../../src/admin/event-ring.ts';
import { Exposition } from '../../src/admin/exposition.ts';
import { Guesses } from '../../src/admin/guesses.ts';
import { Idempotency } from '../../src/admin/idempotency.ts';
import type { AdminPort } from '../../src/admin/ports.ts';
import type { AdminEvent, Forecast, OrderRequest, OverrideItem } from '../../src/admin/schemas/changes.ts';
import type { RateSample } from '../../src/admin/schemas/watch.ts';
import { readStaticFiles } from '../../src/admin/static.ts';
import { systemClock } from '../../src/base/clock.ts';
import { err, ok } from '../../src/base/result.ts';
import type { AdminRole, AdminToken } from '../../src/model/admin.ts';
import { RateHistory } from '../../src/watch/rates.ts';
import { type DashboardWorld, placesOf } from './dashboard-world.ts';
import { ROOT } from './paths.ts';
import { reservePort } from './reserved-port.ts';

export interface DashboardServer {
  readonly url: string;
  world: DashboardWorld;
  tokens: AdminToken[];
  /** Orders that were given, not only tried. */
  readonly given: OrderRequest[];
  tell(event: Omit<AdminEvent, 'id'>): void;
  /** The next sample of rates. */
  measure(sample: RateSample): void;
  /** Stops listening, and breaks off all connections. */
  goAway(): Promise<void>;
  /** Listens again, as another process that knows nothing of the first one's events. */
  comeBack(): Promise<void>;
  stop(): Promise<void>;
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export async function startDashboardServer(
  world: DashboardWorld,
  loopbackRole: Exclude<AdminRole, 'admin'> = 'operator',
): Promise<DashboardServer> {
  const state = { world, tokens: [] as AdminToken[], given: [] as OrderRequest[] };
  const files = readStaticFiles(`${ROOT}dist/dashboard`);
  let ring = new EventRing(Date.now());
  const rates = new RateHistory();
  const build = async (): Promise<FastifyInstance> => {
    ring = new EventRing(Date.now());
    for (const { id: _, ...event } of [...state.world.events].reverse()) ring.add(event);
    const exposition = new Exposition();
    return buildApp({
      port: portOf(state, ring, rates),
      log: quiet,
      version: state.world.status.version,
      address: '127.0.0.1',
      tls: null,
      access: () => ({ tokens: state.tokens, loopbackRole, hosts: [] }),
      requestsPerSecond: 1000,
      files,
      guesses: new Guesses(systemClock),
      idempotency: await Idempotency.open(null, quiet),
      exposition: () => Promise.resolve(exposition),
      listeners: { count: 0 },
    });
  };
  let app = await build();
  // The page comes back to the same port, which nobody else may get meanwhile.
  const { port, release } = await reservePort();
  const url = await app.listen({ host: '127.0.0.1', port });
  return Object.assign(state, {
    url,
    tell: (event: Omit<AdminEvent, 'id'>) => ring.add(event),
    measure: (sample: RateSample) => {
      state.world.samples.push(sample);
      rates.push(sample);
    },
    goAway: async () => {
      await app.close();
    },
    comeBack: async () => {
      app = await build();
      await app.listen({ host: '127.0.0.1', port });
    },
    stop: async () => {
      await app.close();
      await release();
    },
  });
}

function portOf(state: { world: DashboardWorld; given: OrderRequest[] }, events: EventRing, news: RateHistory): AdminPort {
  const refuse = (): never => {
    throw new Error('not a part of this world');
  };
  const broken = (breakGlass: boolean): Forecast['broken'] => (breakGlass ? [] : state.world.forecast.broken);
  return {
    status: () => ({ ...state.world.status, atMs: Date.now() }),
    sites: () => state.world.sites,
    pools: () => state.world.pools,
    members: () => state.world.members,
    policies: () => state.world.policies,
    places: (id, _, without) =>
      state.world.policies.some((policy) => policy.id === id) ? ok(placesOf(state.world, without)) : undefined,
    probes: () => [],
    zones: () => [],
    zoneText: () => undefined,
    zoneFile: refuse,
    putZone: refuse,
    explain: refuse,
    overrides: () => ({ version: state.world.status.overrides.version, items: state.world.orders }),
    order: async (request) => {
      const { what: glob, forSec, dryRun } = request;
      const rule = broken(request.breakGlass)[0];
      if (!dryRun && rule !== undefined) return err({ severity: 'error', code: 'ERR_SAFETY', message: rule.message });
      if (!dryRun) state.given.push(request);
      const createdMs = Date.now();
      const order: OverrideItem = {
        ...{ id: `order-${createdMs}`, glob, action: request.action, source: 'human', reason: request.reason },
        ...{ author: request.author, createdMs, expiresMs: forSec === null ? null : createdMs + forSec * 1000 },
        members: state.world.members.filter(({ site }) => glob === `site:${site}`).map(({ id }) => id),
        leftPercent: request.action === 'drain' ? 100 : null,
      };
      return ok({ isDone: !dryRun, order, members: order.members, forecast: state.world.forecast, version: 3 });
    },
    recall: refuse,
    reload: refuse,
    staged: () => null,
    decide: refuse,
    purge: refuse,
    audit: refuse,
    events,
    sample: refuse,
    watch: {
      alerts: () => ({ active: [], silences: [], receivers: [] }),
      silence: refuse,
      endSilence: refuse,
      objectives: () => state.world.objectives,
      rates: {
        get samples() {
          return state.world.samples;
        },
        subscribe: (listen) => news.subscribe(listen),
      },
    },
  };
}
