// All routes of the API: one list for the server that answers and for the document that describes them.

import type { FastifyInstance } from 'fastify';
import { type AppOptions, typed } from './route.ts';
import { addChanges } from './routes-change.ts';
import { addEvents } from './routes-events.ts';
import { addPurge } from './routes-purge.ts';
import { addReads } from './routes-read.ts';
import { addService, type Describe } from './routes-service.ts';
import { addWatch } from './routes-watch.ts';
import { addZones } from './routes-zones.ts';
import { registerStatic } from './static.ts';

/** `describe`: the OpenAPI document of all of them. */
export function addRoutes(scope: FastifyInstance, options: AppOptions, describe: Describe): void {
  const { port, idempotency, listeners, log, files } = options;
  const api = typed(scope);
  addService(api, options, describe);
  addReads(api, port);
  addChanges(api, port, idempotency);
  addPurge(api, port);
  addZones(api, port);
  addWatch(api, port.watch);
  addEvents(api, port, listeners, log);
  registerStatic(scope, files ?? new Map());
}
