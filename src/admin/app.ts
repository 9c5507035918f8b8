// The API at one address: fastify with the hooks that every request passes, and the routes. Each route says by its schema what it
// takes and gives (the OpenAPI document is made of these, when it is first asked for) and by its config which role it needs.

import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import type { ErrorCode } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { once } from '../base/once.ts';
import { Access } from './access.ts';
import { OUR_COMPILERS } from './compilers.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { type FieldProblem, problemBody, Refusal, refusal } from './problems.ts';
import type { AppOptions } from './route.ts';
import { addRoutes } from './routes.ts';

const MOST_BODY_OCTETS = 64 * 1024;
const MOST_HEADER_OCTETS = 16 * 1024;
const MOST_PARAM_LENGTH = 512;
const MOST_CONNECTIONS = 512;
/** A request must be whole after this time, and a handler done a while later: a reload of millions of records takes its time. */
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
/** A reply of which the client takes nothing for so long is dropped with its connection: a page of members may be 3 MB. */
const UNREAD_TIMEOUT_MS = 30_000;

/** Ready to listen or to be injected into. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { tls, address, access, guesses } = options;
  const server = { maxHeaderSize: MOST_HEADER_OCTETS };
  const common = {
    logger: false,
    bodyLimit: MOST_BODY_OCTETS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: MOST_PARAM_LENGTH },
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    return503OnClosing: true,
    frameworkErrors: sendBadPath,
    schemaController: { compilersFactory: OUR_COMPILERS },
  } as const;
  const app = (
    tls === null
      ? fastify({ ...common, http: server })
      : fastify({ ...common, https: { ...server, ...tls, minVersion: 'TLSv1.2' } })
  ) as FastifyInstance;
  app.server.maxConnections = MOST_CONNECTIONS;
  app.removeContentTypeParser('text/plain'); // what a page of another origin may send without being asked
  const parseJson = app.getDefaultJsonParser('error', 'error');
  // Some clients send the type with requests that have no body.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body === '') done(null, undefined);
    else void parseJson(request, body, done);
  });

  const gate = new Access(address, access, guesses);
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store', 'x-request-id': request.id });
    const { method, headers, ip } = request;
    request.caller = gate.admit({ method, headers, from: ip, role: request.routeOptions.config?.role ?? 'viewer' });
  });
  app.addHook('onSend', async ({ raw }) => {
    // Until the reply has left; the server's own timeouts follow.
    if (raw.socket instanceof Socket) raw.socket.setTimeout(options.unreadTimeoutMs ?? UNREAD_TIMEOUT_MS);
  });
  addRefusals(app, options.log);
  await app.register(rateLimit, {
    max: options.requestsPerSecond,
    timeWindow: 1000,
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    errorResponseBuilder: () =>
      refusal('ERR_API_LIMIT', `at most ${options.requestsPerSecond} requests a second from one address`),
  });
  const describe = once(async () => (await import('./openapi.ts')).describeApi(options));
  await app.register(async (scope) => addRoutes(scope, options, describe));
  await app.ready();
  return app;
}

/** A path that is no path reaches no route and no hook. */
function sendBadPath({ message }: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const refused = refusal('ERR_API_VALUE', `the path cannot be read: ${message}`);
  void reply
    .status(refused.statusCode)
    .headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store', 'x-request-id': request.id })
    .type('application/problem+json')
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problemBody(refused, request.id));
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'] as const;

/** Whatever fails ends here, in the one form of an error. */
function addRefusals(app: FastifyInstance, log: Logger): void {
  const routes: { readonly method: string; readonly shape: RegExp }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    const shape = new RegExp(
      `^${url
        .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
        .replace(/:[^/]+/g, '[^/]+')
        .replace(/\*$/, '.+')}$`,
    );
    for (const each of [method].flat()) routes.push({ method: each, shape });
  });
  app.setErrorHandler((error: FastifyError | Refusal, request, reply) => {
    const refused = asRefusal(error, request);
    if (refused.statusCode >= 500)
      log.error({ requestId: request.id, url: request.url, message: error.stack ?? error.message }, 'API request failed');
    else log.debug({ requestId: request.id, url: request.url, code: refused.code }, 'API request refused');
    return reply
      .status(refused.statusCode)
      .headers(refused.headers)
      .type('application/problem+json')
      .serializer((body: unknown) => JSON.stringify(body))
      .send(problemBody(refused, request.id));
  });
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0]!;
    const here = routes.filter(({ shape }) => shape.test(path));
    const allowed = METHODS.filter((each) => here.some(({ method }) => method === each));
    if (allowed.length === 0)
      throw refusal('ERR_API_NOT_FOUND', `there is nothing at ${path}; /openapi.json lists what there is`);
    throw refusal('ERR_API_METHOD', `${path} takes ${allowed.join(', ')}, found ${request.method}`, {
      headers: { allow: allowed.join(', ') },
    });
  });
}

/** Codes of fastify's own refusals. */
const OF_BODY: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: `the body may have at most ${MOST_BODY_OCTETS} octets, that of a zone 16 MiB`,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'the body must be application/json, that of a zone text/dns',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body must not be empty with Content-Type application/json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body must be JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body is not as long as Content-Length says',
};

function asRefusal(error: FastifyError | Refusal, request: FastifyRequest): Refusal {
  if (error instanceof Refusal) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const part = error.validationContext ?? 'body';
    const fields = error.validation.map(({ instancePath, message, params }): FieldProblem => {
      const keys = (params as { keys?: readonly string[] }).keys ?? [];
      const path = [part, ...instancePath.split('/').filter((step) => step !== ''), ...keys];
      return { field: path.join('.'), message: message ?? 'is wrong' };
    });
    const detail = fields.map(({ field, message }) => `${field}: ${message}`).join('; ');
    return refusal('ERR_API_VALUE', detail, { fields });
  }
  const ofBody = OF_BODY[error.code];
  if (ofBody !== undefined) return refusal('ERR_API_BODY', ofBody, { status: error.statusCode ?? 400 });
  // Prototype poisoning and the like: the parser says what it is.
  const status = error.statusCode ?? 500;
  if (!isResponseSerializationError(error) && status >= 400 && status < 500) {
    const code: ErrorCode = status === 404 ? 'ERR_API_NOT_FOUND' : 'ERR_API_BODY';
    return refusal(code, error.message, { status });
  }
  return refusal('ERR_INTERNAL', `a bug; the log of the server has more under request ${request.id}`);
}
