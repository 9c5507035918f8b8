// Everything that can be read without changing anything.

import { z } from 'zod';
import { pageOf } from './paging.ts';
import type { AdminPort } from './ports.ts';
import { orRefuse, refusal } from './problems.ts';
import type { App } from './route.ts';
import { auditList, overrideItem, overrideList } from './schemas/changes.ts';
import { id, page, problem } from './schemas/common.ts';
import { status } from './schemas/status.ts';
import { explainQuery, explanation, placeList, policy, policyList } from './schemas/steering.ts';
import { member, memberList, pool, poolList, probeList, site, siteList } from './schemas/world.ts';

const WRONG = { 400: problem, 401: problem, 403: problem, 429: problem };
const NO_SUCH = { ...WRONG, 404: problem };
const MOST_AUDIT = 1000;
/** Characters of the names of sites. */
const MOST_WITHOUT = 2000;

/** The item with this id, or a refusal. */
export function one<T extends { readonly id: string }>(items: readonly T[], wanted: string, noun: string): T {
  const found = items.find((item) => item.id === wanted);
  if (found === undefined) throw refusal('ERR_API_NOT_FOUND', `there is no ${noun} "${wanted}"`);
  return found;
}

export function addReads(app: App, port: AdminPort): void {
  addWorld(app, port);
  addSteering(app, port);

  app.get(
    '/v1/overrides',
    { schema: { tags: ['orders'], summary: 'Orders in force', querystring: page, response: { 200: overrideList, ...WRONG } } },
    async ({ query }, reply) => {
      const { version, items } = await port.overrides();
      void reply.header('etag', `"${version}"`);
      return { ...pageOf(items, query), version };
    },
  );
  app.get(
    '/v1/overrides/:id',
    {
      schema: {
        tags: ['orders'],
        summary: 'One of them',
        params: z.strictObject({ id: id('Id of the order') }),
        response: { 200: overrideItem, ...NO_SUCH },
      },
    },
    async ({ params }, reply) => {
      const { version, items } = await port.overrides();
      void reply.header('etag', `"${version}"`);
      return one(items, params.id, 'order');
    },
  );
  app.get(
    '/v1/audit',
    {
      schema: {
        tags: ['orders'],
        summary: 'Who changed what, the newest first',
        querystring: z.strictObject({
          before: z.coerce.number().int().min(1).optional().describe('Only entries with a lower seq'),
          limit: z.coerce.number().int().min(1).max(MOST_AUDIT).default(100),
        }),
        response: { 200: auditList, ...WRONG },
      },
    },
    async ({ query: { before, limit } }) => {
      const items = await port.audit(before ?? null, limit);
      const last = items.at(-1)?.seq ?? 1;
      return { items: [...items], next: items.length === limit && last > 1 ? last : null };
    },
  );
}

function addWorld(app: App, port: AdminPort): void {
  const tags = ['world'];
  const byId = z.strictObject({ id: id('Its name') });
  app.get(
    '/v1/status',
    { schema: { tags: ['status'], summary: 'The server at a glance', response: { 200: status, ...WRONG } } },
    async () => port.status(),
  );
  app.get(
    '/v1/sites',
    { schema: { tags, summary: 'Sites', querystring: page, response: { 200: siteList, ...WRONG } } },
    async ({ query }) => pageOf(await port.sites(), query),
  );
  app.get(
    '/v1/sites/:id',
    { schema: { tags, summary: 'A site', params: byId, response: { 200: site, ...NO_SUCH } } },
    async ({ params }) => one(await port.sites(), params.id, 'site'),
  );
  app.get(
    '/v1/pools',
    { schema: { tags, summary: 'Pools', querystring: page, response: { 200: poolList, ...WRONG } } },
    async ({ query }) => pageOf(await port.pools(), query),
  );
  app.get(
    '/v1/pools/:id',
    { schema: { tags, summary: 'A pool', params: byId, response: { 200: pool, ...NO_SUCH } } },
    async ({ params }) => one(await port.pools(), params.id, 'pool'),
  );
  const memberQuery = page.extend({
    pool: id('Only of this pool').optional(),
    site: id('Only at this site').optional(),
    state: member.shape.state.optional().describe('Only in this state'),
  });
  app.get(
    '/v1/members',
    {
      schema: {
        tags,
        summary: 'Members: forced and real state, and who sees what',
        querystring: memberQuery,
        response: { 200: memberList, ...WRONG },
      },
    },
    async ({ query }) => {
      const { pool: ofPool, site: atSite, state } = query;
      const wanted = (await port.members()).filter((item) => {
        return (ofPool ?? item.pool) === item.pool && (atSite ?? item.site) === item.site && (state ?? item.state) === item.state;
      });
      return pageOf(wanted, query);
    },
  );
  app.get(
    '/v1/members/:pool/:name',
    {
      schema: {
        tags,
        summary: 'A member',
        params: z.strictObject({ pool: id('Its pool'), name: id('Its name in the pool') }),
        response: { 200: member, ...NO_SUCH },
      },
    },
    async ({ params }) => one(await port.members(), `${params.pool}/${params.name}`, 'member'),
  );
  app.get(
    '/v1/probes',
    { schema: { tags, summary: 'Checks', querystring: page, response: { 200: probeList, ...WRONG } } },
    async ({ query }) => pageOf(await port.probes(), query),
  );
}

function addSteering(app: App, port: AdminPort): void {
  const tags = ['steering'];
  const byId = z.strictObject({ id: id('Its name') });
  app.get(
    '/v1/policies',
    { schema: { tags, summary: 'Policies', querystring: page, response: { 200: policyList, ...WRONG } } },
    async ({ query }) => pageOf(await port.policies(), query),
  );
  app.get(
    '/v1/policies/:id',
    { schema: { tags, summary: 'A policy', params: byId, response: { 200: policy, ...NO_SUCH } } },
    async ({ params }) => one(await port.policies(), params.id, 'policy'),
  );
  app.get(
    '/v1/policies/:id/places',
    {
      schema: {
        tags,
        summary: 'Which sites serve which country now',
        params: byId,
        querystring: page.extend({
          family: z.enum(['4', '6']).default('4').describe('IP version'),
          without: z
            .string()
            .min(1)
            .max(MOST_WITHOUT)
            .optional()
            .describe('As if these sites were out of service: names with commas between. Needs the role operator'),
        }),
        response: { 200: placeList, ...NO_SUCH, 409: problem },
      },
    },
    async ({ params, query, caller }) => {
      // Steering is built for each such question: more than a viewer should cost the server.
      if (query.without !== undefined && caller!.role === 'viewer')
        throw refusal('ERR_API_ROLE', `"without" needs the role operator, ${caller!.name} has the role viewer`);
      const places = await port.places(params.id, query.family === '4' ? 4 : 6, query.without?.split(',') ?? []);
      if (places === undefined) throw refusal('ERR_API_NOT_FOUND', `there is no policy "${params.id}"`);
      return pageOf(orRefuse(places), query);
    },
  );
  app.get(
    '/v1/explain',
    {
      schema: {
        tags,
        summary: 'Why a client gets its answer',
        querystring: explainQuery,
        response: { 200: explanation, ...WRONG, 409: problem },
      },
    },
    async ({ query }) => orRefuse(await port.explain(query)),
  );
}
