// The dashboard's files, served from memory. Invariant: they are read once, at the start, into a fixed map; a path that a client
// sends is looked up in this map and never reaches the file system.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import type {} from '@fastify/swagger'; // `hide`: kept out of the OpenAPI document
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SECURITY_HEADERS } from './headers.ts';

interface StaticFile {
  readonly body: Buffer;
  /** Null where packing gains nothing. Packed for the first who takes it so: 15 ms that no start waits for. */
  readonly gzip: Buffer | null;
  readonly type: string;
  /** Strong validators (RFC 9110, section 8.8.3): one for each form. */
  readonly etag: string;
  readonly gzipEtag: string;
  readonly cacheControl: string;
}

/** By path, `/assets/index-B8x.js`; `/` is the page. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/plain; charset=utf-8',
};

/** Names of files below this path are made of their content: they never change. */
const HASHED = '/assets/';
const FOREVER = 'public, max-age=31536000, immutable';
/** Asked for each time, and not sent again while it is the same. */
const REVALIDATE = 'no-cache';
/** Smaller than this packing saves no packet. */
const LEAST_PACKED_SIZE = 1024;

/** Reads what the build left in `folder`; an empty map if there is no such folder. Throws if a file cannot be read. */
export function readStaticFiles(folder: string): StaticFiles {
  const files = new Map<string, StaticFile>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    files.set(path === '/index.html' ? '/' : path, describe(readFileSync(file), type, path));
  }
  return files;
}

function describe(body: Buffer, type: string, path: string): StaticFile {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  let packed: Buffer | null = null;
  return {
    body,
    get gzip() {
      if (body.length >= LEAST_PACKED_SIZE) packed ??= gzipSync(body, { level: 9 });
      return packed;
    },
    type,
    etag: `"${hash}"`,
    gzipEtag: `"${hash}.gz"`,
    cacheControl: path.startsWith(HASHED) ? FOREVER : REVALIDATE,
  };
}

/** Asks for no token: the files hold no data. */
const FREE = { schema: { hide: true }, config: { role: 'public' } } as const;

/** Adds a route for each file, GET and HEAD. Everything else stays with the other routes of `app`. */
export function registerStatic(app: FastifyInstance, files: StaticFiles): void {
  for (const [path, file] of files) {
    app.get(path, FREE, (request, reply) => send(file, request, reply));
  }
  if (!files.has('/')) {
    app.get('/', FREE, (_, reply) =>
      reply.code(404).headers(SECURITY_HEADERS).type('text/plain').send('The dashboard has not been built (npm run build).\n'),
    );
  }
}

function send(file: StaticFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isPacked = acceptsGzip(request.headers['accept-encoding']) && file.gzip !== null;
  const etag = isPacked ? file.gzipEtag : file.etag;
  void reply.headers(SECURITY_HEADERS).headers({ etag, 'cache-control': file.cacheControl, vary: 'accept-encoding' });
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send();
  void reply.type(file.type);
  if (isPacked) void reply.header('content-encoding', 'gzip');
  return reply.send(isPacked ? file.gzip : file.body);
}

/** Whether gzip is named and not refused by `q=0` (RFC 9110, section 12.5.3). */
const acceptsGzip = (header: string | undefined): boolean =>
  header !== undefined && /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?\s*(?:,|$)/i.test(header);

/** A list of validators, or `*`; weak ones match too (RFC 9110, section 13.1.2). */
const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined && (header.trim() === '*' || header.split(',').some((each) => each.trim().replace(/^W\//, '') === etag));
