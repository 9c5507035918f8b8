// Events as they happen (server-sent events, HTML Standard section 9.2), or the latest ones as a list. Who comes back with
// Last-Event-ID misses nothing that is still kept, and is told (event `reset`) if something is not.

import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Logger } from '../base/logger.ts';
import { SECURITY_HEADERS } from './headers.ts';
import type { Listeners } from './listeners.ts';
import type { AdminPort } from './ports.ts';
import { refusal } from './problems.ts';
import type { App } from './route.ts';
import { type AdminEvent, eventList } from './schemas/changes.ts';
import { problem } from './schemas/common.ts';

const MOST_LISTENERS = 64;
/** Shorter than what proxies commonly wait for. */
const SIGN_OF_LIFE_MS = 15_000;
/** What may wait for a listener who does not read, beside what the system keeps for it: an hour of rates, some thousand events. */
export const MOST_UNREAD_SIZE: number = 1024 * 1024;
const RECONNECT_MS = 3000;
const MOST_ITEMS = 1000;

const query = z.strictObject({
  after: z.string().max(64).optional().describe('Like Last-Event-ID, for those who cannot send it'),
  rates: z
    .stringbool()
    .default(false)
    .describe('With a stream: also the event `rates` every two seconds, answers a second as in /v1/rates; it has no id'),
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(100).describe('Of the list'),
});

export function addEvents(app: App, port: AdminPort, listeners: Listeners, log: Logger): void {
  const { events } = port;
  app.get(
    '/v1/events',
    {
      schema: {
        tags: ['events'],
        summary: 'Events as they happen with Accept: text/event-stream, else the latest as a list',
        querystring: query,
        response: { 200: eventList, 400: problem, 401: problem, 403: problem, 429: problem },
      },
    },
    async (request, reply) => {
      // A stream without a body would have no end.
      if (request.method === 'HEAD' || !(request.headers.accept ?? '').includes('text/event-stream')) {
        const all = events.recent(MOST_ITEMS);
        return { items: all.slice(0, request.query.limit), total: all.length };
      }
      if (listeners.count >= MOST_LISTENERS) {
        throw refusal('ERR_API_LIMIT', `at most ${MOST_LISTENERS} clients listen to events at a time`);
      }
      const last = request.headers['last-event-id'];
      const { after, rates } = request.query;
      const wanted = { after: typeof last === 'string' ? last : after, rates, requestId: request.id };
      stream(reply, port, wanted, listeners, () =>
        log.info(
          { requestId: request.id, client: request.ip, mostUnreadSize: MOST_UNREAD_SIZE },
          'a listener to events does not read and is cut off',
        ),
      );
      return reply;
    },
  );
}

interface Wanted {
  /** Id of the event behind which to go on. */
  readonly after: string | undefined;
  readonly rates: boolean;
  readonly requestId: string;
}

function stream(
  reply: FastifyReply,
  { events, watch }: AdminPort,
  { after, rates, requestId }: Wanted,
  listeners: Listeners,
  onCutOff: () => void,
): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...SECURITY_HEADERS,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-request-id': requestId,
  });
  const missed = after === undefined ? [] : events.since(after);
  raw.write(`retry: ${RECONNECT_MS}\n\n`);
  if (missed === undefined) raw.write('event: reset\ndata: {}\n\n');
  for (const event of missed ?? []) raw.write(textOf(event));
  listeners.count++;
  const write = (text: string): void => {
    if (raw.destroyed) return; // it is told a moment later
    if (raw.writableLength + text.length <= MOST_UNREAD_SIZE) raw.write(text);
    else {
      onCutOff();
      raw.destroy();
    }
  };
  const ends = [events.subscribe((event) => write(textOf(event)))];
  if (rates) ends.push(watch.rates.subscribe((sample) => write(`event: rates\ndata: ${JSON.stringify(sample)}\n\n`)));
  const timer = setInterval(() => write(': alive\n\n'), SIGN_OF_LIFE_MS);
  raw.on('error', () => raw.destroy());
  raw.once('close', () => {
    clearInterval(timer);
    for (const end of ends) end();
    listeners.count--;
  });
}

const textOf = (event: AdminEvent): string => `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
