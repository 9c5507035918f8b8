// The API at all its addresses. What cannot listen is told and left out: DNS goes on without it.

import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { once } from '../base/once.ts';
import type { AdminSettings } from '../model/admin.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { NOTHING_PASSED, type PassedSocket } from '../model/passed-socket.ts';
import { buildApp } from './app.ts';
import { Guesses } from './guesses.ts';
import { Idempotency } from './idempotency.ts';
import type { AdminPort } from './ports.ts';
import { readStaticFiles } from './static.ts';

/** Where the build puts the dashboard, seen from dist/src/admin. */
const DASHBOARD = fileURLToPath(new URL('../../dashboard/', import.meta.url));

export interface AdminServerOptions {
  /** In force now: tokens, hosts and the role of loopback are read anew for each request. */
  readonly settings: () => AdminSettings;
  readonly port: AdminPort;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** What a predecessor listened on. */
  readonly passed?: PassedSocket;
  /** Where replies to requests with an Idempotency-Key are kept. */
  readonly stateDirectory: string;
}

export interface AdminServer {
  /** Those that are listened on. */
  readonly endpoints: readonly Endpoint[];
  /** ERR_API_LISTEN, one for each address that could not be listened on. */
  readonly problems: readonly Problem[];
  /** Reads the certificate again; connections that stand keep theirs. One that cannot be used is told, and the former stays. */
  renew(): void;
  close(): Promise<void>;
}

/** Listens on every address of the settings. Never rejects for what the system refuses. */
export async function openAdmin(options: AdminServerOptions): Promise<AdminServer> {
  const { settings, port, clock, log, version, stateDirectory, passed = NOTHING_PASSED } = options;
  const { listen, requestsPerSecond } = settings();
  // Code of a hundred files, which nobody needs before the first request for metrics. It is read once the API listens.
  const exposition = once(async () => new (await import('./exposition.ts')).Exposition());
  const idempotency = await Idempotency.open(stateDirectory, log);
  const shared = {
    guesses: new Guesses(clock),
    idempotency,
    exposition,
    listeners: { count: 0 },
    files: readStaticFiles(DASHBOARD),
  };
  const apps: FastifyInstance[] = [];
  const endpoints: Endpoint[] = [];
  const problems: Problem[] = [];
  for (const { address, port: number } of listen) {
    try {
      const tls = readTls(settings());
      const app = await buildApp({ port, log, version, address, tls, access: settings, requestsPerSecond, ...shared });
      const fd = passed(address, number);
      // Node listens on a descriptor where there is one.
      await app.listen({ host: address, port: number, ...(fd === undefined ? {} : { fd }) });
      apps.push(app);
      endpoints.push({ address, port: (app.server.address() as AddressInfo).port });
    } catch (error) {
      const { code, message: said } = error as NodeJS.ErrnoException;
      const reason =
        code === 'EADDRINUSE'
          ? `another program has the port; 'sudo ss -lntp sport = :${number}' names it; stop it, or change admin.listen`
          : said;
      const message = `the admin API cannot listen on ${address} port ${number}: ${reason}`;
      problems.push({ severity: 'error', code: 'ERR_API_LISTEN', message });
    }
  }
  if (apps.length > 0) setImmediate(() => exposition().catch(() => {})); // told to who asks
  return {
    endpoints,
    problems,
    renew: () => renew(apps, settings(), log),
    close: async () => {
      await Promise.all(apps.map((app) => app.close()));
      await idempotency.close();
    },
  };
}

/** Throws what the system says. */
function readTls({ tls }: AdminSettings): { readonly cert: Buffer; readonly key: Buffer } | null {
  return tls && { cert: readFileSync(tls.certificateFile), key: readFileSync(tls.keyFile) };
}

function renew(apps: readonly FastifyInstance[], settings: AdminSettings, log: Logger): void {
  try {
    const tls = readTls(settings);
    for (const { server } of apps) if (tls !== null && server instanceof TlsServer) server.setSecureContext(tls);
  } catch (error) {
    const message = `the certificate of the admin API cannot be renewed: ${(error as Error).message}; the one before stays in use`;
    log.error({ severity: 'error', code: 'ERR_API_LISTEN', message }, 'problem');
  }
}
