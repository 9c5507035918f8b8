// A checked listener at layer 7 to the settings of its front.

import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Endpoint } from '../model/endpoint.ts';
import {
  type HttpAccess,
  type HttpAction,
  type HttpFrontSettings,
  type HttpHeader,
  type HttpLate,
  type HttpRoute,
  type HttpStickiness,
  PLAIN_ROUTE,
} from '../model/site-http.ts';
import { readKeyHashes, readTokenKey } from './access-keys.ts';
import { readCookieSecrets } from './cookie-secrets.ts';
import type { HttpConfig, RouteConfig } from './site-http-schema.ts';
import { type Path, pathText, type YamlSource } from './yaml.ts';

/** What is needed to read the files that a listener names. */
export interface HttpSurroundings {
  readonly source: YamlSource;
  readonly path: Path;
  /** Relative to the directory of the configuration. */
  readonly absolute: (file: string) => string;
  readonly problems: Problem[];
  /** Under which the listener is known to all agents of the site: `site/listener`. */
  readonly name: string;
}

export function httpSettings({ address, port }: Endpoint, http: HttpConfig, around: HttpSurroundings): HttpFrontSettings {
  const { tls, limits, timeouts, keyPrefix } = http;
  const routes: readonly (readonly [RouteConfig | null, number])[] =
    http.service === undefined ? http.routes.map((route, i) => [route, i]) : [[null, 0]];
  return {
    address,
    port,
    tls: tls && {
      certificates: tls.certificates.map(({ certificate, key }) => ({
        certificateFile: around.absolute(certificate),
        keyFile: around.absolute(key),
      })),
      minVersion: tls.minVersion,
      http2: tls.http2,
    },
    routes: routes.map(([route, i]) => (route === null ? plainRoute(http.service!) : routeOf(route, i, around))),
    late: lateOf(http),
    forwarding: { trustedProxies: http.trustedProxies, xForwarded: http.xForwarded, forwarded: http.forwarded },
    cache: { size: http.cache.size, mostBodySize: http.cache.body },
    limits: {
      mostConnections: limits.connections,
      mostConnectionsPerClient: limits.connectionsPerClient,
      headSize: limits.head,
      mostHeaders: limits.headers,
      targetSize: limits.target,
      bodySize: limits.body,
      bodyPieceSize: limits.bodyPiece,
      mostRequestsPerConnection: limits.requestsPerConnection,
      mostStreams: limits.streams,
      mostResets: limits.resets,
    },
    timeouts: {
      headMs: timeouts.head,
      bodyIdleMs: timeouts.bodyIdle,
      connectMs: timeouts.connect,
      responseMs: timeouts.response,
      responseIdleMs: timeouts.responseIdle,
      wholeMs: timeouts.whole,
      keepAliveMs: timeouts.keepAlive,
      serverKeepAliveMs: timeouts.serverKeepAlive,
      tunnelIdleMs: timeouts.tunnelIdle,
    },
    keyPrefixV4: keyPrefix.v4,
    keyPrefixV6: keyPrefix.v6,
  };
}

function lateOf({ lateClients }: HttpConfig): HttpLate | null {
  if (lateClients === null) return null;
  const { redirect, service } = lateClients;
  if (redirect === undefined) return { kind: 'service', service: service! };
  return { kind: 'redirect', status: redirect.status as 307 | 308, location: redirect.location, isMarked: redirect.mark };
}

/** The short form: everything goes to one service. */
const plainRoute = (service: string): HttpRoute => ({ ...PLAIN_ROUTE, id: service, action: { kind: 'service', service } });

function routeOf(route: RouteConfig, index: number, around: HttpSurroundings): HttpRoute {
  const { match, rewrite, rateLimit, compression } = route;
  return {
    id: idOf(route, index),
    match: {
      hosts: match.hosts,
      paths: [
        ...match.paths.map((path) => ({ kind: 'exact', path }) as const),
        ...match.prefixes.map((path) => ({ kind: 'prefix', path }) as const),
      ],
      methods: match.methods,
      headers: pairs(match.headers),
      cookies: pairs(match.cookies),
    },
    action: actionOf(route),
    rewrite: {
      path: rewrite.path,
      host: rewrite.host,
      request: editsOf(rewrite.request),
      response: editsOf(rewrite.response),
    },
    bodySize: route.bodySize,
    retries: route.retries,
    stickiness: stickinessOf(route, index, around),
    rateLimit: rateLimit && {
      requests: rateLimit.requests,
      windowSec: Math.ceil(rateLimit.window / 1000),
      by: rateLimit.header === null ? { kind: 'client' } : { kind: 'header', name: rateLimit.header },
      shared: rateLimit.shared ? sharedName(route, index, around) : null,
    },
    access: accessOf(route, index, around),
    compression: compression && { encodings: compression.encodings, types: compression.types, leastSize: compression.least },
    cache: route.cache,
    upgrade: route.upgrade,
  };
}

const idOf = ({ name }: RouteConfig, index: number): string => name ?? `route-${index + 1}`;

const sharedName = (route: RouteConfig, index: number, { name }: HttpSurroundings): string => `${name}/${idOf(route, index)}`;

function actionOf({ service, redirect, respond }: RouteConfig): HttpAction {
  if (service !== undefined) return { kind: 'service', service };
  if (respond !== undefined) return { kind: 'respond', ...respond };
  const { status, location } = redirect!;
  return { kind: 'redirect', status: status as 301 | 302 | 303 | 307 | 308, location };
}

function stickinessOf(route: RouteConfig, index: number, around: HttpSurroundings): HttpStickiness | null {
  const { stickiness } = route;
  if (stickiness === null) return null;
  const { cookie, hashCookie, hashHeader, table } = stickiness;
  if (table !== undefined) {
    const by = table.cookie ?? table.header;
    return {
      kind: 'table',
      name: sharedName(route, index, around),
      by: by === undefined ? { kind: 'client' } : { kind: table.cookie === undefined ? 'header' : 'cookie', name: by },
      ttlMs: table.expiry,
      places: table.clients,
    };
  }
  if (hashCookie !== undefined) return { kind: 'hash-cookie', name: hashCookie };
  if (hashHeader !== undefined) return { kind: 'hash-header', name: hashHeader };
  const { name, secretFile, maxAge, secure, sameSite } = cookie!;
  const read = readCookieSecrets(around.absolute(secretFile));
  if (!read.ok) {
    const path = [...around.path, 'routes', index, 'stickiness', 'cookie', 'secretFile'];
    const message = `${pathText(path)} names ${around.absolute(secretFile)}: ${read.error[0]!.message}`;
    around.problems.push(around.source.problem(path, 'value', 'ERR_CONFIG_COOKIE_SECRET', message));
  }
  const maxAgeSec = maxAge === null ? null : Math.ceil(maxAge / 1000);
  return { kind: 'cookie', name, secrets: read.ok ? read.value : [], maxAgeSec, secure, sameSite };
}

function accessOf({ access }: RouteConfig, index: number, around: HttpSurroundings): HttpAccess | null {
  if (access === null) return null;
  const { apiKey, jwt } = access;
  /** What the file holds, or a complaint and `otherwise`. */
  const take = <V>(read: Result<V, string>, where: Path, file: string, otherwise: V): V => {
    if (read.ok) return read.value;
    const path = [...around.path, 'routes', index, 'access', ...where];
    const message = `${pathText(path)} names ${around.absolute(file)}, which ${read.error}`;
    around.problems.push(around.source.problem(path, 'value', 'ERR_CONFIG_ACCESS_KEY', message));
    return otherwise;
  };
  if (apiKey !== undefined) {
    const { header, keysFile } = apiKey;
    return {
      kind: 'api-key',
      header,
      hashes: take(readKeyHashes(around.absolute(keysFile)), ['apiKey', 'keysFile'], keysFile, []),
    };
  }
  const { algorithm, keyFile, issuer, audience, leeway } = jwt!;
  const key = take(readTokenKey(around.absolute(keyFile), algorithm), ['jwt', 'keyFile'], keyFile, new Uint8Array());
  return { kind: 'jwt', algorithm, key, issuer, audience, leewaySec: leeway / 1000 };
}

function editsOf(edits: RouteConfig['rewrite']['request']) {
  return { remove: edits.remove, set: pairs(edits.set) as HttpHeader[], add: pairs(edits.add) as HttpHeader[] };
}

const pairs = <V>(map: Readonly<Record<string, V>>): { readonly name: string; readonly value: V }[] =>
  Object.entries(map).map(([name, value]) => ({ name, value }));
