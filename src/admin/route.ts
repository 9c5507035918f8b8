// What routes are made with: the application with types from schemas, who calls and in which role, what a process gives its API.

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Logger } from '../base/logger.ts';
import type { AccessSettings, Caller, RouteRole } from './access.ts';
import type { Exposition } from './exposition.ts';
import type { Guesses } from './guesses.ts';
import type { Idempotency } from './idempotency.ts';
import type { Listeners } from './listeners.ts';
import type { Actor, AdminPort } from './ports.ts';
import type { StaticFiles } from './static.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call it. */
    readonly role?: RouteRole;
  }
  interface FastifyRequest {
    /** Who does; set before any handler of a route that is not public. */
    caller: Caller | null;
  }
}

export interface AppOptions {
  readonly port: AdminPort;
  readonly log: Logger;
  readonly version: string;
  /** The address that is listened on. */
  readonly address: string;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
  readonly access: () => AccessSettings;
  readonly requestsPerSecond: number;
  /** The dashboard; without it there is none. */
  readonly files?: StaticFiles;
  /** What the addresses of one process share. */
  readonly guesses: Guesses;
  readonly idempotency: Idempotency;
  readonly exposition: () => Promise<Exposition>;
  readonly listeners: Listeners;
  /** How long a client may take nothing of a reply; else a constant. */
  readonly unreadTimeoutMs?: number;
}

export const typed = (app: FastifyInstance) => app.withTypeProvider<ZodTypeProvider>();
export type App = ReturnType<typeof typed>;

/** Who asks for a change, for the audit; `request` is of a route that is not public. */
export const actorOf = ({ caller, id }: { readonly caller: Caller | null; readonly id: string }): Actor => ({
  name: caller!.name,
  requestId: id,
});
