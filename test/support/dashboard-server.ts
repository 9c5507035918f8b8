// Serves the built dashboard with a world of `dashboard-world.ts` behind it, over the same static files and schemas as the real
// server: for what only large installations show. Whatever the real server can do is tested against the real server.

import { type FastifyInstance, fastify } from 'fastify';
import type { z } from 'zod';
import type { AdminEvent } from '../../src/admin/schemas/changes.ts';
import * as changes from '../../src/admin/schemas/changes.ts';
import * as statusSchemas from '../../src/admin/schemas/status.ts';
import * as steering from '../../src/admin/schemas/steering.ts';
import * as worldSchemas from '../../src/admin/schemas/world.ts';
import { readStaticFiles, registerStatic } from '../../src/admin/static.ts';
import { type DashboardWorld, placesOf } from './dashboard-world.ts';
import { ROOT } from './paths.ts';

export interface DashboardServer {
  readonly url: string;
  world: DashboardWorld;
  /** Token that is asked for; empty = none. */
  token: string;
  role: 'viewer' | 'operator' | 'admin';
  /** Bodies of the changes that were asked for. */
  readonly changes: { readonly method: string; readonly path: string; readonly body: unknown }[];
  /** Sends an event to whoever listens. */
  tell(event: AdminEvent): void;
  /** Stops listening, and breaks off all connections. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

const listOf = <Item>(items: readonly Item[]) => ({ items, total: items.length, next: null });

export async function startDashboardServer(world: DashboardWorld): Promise<DashboardServer> {
  const listeners = new Set<(event: AdminEvent) => void>();
  const state = {
    world,
    token: '',
    role: 'operator' as DashboardServer['role'],
    changes: [] as DashboardServer['changes'][number][],
  };
  const files = readStaticFiles(`${ROOT}dist/dashboard`);
  let counted = 0;

  const build = (): FastifyInstance => {
    const app = fastify({ forceCloseConnections: true });
    registerStatic(app, files);
    const give = (path: string, schema: z.ZodType, get: () => unknown): void => {
      app.get(path, () => schema.parse(get()));
    };
    app.addHook('onRequest', async (request, reply) => {
      if (!request.url.startsWith('/v1/') || state.token === '') return;
      if (request.headers.authorization === `Bearer ${state.token}`) return;
      const detail = request.headers.authorization === undefined ? 'a token is needed' : 'this token is not known';
      return reply.code(401).send({ title: 'Unauthorized', status: 401, code: 'ERR_TOKEN', detail });
    });
    give('/v1/session', statusSchemas.session, () => ({ name: 'loopback', role: state.role, isOpen: state.token === '' }));
    give('/v1/status', statusSchemas.status, () => {
      counted++;
      const counters = Object.fromEntries(
        Object.entries({ NOERROR: 1840, NXDOMAIN: 210, REFUSED: 36, SERVFAIL: 4 }).map(([rcode, count]) => [
          `meridian_dns_replies_total{rcode="${rcode}"}`,
          count * counted * (1 + 0.2 * Math.sin(counted / 4)),
        ]),
      );
      return { ...state.world.status, atMs: Date.now(), counters };
    });
    give('/v1/sites', worldSchemas.siteList, () => listOf(state.world.sites));
    give('/v1/pools', worldSchemas.poolList, () => listOf(state.world.pools));
    give('/v1/members', worldSchemas.memberList, () => listOf(state.world.members));
    give('/v1/policies', steering.policyList, () => listOf(state.world.policies));
    give('/v1/overrides', changes.overrideList, () => ({ ...listOf(state.world.orders), version: 3 }));
    give('/v1/policies/:id/map', steering.placeList, () => listOf(placesOf(state.world)));
    app.get('/v1/events', (_, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      const send = (event: AdminEvent): void => {
        reply.raw.write(`id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(changes.event.parse(event))}\n\n`);
      };
      reply.raw.write(': hello\n\n');
      for (const event of [...state.world.events].reverse()) send(event);
      listeners.add(send);
      reply.raw.on('close', () => listeners.delete(send));
    });
    app.post('/v1/drain', async (request, reply) => {
      const asked = changes.drainRequest.parse(request.body);
      const { forecast } = state.world;
      if (!asked.dryRun) state.changes.push({ method: 'POST', path: '/v1/drain', body: request.body });
      if (!asked.dryRun && forecast.broken.length > 0 && !asked.breakGlass) {
        return reply.code(409).send({ title: 'Safety', status: 409, code: 'ERR_SAFETY', detail: forecast.broken[0]!.message });
      }
      const order = { ...asked, id: 'new', glob: asked.what, action: 'drain', source: 'human', author: asked.author ?? 'token' };
      const times = { createdMs: Date.now(), expiresMs: null };
      return reply
        .header('etag', '"3"')
        .send(
          changes.orderReply.parse({ isDone: !asked.dryRun, order: { ...order, ...times }, members: [], forecast, version: 3 }),
        );
    });
    return app;
  };

  let app = build();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return Object.assign(state, {
    url,
    tell: (event: AdminEvent) => {
      for (const listener of listeners) listener(event);
    },
    goAway: async () => {
      await app.close();
    },
    comeBack: async () => {
      app = build();
      await app.listen({ host: '127.0.0.1', port: Number(new URL(url).port) });
    },
  });
}
