// Everything that changes something: orders given and taken back, reloads. Each may be tried first (dryRun), be tied to the version
// of the orders that was read (If-Match), and be repeated without being done twice (Idempotency-Key).

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Caller } from './access.ts';
import type { Idempotency } from './idempotency.ts';
import type { AdminPort, ChangeTerms, RecallRequest } from './ports.ts';
import { orRefuse, refusal } from './problems.ts';
import { type App, actorOf } from './route.ts';
import {
  drainRequest,
  type OrderRequest,
  orderReply,
  orderRequest,
  recallReply,
  reloadReply,
  reloadRequest,
  undrainRequest,
} from './schemas/changes.ts';
import { id, problem } from './schemas/common.ts';
import { decision, staged } from './schemas/staged.ts';

const MAX_KEY_LENGTH = 128;
const WRONG = {
  400: problem,
  401: problem,
  403: problem,
  409: problem,
  412: problem,
  413: problem,
  415: problem,
  429: problem,
  500: problem,
  503: problem,
};

const headers = z.looseObject({
  'if-match': z
    .string()
    .regex(/^(\*|"\d{1,15}")$/, 'must be the ETag of /v1/overrides, such as "7", or *')
    .optional()
    .describe('Only if this is still the version of the orders'),
  'idempotency-key': z
    .string()
    .min(1)
    .max(MAX_KEY_LENGTH)
    .optional()
    .describe('The same request with the same key is done once, and answered alike'),
});

/** What of a request says who asks, and under which terms. */
interface Asker {
  readonly id: string;
  readonly caller: Caller | null;
  readonly headers: z.output<typeof headers>;
}

interface Header {
  header(name: string, value: string): unknown;
}

export function addChanges(app: App, port: AdminPort, idempotency: Idempotency): void {
  const tags = ['orders'];
  const config = { role: 'operator' } as const;
  repeatSafely(app, idempotency);

  app.post(
    '/v1/overrides',
    { config, schema: { tags, summary: 'Give an order', headers, body: orderRequest, response: { 200: orderReply, ...WRONG } } },
    (request, reply) => give(port, request.body, request, reply),
  );
  app.post(
    '/v1/drain',
    {
      config,
      schema: {
        tags,
        summary: 'Take out of service little by little',
        headers,
        body: drainRequest,
        response: { 200: orderReply, ...WRONG },
      },
    },
    (request, reply) => give(port, { ...request.body, action: 'drain' }, request, reply),
  );
  app.post(
    '/v1/undrain',
    {
      config,
      schema: {
        tags,
        summary: 'Put back what was drained',
        headers,
        body: undrainRequest,
        response: { 200: recallReply, ...WRONG, 404: problem },
      },
    },
    (request, reply) => takeBack(port, { ...request.body, action: 'drain', breakGlass: false }, request, reply),
  );
  app.delete(
    '/v1/overrides/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Take an order back',
        headers,
        params: z.strictObject({ id: id('Id of the order') }),
        querystring: z.strictObject({ dryRun: z.stringbool().default(false), breakGlass: z.stringbool().default(false) }),
        response: { 200: recallReply, ...WRONG, 404: problem },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const { items } = await port.overrides();
      if (!items.some((item) => item.id === params.id)) {
        throw refusal('ERR_API_NOT_FOUND', `there is no order "${params.id}" in force`);
      }
      return takeBack(port, { what: params.id, action: null, ...query }, request, reply);
    },
  );
  app.post(
    '/v1/reload',
    {
      config,
      schema: {
        tags: ['files'],
        summary: 'Read all files again',
        headers,
        body: reloadRequest.nullish(),
        response: { 200: reloadReply, 422: reloadReply, ...WRONG },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const terms = { dryRun: body?.dryRun ?? false, watchSec: body?.watchSec ?? 0, scope: body?.scope ?? 'server' } as const;
      const report = orRefuse(await port.reload(terms, actorOf(request)));
      return reply.status(report.isAccepted ? 200 : 422).send(report);
    },
  );
  app.get(
    '/v1/change',
    {
      schema: {
        tags: ['files'],
        summary: 'The change on trial, or the last one that was',
        response: {
          200: z.object({ change: staged.nullable() }).meta({ id: 'Change' }),
          401: problem,
          403: problem,
          429: problem,
        },
      },
    },
    async () => ({ change: await port.staged() }),
  );
  app.post(
    '/v1/change',
    {
      config,
      schema: {
        tags: ['files'],
        summary: 'End the trial of a change now: keep it, or take it back',
        headers,
        body: decision,
        response: { 200: staged, ...WRONG, 404: problem },
      },
    },
    async (request) => {
      const { action, breakGlass } = request.body;
      checkGlass(breakGlass, request);
      return orRefuse(await port.decide(action === 'keep', breakGlass, actorOf(request)));
    },
  );
}

async function give(port: AdminPort, body: OrderRequest, asker: Asker, reply: Header) {
  checkGlass(body.breakGlass, asker);
  const { caller } = asker;
  // A token is proof; what somebody says of themselves beside it is kept apart from it.
  const author = caller!.isOpen
    ? (body.author ?? caller!.name)
    : body.author === undefined
      ? caller!.name
      : `${body.author} (${caller!.name})`;
  return done(await port.order({ ...body, author }, termsOf(asker)), reply);
}

async function takeBack(port: AdminPort, recall: RecallRequest, asker: Asker, reply: Header) {
  checkGlass(recall.breakGlass, asker);
  return done(await port.recall(recall, termsOf(asker)), reply);
}

function done<T extends { readonly version: number }>(result: Result<T, Problem>, reply: Header): T {
  const value = orRefuse(result);
  void reply.header('etag', `"${value.version}"`);
  return value;
}

function checkGlass(breaksGlass: boolean, { caller }: Pick<Asker, 'caller'>): void {
  if (breaksGlass && caller!.role !== 'admin') {
    throw refusal('ERR_API_ROLE', `breakGlass needs the role admin, ${caller!.name} has the role ${caller!.role}`);
  }
}

function termsOf(asker: Asker): ChangeTerms {
  const ifMatch = asker.headers['if-match'];
  const ifVersion = ifMatch === undefined || ifMatch === '*' ? null : Number(ifMatch.slice(1, -1));
  return { actor: actorOf(asker), ifVersion };
}

/** Requests with an Idempotency-Key, of all routes that change something. */
function repeatSafely(app: App, idempotency: Idempotency): void {
  const keyOf = ({ method, caller, headers: sent }: FastifyRequest): string | undefined => {
    const key = sent['idempotency-key'];
    return method === 'GET' || method === 'HEAD' || typeof key !== 'string' || caller === null
      ? undefined
      : `${caller.name} ${key}`;
  };
  const begun = new WeakSet<FastifyRequest>();
  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    if (key === undefined) return;
    const { method, url, body, headers: sent } = request;
    const known = idempotency.begin(key, [method, url, JSON.stringify(body ?? null), String(sent['if-match'] ?? '')]);
    if (known === undefined) {
      begun.add(request);
      return;
    }
    await reply
      .status(known.status)
      .headers({ ...known.headers, 'idempotency-replayed': 'true' })
      .serializer(String)
      .send(known.body);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const key = keyOf(request);
    if (key === undefined || !begun.has(request)) return payload;
    const etag = reply.getHeader('etag');
    const type = String(reply.getHeader('content-type') ?? 'application/json');
    const kept = { 'content-type': type, ...(etag === undefined ? {} : { etag: String(etag) }) };
    await idempotency.end(key, { status: reply.statusCode, body: String(payload), headers: kept });
    return payload;
  });
}
