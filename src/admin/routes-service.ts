// What machines ask first: whether the process lives and serves, its metrics, and what the API is.

import { z } from 'zod';
import { READER_STYLE, readerPage } from './reader.ts';
import type { App, AppOptions } from './route.ts';
import { session } from './schemas/status.ts';

const health = z.object({ status: z.enum(['ok', 'unready']), reasons: z.array(z.string()) }).meta({ id: 'Readiness' });
const HOUR = 'max-age=3600';

export type ApiDocument = Parameters<typeof readerPage>[0];
export type Describe = () => Promise<ApiDocument>;

export function addService(app: App, { port, exposition }: AppOptions, describe: Describe): void {
  const tags = ['service'];
  app.get('/healthz', { schema: { tags, summary: 'The process lives', response: { 200: health } } }, () => ({
    status: 'ok' as const,
    reasons: [],
  }));
  app.get(
    '/readyz',
    { schema: { tags, summary: 'The process serves', response: { 200: health, 503: health } } },
    async (_, reply) => {
      const { isReady, reasons } = (await port.status()).readiness;
      return reply.status(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'unready', reasons });
    },
  );
  app.get(
    '/metrics',
    {
      schema: {
        tags,
        summary: 'Counters and gauges as Prometheus text',
        response: { 200: z.string() },
        produces: ['text/plain'],
      },
    },
    async (_, reply) => {
      const metrics = await exposition();
      const text = await metrics.text(await port.sample());
      return reply.type(metrics.contentType).serializer(String).send(text);
    },
  );
  app.get('/openapi.json', { schema: { hide: true } }, async (_, reply) =>
    reply.type('application/json').send(JSON.stringify(await describe())),
  );
  app.get('/api', { schema: { hide: true } }, async (_, reply) =>
    reply.type('text/html; charset=utf-8').send(readerPage(await describe())),
  );
  app.get('/api.css', { schema: { hide: true }, config: { role: 'public' } }, async (_, reply) =>
    reply.type('text/css').header('cache-control', HOUR).send(READER_STYLE),
  );
  app.get(
    '/v1/session',
    { schema: { tags: ['status'], summary: 'Who asks and what they may do', response: { 200: session } } },
    ({ caller }) => caller!,
  );
}
