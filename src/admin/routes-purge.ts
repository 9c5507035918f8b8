// Taking responses out of the caches of a site's agents, in whatever process they are.

import { z } from 'zod';
import type { AdminPort } from './ports.ts';
import { orRefuse } from './problems.ts';
import { type App, actorOf } from './route.ts';
import { id, problem } from './schemas/common.ts';
import { purgeReply, purgeRequest } from './schemas/purge.ts';

export function addPurge(app: App, port: AdminPort): void {
  app.post(
    '/v1/sites/:site/purge',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['orders'],
        summary: 'Take responses out of the caches of a site',
        params: z.strictObject({ site: id('Of the configuration') }),
        body: purgeRequest,
        response: {
          200: purgeReply,
          400: problem,
          401: problem,
          403: problem,
          404: problem,
          409: problem,
          413: problem,
          415: problem,
          429: problem,
          500: problem,
          503: problem,
        },
      },
    },
    async (request) => {
      const { site } = request.params;
      return orRefuse(await port.purge({ site, pattern: request.body.pattern }, actorOf(request)));
    },
  );
}
